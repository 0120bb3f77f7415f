"""Books of business taken in from another system."""
