"""Price changes for many services at once."""
