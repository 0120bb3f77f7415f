"""What happens when a term ends: its price, who may renew, the run, reminders, decisions, grace.

The verbs are found when they are asked for: the lifecycle reads the models and prices of this package, and the verbs
drive the lifecycle, so that neither could be whole before the other.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

# First: whoever comes in by this door finds the lifecycle whole.
import portal.domain.lifecycle  # noqa: F401

if TYPE_CHECKING:
    from portal.domain.renewals.deciding import (
        approve,
        approve_as_shown,
        deny,
        extend_grace,
        note,
        withdraw_denial,
    )
    from portal.domain.renewals.queries import eligibility, price
    from portal.domain.renewals.reminding import remind
    from portal.domain.renewals.running import run

__all__ = [
    "approve", "approve_as_shown", "deny", "eligibility", "extend_grace", "note", "price", "remind", "run",
    "withdraw_denial",
]  # fmt: skip

_HOMES = {
    "deciding": ("approve", "approve_as_shown", "deny", "extend_grace", "note", "withdraw_denial"),
    "queries": ("eligibility", "price"),
    "reminding": ("remind",),
    "running": ("run",),
}
_HOME_OF = {verb: home for home, verbs in _HOMES.items() for verb in verbs}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
