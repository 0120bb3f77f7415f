"""All routes of clients, hung on one blueprint."""

from portal.blueprints.clients import bp, pages, people

__all__ = ["bp", "pages", "people"]
