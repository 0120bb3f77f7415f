"""All routes of health, hung on one blueprint."""

from portal.blueprints.health import bp, review, wall

__all__ = ["bp", "review", "wall"]
