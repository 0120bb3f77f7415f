"""What people do at a provider on an ordinary day, thrown by dice: the same seed does the same.

It drives the verbs that pages and the interface drive. What a verb refuses is counted and left.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.db import db, transaction
from portal.domain import billing, lifecycle
from portal.domain.billing.models import Invoice
from portal.domain.billing.queries import OPEN
from portal.domain.catalogue.models import Product
from portal.domain.clients.models import Client
from portal.domain.errors import DomainError
from portal.domain.lifecycle import ClientService, Status
from portal.domain.words import InvoiceKind, Unused

SERVICES_AN_ACT = 200
WEEKEND = 5
PAID_IN_TIME = 0.9
WHY = "thrown by dice"


@dataclass
class Everyday:
    """`tally` counts what was done, and what was refused."""

    seed: int
    tally: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)  # noqa: S311  (a game, not a secret)

    def day(self) -> None:
        """A working day: what has come due is done, and some things happen that nobody foresaw."""
        self._payments()
        if clock.today().weekday() >= WEEKEND:
            return
        self._starts()
        self._renewals()
        for _ in range(1 + self._count() // SERVICES_AN_ACT):
            name = self.dice.choices(list(ACTS), [weight for weight, _ in ACTS.values()])[0]
            self._act(name)

    def _payments(self) -> None:
        """Most clients pay on the day; the others somewhen later."""
        late = Invoice.due_on <= clock.today()
        due = sa.select(Invoice.id).where(
            Invoice.status.in_(OPEN), Invoice.kind == InvoiceKind.INVOICE, Invoice.total_minor > 0, late
        )
        for invoice_id in self._ids(due.order_by(Invoice.id)):
            if self.dice.random() < PAID_IN_TIME:
                self._do("pay", self._pay, invoice_id)

    def _pay(self, invoice_id: int) -> None:
        billing.record_payment(
            invoice_id=invoice_id,
            amount=db.session.get_one(Invoice, invoice_id).open_amount,
            received_on=clock.today(),
            method="transfer",
            by=None,
            at=clock.now(),
        )

    def _starts(self) -> None:
        ready = sa.select(ClientService.id).where(
            ClientService.status == Status.PENDING, ClientService.start_date <= clock.today()
        )
        for service_id in self._ids(ready.order_by(ClientService.id)):
            self._do("activate", _activate, service_id)

    def _renewals(self) -> None:
        over = sa.select(ClientService.id).where(
            ClientService.status == Status.ACTIVE,
            ClientService.auto_renewal,
            ClientService.cancel_on.is_(None),
            ClientService.renewal_date <= clock.today(),
        )
        for service_id in self._ids(over.order_by(ClientService.id)):
            self._do("renew", _renew, service_id)

    def _act(self, name: str) -> None:
        if name == "sell":
            self._do(name, _sell, self._one(_clients()), self._one(_products()), self.dice.choice(PRICES))
            return
        service_id = self._one(_services(WANTED[name]))
        if service_id is not None:
            self._do(name, ACTS[name][1], service_id, self.dice)

    def _do(self, name: str, act: Any, *facts: Any) -> None:
        try:
            with transaction():
                act(*facts)
            self.tally[name] += 1
        except DomainError:
            self.tally[f"{name} refused"] += 1

    def _ids(self, query: sa.Select[tuple[int]]) -> Sequence[int]:
        with transaction():
            return db.session.scalars(query).all()

    def _one(self, query: sa.Select[tuple[int]]) -> int | None:
        ids = self._ids(query)
        return self.dice.choice(ids) if ids else None

    def _count(self) -> int:
        return len(self._ids(_services(ClientService.status == Status.ACTIVE)))


def _clients() -> sa.Select[tuple[int]]:
    return sa.select(Client.id).where(Client.is_active).order_by(Client.id)


def _products() -> sa.Select[tuple[int]]:
    return sa.select(Product.id).where(Product.is_active).order_by(Product.id)


def _services(wanted: sa.ColumnElement[bool]) -> sa.Select[tuple[int]]:
    return sa.select(ClientService.id).where(wanted).order_by(ClientService.id)


def _sell(client_id: int, product_id: int, cycle_price_minor: int) -> None:
    lifecycle.provision(
        client_id, product_id, cycle_price_minor=cycle_price_minor, start_date=clock.today(), auto_renewal=True,
        by=None, at=clock.now(),
    )  # fmt: skip


def _activate(service_id: int) -> None:
    lifecycle.activate(service_id=service_id, override_reason=WHY, by=None, at=clock.now())


def _renew(service_id: int) -> None:
    months = db.session.get_one(ClientService, service_id).renewal_term_months or 12
    lifecycle.renew(service_id=service_id, months=months, by=None, at=clock.now())


def _suspend(service_id: int, dice: random.Random) -> None:
    lifecycle.suspend(service_id=service_id, reason=WHY, by=None, at=clock.now())


def _resume(service_id: int, dice: random.Random) -> None:
    lifecycle.resume(service_id=service_id, by=None, at=clock.now())


def _cancel(service_id: int, dice: random.Random) -> None:
    _cancel_on(service_id, clock.today() + timedelta(days=dice.choice((-7, 0, 0))), dice)


def _cancel_later(service_id: int, dice: random.Random) -> None:
    _cancel_on(service_id, clock.today() + timedelta(days=dice.randint(1, 90)), dice)


def _cancel_on(service_id: int, day: date, dice: random.Random) -> None:
    lifecycle.cancel(
        service_id=service_id, effective_on=day, reason=WHY, unused=dice.choice(list(Unused)), by=None,
        at=clock.now(),
    )  # fmt: skip


def _withdraw(service_id: int, dice: random.Random) -> None:
    lifecycle.withdraw_cancellation(service_id=service_id, by=None, at=clock.now())


def _transfer(service_id: int, dice: random.Random) -> None:
    service = db.session.get_one(ClientService, service_id)
    others = _clients().where(Client.currency == service.currency, Client.id != service.client_id)
    lifecycle.transfer(
        service_id=service_id, client_id=dice.choice(db.session.scalars(others).all()),
        effective_on=clock.today() - timedelta(days=dice.choice((0, 0, 5))), by=None, at=clock.now(),
    )  # fmt: skip


def _change_price(service_id: int, dice: random.Random) -> None:
    service = db.session.get_one(ClientService, service_id)
    billing.change_price(
        service_id=service_id, cycle_price=service.cycle_price.times(Fraction(dice.randint(90, 120), 100)),
        effective_on=clock.today() + timedelta(days=dice.choice((0, 0, 14, 45))), by=None, at=clock.now(),
    )  # fmt: skip


PRICES = (9_900, 25_000, 49_950, 120_000, 310_000)
ACTS: dict[str, tuple[float, Any]] = {
    "sell": (4, _sell),
    "suspend": (2, _suspend),
    "resume": (2, _resume),
    "cancel": (1, _cancel),
    "cancel later": (1, _cancel_later),
    "withdraw": (0.5, _withdraw),
    "transfer": (0.5, _transfer),
    "change price": (2, _change_price),
}
WANTED: dict[str, sa.ColumnElement[bool]] = {
    "suspend": ClientService.status == Status.ACTIVE,
    "resume": ClientService.status == Status.SUSPENDED,
    "cancel": ClientService.status.in_((Status.ACTIVE, Status.SUSPENDED)),
    "cancel later": (ClientService.status == Status.ACTIVE) & ClientService.cancel_on.is_(None),
    "withdraw": ClientService.cancel_on.is_not(None) & ClientService.cancelled_at.is_(None),
    "transfer": ClientService.status == Status.ACTIVE,
    "change price": ClientService.status.in_((Status.ACTIVE, Status.SUSPENDED)),
}
