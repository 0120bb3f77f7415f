"""All routes of services, hung on one blueprint."""

from portal.blueprints.services import board, bp, bulk, confirming, editing, pages, prices

__all__ = ["board", "bp", "bulk", "confirming", "editing", "pages", "prices"]
