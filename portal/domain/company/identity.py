"""Who we are, as the installation was told: the name that stands on every document."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    name: str = "Our company"
    currency: str = "USD"
    locale: str = "en_US"


_identity = Identity()


def configure(identity: Identity) -> None:
    """Called once, when the app is made."""
    global _identity
    _identity = identity


def identity() -> Identity:
    return _identity
