"""All routes of the catalogue, hung on one blueprint."""

from portal.blueprints.catalogue import bp, calendars, policies, products

__all__ = ["bp", "calendars", "policies", "products"]
