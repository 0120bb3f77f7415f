"""Reading rates."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from portal.db import db
from portal.domain.company.identity import identity
from portal.domain.exchange.models import ExchangeRate
from portal.domain.exchange.rules import Rate, Total, added_up
from portal.domain.money import Money
from portal.domain.staff.models import User


def in_force(on: date, into: str) -> dict[str, Rate]:
    """The latest rate of each currency up to that day."""
    row = ExchangeRate
    latest = (
        sa.select(row.currency, row.on_date, row.rate)
        .where(row.into == into, row.on_date <= on)
        .order_by(row.currency, row.on_date.desc())
        .ext(distinct_on(row.currency))
    )
    return {each.currency: Rate(*each) for each in db.session.execute(latest)}


def total(amounts: Iterable[Money], on: date) -> Total:
    """What the amounts come to in the company's currency; without a number where a rate is missing."""
    amounts, into = list(amounts), identity().currency
    is_foreign = any(amount.currency != into for amount in amounts)
    return added_up(amounts, into, in_force(on, into) if is_foreign else {})


def in_company_currency(amount: Money, on: date) -> Total:
    return total([amount], on)


def listing() -> sa.Select[*tuple[Any, ...]]:
    """7, "EUR", "USD", 2026-11-01, 1.0825, "Fay Lind", 2026-11-20 12:00"""
    row = ExchangeRate
    return sa.select(
        row.id, row.currency, row.into, row.on_date, row.rate, User.name.label("entered_by"), row.entered_at
    ).outerjoin(User, User.id == row.entered_by_id)
