"""The staff's accounts, for admins."""
