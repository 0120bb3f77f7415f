"""Who owes what, and since when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.domain.clients.models import Client
from portal.domain.money import Money
from portal.domain.receivables.books import CREDIT, Rows, open_items
from portal.domain.receivables.rules import BANDS, OVERDUE
from portal.domain.staff.models import User
from portal.domain.words import InvoiceKind

SUMS = (*(band.key for band in BANDS), "overdue", CREDIT, "balance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """What is open in one currency: `bands` by key, and credits not used yet (below zero). They make the balance."""

    bands: dict[str, Money]
    overdue: Money
    credit: Money
    balance: Money

    @property
    def currency(self) -> str:
        return self.balance.currency


def listing(day: date) -> Rows:
    """One row for each client and currency in which something is open, with a sum for each band."""
    item = open_items(day).subquery("item")
    owing = (
        sa.select(
            sa.func.row_number().over(order_by=(item.c.client_id, item.c.currency)).label("id"),
            item.c.client_id,
            item.c.currency,
            sa.func.max(item.c.days_late).filter(item.c.kind == InvoiceKind.INVOICE).label("oldest_days"),
            *_sums(item),
        )
        .group_by(item.c.client_id, item.c.currency)
        .subquery("owing")
    )
    return (
        sa.select(
            owing.c.id,
            Client.name.label("client"),
            Client.code.label("client_code"),
            owing.c.currency,
            User.name.label("account_manager"),
            owing.c.oldest_days,
            *(owing.c[key] for key in SUMS),
        )
        .join(Client, Client.id == owing.c.client_id)
        .outerjoin(User, User.id == Client.account_manager_id)
    )


def items_listing(day: date) -> Rows:
    """The documents that the figures of `listing` count, one row each."""
    item = open_items(day).subquery("item")
    return (
        sa.select(
            item.c.id,
            item.c.number,
            item.c.kind,
            Client.name.label("client"),
            Client.code.label("client_code"),
            User.name.label("account_manager"),
            item.c.currency,
            item.c.on,
            item.c.due_on,
            sa.func.greatest(item.c.days_late, 0).label("days_late"),
            item.c.band,
            item.c.total_minor,
            item.c.open_minor,
        )
        .join(Client, Client.id == item.c.client_id)
        .outerjoin(User, User.id == Client.account_manager_id)
    )


def totals(rows: Rows) -> list[Ageing]:
    """The sums of a (narrowed) `listing`, one for each currency."""
    row = rows.order_by(None).subquery("row")
    sums = sa.select(row.c.currency, *(sa.func.sum(row.c[key]).label(key) for key in SUMS))
    return _read(db.session.execute(sums.group_by(row.c.currency).order_by(row.c.currency)).all())


def in_all(day: date) -> list[Ageing]:
    """One for each currency in which anything was open."""
    return _by_currency(day, sa.true())


def of_client(client_id: int, day: date) -> list[Ageing]:
    """One for each currency in which the client had something open."""
    return _by_currency(day, sa.column("client_id") == client_id)


def _by_currency(day: date, which: sa.ColumnElement[bool]) -> list[Ageing]:
    item = open_items(day).subquery("item")
    sums = sa.select(item.c.currency, *_sums(item)).where(which)
    return _read(db.session.execute(sums.group_by(item.c.currency).order_by(item.c.currency)).all())


def _sums(item: sa.Subquery) -> list[sa.Label[int]]:
    """The columns SUMS over open items."""
    of_bands = [(band.key, item.c.band == band.key) for band in BANDS]
    late = item.c.band.in_([band.key for band in OVERDUE])
    parts = [*of_bands, ("overdue", late), (CREDIT, item.c.band == CREDIT), ("balance", sa.true())]
    return [sa.cast(_sum(item.c.open_minor, which), sa.BigInteger).label(key) for key, which in parts]


def _sum(amount: Any, which: Any) -> Any:
    return sa.func.coalesce(sa.func.sum(amount).filter(which), 0)


def _read(rows: Sequence[sa.Row[*tuple[Any, ...]]]) -> list[Ageing]:
    return [_ageing({key: Money(int(getattr(row, key)), row.currency) for key in SUMS}) for row in rows]


def _ageing(sums: dict[str, Money]) -> Ageing:
    return Ageing(
        bands={band.key: sums[band.key] for band in BANDS},
        overdue=sums["overdue"],
        credit=sums[CREDIT],
        balance=sums["balance"],
    )
