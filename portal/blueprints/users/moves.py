"""What can be done to an account, with what it means: the pages and the routes read this table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal.domain import staff
from portal.domain.staff import User, second_step


@dataclass(frozen=True)
class Move:
    """`offered`: whether it makes sense for this account now."""

    title: str
    consequence: str
    verb: str
    done: str
    icon: str
    action: Callable[..., Any]
    offered: Callable[[User], bool]
    kind: str = "danger"


MOVES = {
    "deactivate": Move(
        "Deactivate {name}",
        "{name} is signed out everywhere and cannot sign in any more. What {name} did stays in the records.",
        "Deactivate the account",
        "{name} is deactivated.",
        "lock",
        staff.deactivate,
        lambda user: user.is_active,
    ),
    "reactivate": Move(
        "Reactivate {name}",
        "{name} can sign in again, with the password and the role of before.",
        "Reactivate the account",
        "{name} is active again.",
        "user-check",
        staff.reactivate,
        lambda user: not user.is_active,
        kind="primary",
    ),
    "remove_second_step": Move(
        "Turn off the second step of {name}",
        "The password alone signs {name} in, until it is set up again. Make sure that it is {name} who asks.",
        "Turn the second step off",
        "The second step of {name} is off.",
        "shield-check",
        second_step.remove,
        lambda user: user.has_totp,
    ),
}


def offered(user: User) -> dict[str, Move]:
    """The moves that make sense for this account now."""
    return {name: move for name, move in MOVES.items() if move.offered(user)}
