"""All routes of renewals, hung on one blueprint."""

from portal.blueprints.renewals import board, bp, bulk, deciding

__all__ = ["board", "bp", "bulk", "deciding"]
