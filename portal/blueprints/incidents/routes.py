"""All routes of incidents, hung on one blueprint."""

from portal.blueprints.incidents import board, bp, moves, pages

__all__ = ["board", "bp", "moves", "pages"]
