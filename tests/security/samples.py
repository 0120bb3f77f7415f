"""What the walks over every route put into addresses and forms.

A new route argument needs a line in ARGUMENTS (by the argument's name), or in BY_RULE when the name alone does not
say what is meant there. A new form needs a line in FIELDS for what cannot be guessed from its inputs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.db import db, transaction
from portal.domain import staff
from portal.domain.billing.models import BillingRun, Invoice
from portal.domain.clients.models import Client, Contract
from portal.domain.notices.models import Notice
from portal.domain.staff import User, queries, sign_in
from portal.domain.words import Channel
from portal.outbox import Delivery, EventRecord
from portal.runs import PeriodicRun, RunState
from tests.factories import Cast, make_contact, make_service, make_user

PASSWORD = "correct horse bottle"


@dataclass
class World:
    """A small portal with one of everything that an address can name: a new thing is a line in `make`."""

    cast: Cast
    eve: User
    client: Client
    contact_id: int
    contract_id: int
    service_id: int
    invoice_id: int
    billing_run_id: int
    delivery_id: int
    periodic_run_id: int

    @classmethod
    def make(cls) -> "World":
        """Everybody has PASSWORD; Eve is the one about whom admins decide. One delivery is parked."""
        cast = Cast.assemble()
        eve = make_user(name="Eve Stone")
        with transaction():
            for user in (*cast.by_role().values(), eve):
                staff.change_password(user_id=user.id, password=PASSWORD, by=user.id, at=clock.now())
        service = make_service(status="active")
        return cls(
            cast=cast,
            eve=eve,
            client=service.client,
            contact_id=make_contact(service.client).id,
            contract_id=kept(Contract(client_id=service.client_id, number="C-1", start_date=clock.today())),
            service_id=service.id,
            invoice_id=kept(Invoice(client_id=service.client_id, currency="USD", drafted_on=clock.today())),
            billing_run_id=kept(BillingRun(as_of=clock.today(), started_at=clock.now())),
            delivery_id=parked_delivery(),
            periodic_run_id=kept(PeriodicRun(name="bill", slot=clock.now(), state=RunState.FAILED)),
        )

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

    def notice(self, actor: User | None) -> int:
        """A notice for whoever asks."""
        facts = {
            "kind": "service_activated",
            "title": "Active",
            "path": "/services",
            "created_at": clock.now(),
        }
        event_id = db.session.scalars(sa.select(EventRecord.id).limit(1)).one()
        user_id = (actor or self.eve).id
        return kept(Notice(event_id=event_id, user_id=user_id, channel=Channel.IN_APP, **facts))


def kept(row: Any) -> int:
    """The id of this row, saved."""
    with transaction():
        db.session.add(row)
    return int(row.id)


def parked_delivery() -> int:
    with transaction():
        delivery = db.session.scalars(sa.select(Delivery).order_by(Delivery.id).limit(1)).one()
        delivery.parked_at, delivery.error, delivery.attempts = clock.now(), "no answer", 8
        return delivery.id


Sample = Callable[[World, User | None], Any]

ARGUMENTS: dict[str, Sample] = {
    "code": lambda world, actor: world.client.code,
    "contact_id": lambda world, actor: world.contact_id,
    "contract_id": lambda world, actor: world.contract_id,
    "delivery_id": lambda world, actor: world.delivery_id,
    "filename": lambda world, actor: "favicon.svg",
    "import_id": lambda world, actor: world.import_run(),
    "invoice_id": lambda world, actor: world.invoice_id,
    "notice_id": lambda world, actor: world.notice(actor),
    "run_id": lambda world, actor: world.billing_run_id,
    "service_id": lambda world, actor: world.service_id,
    "session_id": lambda world, actor: world.other_session(actor),
    "token": lambda world, actor: world.link_token(),
    "user_id": lambda world, actor: world.eve.id,
}

BY_RULE: dict[str, dict[str, Sample]] = {
    "/ops/runs/<int:run_id>/again": {"run_id": lambda world, actor: world.periodic_run_id},
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
