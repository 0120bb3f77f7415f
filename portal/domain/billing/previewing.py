"""What the next run will bill, by the arithmetic of the run, without holding anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.domain.billing.rules import Charge, TooManyMissed, lines_due
from portal.domain.billing.sifting import hold_back
from portal.domain.billing.staging import (
    BILLS,
    LAST_CLIENT,
    LINES,
    due_of_client,
    schedule_of,
    stage,
    stage_parked,
)
from portal.domain.clients.models import Client
from portal.domain.company import setting
from portal.domain.lifecycle.models import ClientService
from portal.domain.money import Money

MOST_PARKED_SHOWN = 200


@dataclass(frozen=True)
class Sum:
    """What a run makes in one currency. `total` has the tax."""

    services: int
    clients: int
    invoices: int
    lines: int
    net: Money
    tax: Money

    @property
    def total(self) -> Money:
        return self.net + self.tax


@dataclass(frozen=True)
class RunPreview:
    """`by_client` selects (id, client, client_code, currency, services, lines, net_minor, tax_minor, total_minor).

    `parked`: (service_id, name, client, reason) of those that the run would not bill, the first of `parked_count`.
    """

    as_of: date
    sums: tuple[Sum, ...]
    by_client: sa.Select[*tuple[Any, ...]]
    parked: Sequence[sa.Row[*tuple[Any, ...]]]
    parked_count: int

    @property
    def services(self) -> int:
        return sum(each.services for each in self.sums)

    @property
    def invoices(self) -> int:
        return sum(each.invoices for each in self.sums)

    @property
    def lines(self) -> int:
        return sum(each.lines for each in self.sums)


def preview_run(as_of: date) -> RunPreview:
    """A run up to its drafts, in temporary tables that go with this transaction."""
    stage(as_of=as_of)
    return _of_what_is_staged(as_of)


def preview_rerun(as_of: date, *, run_id: int | None = None) -> RunPreview:
    """The same of what is parked, or of what one run parked, once it is released."""
    stage_parked(as_of=as_of, run_id=run_id)
    return _of_what_is_staged(as_of)


def _of_what_is_staged(as_of: date) -> RunPreview:
    hold_back(after=0, upto=LAST_CLIENT, run_id=None)
    is_parked = BILLS.c.parked_reason.is_not(None)
    parked = (
        sa.select(
            BILLS.c.service_id,
            BILLS.c.name,
            Client.name.label("client"),
            BILLS.c.parked_reason.label("reason"),
        )
        .join(Client, Client.id == BILLS.c.client_id)
        .where(is_parked)
        .order_by(Client.name, BILLS.c.name)
    )
    return RunPreview(
        as_of=as_of,
        sums=tuple(_sum(row) for row in db.session.execute(_by_currency())),
        by_client=_by_client(),
        parked=db.session.execute(parked.limit(MOST_PARKED_SHOWN)).all(),
        parked_count=int(
            db.session.scalar(sa.select(sa.func.count()).select_from(BILLS).where(is_parked)) or 0
        ),
    )


def preview(client_id: int, as_of: date) -> list[tuple[ClientService, Charge]]:
    """What the next run bills this client up to the day."""
    most_missed, found = setting("most_missed_periods"), []
    for row in due_of_client(client_id, as_of):
        try:
            due = lines_due(schedule_of(row), as_of, most_missed=None if row.is_cleared else most_missed)
        except TooManyMissed:
            continue
        service = db.session.get_one(ClientService, row.service_id)
        found += [(service, charge) for charge in due.charges]
    return found


def _documents() -> sa.Subquery:
    """One row for each tax rate of each invoice: its tax is rounded once."""
    net = sa.func.sum(LINES.c.amount_minor)
    one = (BILLS.c.client_id, BILLS.c.currency, BILLS.c.apart_id, BILLS.c.tax_rate)
    return (
        sa.select(
            *one,
            sa.func.min(BILLS.c.schedule_id).label("first_id"),
            sa.func.count(BILLS.c.service_id.distinct()).label("services"),
            sa.func.count().label("lines"),
            net.label("net_minor"),
            sa.func.round(net * BILLS.c.tax_rate / 100).label("tax_minor"),
        )
        .join(LINES, LINES.c.schedule_id == BILLS.c.schedule_id)
        .group_by(*one)
        .subquery("documents")
    )


def _by_client() -> sa.Select[*tuple[Any, ...]]:
    of = _documents().c
    net, tax = (sa.cast(sa.func.sum(each), sa.BigInteger) for each in (of.net_minor, of.tax_minor))
    sums = (
        sa.select(
            sa.func.min(of.first_id).label("id"),
            of.client_id,
            of.currency,
            sa.cast(sa.func.sum(of.services), sa.Integer).label("services"),
            sa.cast(sa.func.sum(of.lines), sa.Integer).label("lines"),
            net.label("net_minor"),
            tax.label("tax_minor"),
            (net + tax).label("total_minor"),
        )
        .group_by(of.client_id, of.currency)
        .subquery("sums")
    )
    rest = [column for column in sums.c if column.name != "client_id"]
    return sa.select(*rest, Client.name.label("client"), Client.code.label("client_code")).join(
        Client, Client.id == sums.c.client_id
    )


def _by_currency() -> sa.Select[*tuple[Any, ...]]:
    of = _documents().c
    return (
        sa.select(
            of.currency,
            sa.func.sum(of.services).label("services"),
            sa.func.count(of.client_id.distinct()).label("clients"),
            sa.func.count(sa.func.row(of.client_id, of.apart_id).distinct()).label("invoices"),
            sa.func.sum(of.lines).label("lines"),
            sa.func.sum(of.net_minor).label("net_minor"),
            sa.func.sum(of.tax_minor).label("tax_minor"),
        )
        .group_by(of.currency)
        .order_by(of.currency)
    )


def _sum(row: sa.Row[Any]) -> Sum:
    return Sum(
        services=int(row.services),
        clients=row.clients,
        invoices=row.invoices,
        lines=int(row.lines),
        net=Money(int(row.net_minor), row.currency),
        tax=Money(int(row.tax_minor), row.currency),
    )
