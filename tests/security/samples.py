"""What the walks over every route put into addresses and forms.

A new route argument needs a line in ARGUMENTS (by the argument's name), or in BY_RULE when the name alone does not
say what is meant there. A new form needs a line in FIELDS for what cannot be guessed from its inputs.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from portal import clock
from portal.db import transaction
from portal.domain import staff
from portal.domain.staff import User, queries, sign_in
from tests.factories import Cast, make_user

PASSWORD = "correct horse bottle"


@dataclass
class World:
    """A small portal with one of everything that an address can name. Extend it in `World.make`."""

    cast: Cast
    eve: User
    facts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def make(cls) -> "World":
        """Everybody has PASSWORD; Eve is the one about whom admins decide."""
        cast = Cast.assemble()
        eve = make_user(name="Eve Stone")
        with transaction():
            for user in (*cast.by_role().values(), eve):
                staff.change_password(user_id=user.id, password=PASSWORD, by=user.id, at=clock.now())
        return cls(cast, eve)

    def link_token(self) -> str:
        with transaction():
            return queries.token_of(staff.make_reset_link(user_id=self.eve.id, by=None, at=clock.now()))

    def other_session(self, actor: User | None) -> int:
        """Another browser of whoever asks."""
        owner = actor or self.eve
        with transaction():
            token = sign_in.open_session(user=owner, address="192.0.2.9", user_agent="", at=clock.now())
        found = queries.browser_of(token, at=clock.now())
        assert found is not None
        return found.session.id


Sample = Callable[[World, User | None], Any]

ARGUMENTS: dict[str, Sample] = {
    "delivery_id": lambda world, actor: 0,
    "filename": lambda world, actor: "favicon.svg",
    "notice_id": lambda world, actor: 0,  # nobody's: what is not yours does not exist
    "run_id": lambda world, actor: 0,
    "session_id": lambda world, actor: world.other_session(actor),
    "token": lambda world, actor: world.link_token(),
    "user_id": lambda world, actor: world.eve.id,
}

BY_RULE: dict[str, dict[str, Sample]] = {
    "/profile/second-step/<any(start, codes, remove):move>": {"move": lambda world, actor: "start"},
    "/users/<int:user_id>/<any(deactivate, reactivate, remove_second_step):move>": {
        "move": lambda world, actor: "deactivate"
    },
}

FIELDS: dict[str, str] = {
    "again": "violet lamp trout",
    "current": PASSWORD,
    "email": "new.person@msp.example",
    "name": "New Person",
    "password": "violet lamp trout",
}
"""What a form is filled in with, by the name of the input, where it shows nothing yet."""

INPUTS: dict[str, set[str]] = {
    "/profile/second-step/confirm": {"code"},
    "/theme": {"theme", "next"},
}
"""The inputs of a form that stands on a page of another address, or in some state only."""

CSRF_EXEMPT: set[str] = set()
"""Rules of routes that other machines call: they prove who they are by signature or token, not by a form."""
