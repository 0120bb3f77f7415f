"""All routes of signing in and of one's own account, hung on one blueprint."""

from portal.blueprints.auth import account, bp, login, profile

__all__ = ["account", "bp", "login", "profile"]
