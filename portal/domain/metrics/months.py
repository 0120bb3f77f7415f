"""The ledger month by month: from the opening MRR over the movements to the closing, and the rates of it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.domain.metrics.models import MrrMovement
from portal.domain.metrics.rules import CHANGES, PAUSES, NothingToMeasure, Rates, closing, rates
from portal.domain.metrics.scope import EVERYTHING, Scope
from portal.domain.money import Money
from portal.domain.periods import add_months
from portal.domain.words import Movement


@dataclass(frozen=True, slots=True)
class Month:
    """One month in one currency. `clients`: with MRR at its start, paused ones included; `lost`: those of them
    that had none at its end and did not hand it to another client."""

    first: date
    opening: Money
    by_kind: Mapping[Movement, Money] = field(default_factory=dict)
    clients: int = 0
    lost: int = 0

    def of(self, kind: Movement) -> Money:
        return self.by_kind.get(kind, Money.zero(self.opening.currency))

    @property
    def closing(self) -> Money:
        return closing(self.opening, self.by_kind)

    @property
    def net_new(self) -> Money:
        return self.closing - self.opening

    @property
    def rates(self) -> Rates | None:
        """None where there was nothing at the opening: not applicable, neither 0 % nor 100 %."""
        try:
            return rates(self.opening, self.by_kind)
        except NothingToMeasure:
            return None

    @property
    def logo_churn(self) -> Fraction | None:
        return Fraction(self.lost, self.clients) if self.clients else None


def movements(*, since: date, months: int, scope: Scope = EVERYTHING) -> dict[str, list[Month]]:
    """Every month from that of `since` on, oldest first, by currency; a currency that never moved has none."""
    first = since.replace(day=1)
    firsts = [add_months(first, number) for number in range(months)]
    amounts = _amounts(first, add_months(first, months), scope)
    logos = _logos(first, add_months(first, months), scope)
    return {currency: _months(currency, firsts, its, logos[currency]) for currency, its in amounts.items()}


def churn(*, month: date, scope: Scope = EVERYTHING) -> dict[str, Month]:
    """The month with its rates, by currency."""
    return {currency: its[0] for currency, its in movements(since=month, months=1, scope=scope).items()}


# By the first day of their month: what the months before amount to stands under None.
Amounts = dict[date | None, dict[Movement, int]]
Logos = dict[date | None, tuple[int, int, int]]


def _months(currency: str, firsts: list[date], amounts: Amounts, logos: Logos) -> list[Month]:
    opening = Money(sum(amounts.get(None, {}).values()), currency)
    gained, left, _ = logos.get(None, (0, 0, 0))
    clients, found = gained - left, []
    for first in firsts:
        by_kind = {kind: Money(minor, currency) for kind, minor in amounts.get(first, {}).items()}
        gained, left, lost = logos.get(first, (0, 0, 0))
        month = Month(first, opening, by_kind, clients, lost)
        opening, clients = month.closing, clients + gained - left
        found.append(month)
    return found


def _amounts(first: date, end: date, scope: Scope) -> dict[str, Amounts]:
    row = MrrMovement
    month = _month_from(first, row.on_date)
    statement = (
        sa.select(row.currency, month, row.kind, sa.func.sum(row.amount_minor))
        .where(row.on_date < end, *scope.of_movements())
        .group_by(row.currency, month, row.kind)
    )
    found: dict[str, Amounts] = defaultdict(dict)
    for currency, day, kind, minor in db.session.execute(statement):
        found[currency].setdefault(day, {})[kind] = int(minor)
    return dict(sorted(found.items()))


def _logos(first: date, end: date, scope: Scope) -> dict[str, Logos]:
    """(clients that began to have MRR, that ceased to, that were lost) by currency and month; pauses aside.

    Each client is looked at month by month, so that one that goes and comes back within a month was not lost.
    """
    row = MrrMovement
    month = _month_from(first, row.on_date).label("month")
    change = sa.func.coalesce(sa.func.sum(row.amount_minor).filter(row.kind.in_(CHANGES)), 0)
    of_client = (
        sa.select(
            row.client_id,
            row.currency,
            month,
            sa.func.coalesce(sa.func.sum(row.amount_minor).filter(row.kind.not_in(PAUSES)), 0).label("net"),
            change.label("change"),
        )
        .where(row.on_date < end, *scope.of_movements())
        .group_by(row.client_id, row.currency, month)
        .cte("of_client")
    )
    each = of_client.c
    ran = sa.func.sum(each.net).over(
        partition_by=(each.client_id, each.currency), order_by=each.month.asc().nulls_first()
    )
    standing = sa.select(each.currency, each.month, each.net, each.change, ran.label("after")).cte("standing")
    return _counted(standing.c)


def _counted(client: Any) -> dict[str, Logos]:
    had, has = client.after - client.net > 0, client.after > 0
    statement = sa.select(
        client.currency,
        client.month,
        sa.func.count().filter(~had, has),
        sa.func.count().filter(had, ~has),
        sa.func.count().filter(had, ~has, client.change < 0),
    ).group_by(client.currency, client.month)
    found: dict[str, Logos] = defaultdict(dict)
    for currency, day, gained, left, lost in db.session.execute(statement):
        found[currency][day] = (gained, left, lost)
    return found


def _month_from(first: date, on: Any) -> sa.ColumnElement[Any]:
    """The first day of its month; nothing for all that is before `first`."""
    return sa.case((on >= first, sa.cast(sa.func.date_trunc("month", on), sa.Date)))
