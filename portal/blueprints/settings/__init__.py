"""The business settings, for admins: one page each."""
