"""Keeping rates. One of a day that has one already takes its place, and the trail says what it was."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db import batch_lock, db, lock
from portal.domain.company.identity import identity
from portal.domain.events import ExchangeRatesChanged
from portal.domain.exchange.models import ExchangeRate
from portal.domain.exchange.rules import Rate, checked, read
from portal.signals import send


def put(*, values: Mapping[str, Any], by: int | None, at: datetime) -> Rate:
    """Store one rate: currency, on_date, rate. Raises Invalid with faults by field."""
    rate = checked(values, identity().currency)
    _store([rate], by=by, at=at)
    return rate


def load(*, raw: bytes, by: int | None, at: datetime) -> int:
    """Store the rates of a CSV file, all or none; how many there were. Raises Invalid on the field `file`."""
    rates = read(raw, identity().currency)
    _store(rates, by=by, at=at)
    return len(rates)


def remove(*, rate_id: int, by: int | None, at: datetime) -> ExchangeRate:
    """Take a rate away; the one before it is in force again."""
    row = lock(ExchangeRate, rate_id)
    db.session.delete(row)
    send(ExchangeRatesChanged(changes={_name(row): (f"{row.rate.normalize():f}", None)}), by=by, at=at)
    return row


def _store(rates: Iterable[Rate], *, by: int | None, at: datetime) -> None:
    """The last of several for one day wins, as in the file. One that stays as it is leaves no trace."""
    batch_lock("exchange_rates")
    into, stored = identity().currency, _stored()
    entered = {(rate.currency, rate.on_date): rate for rate in rates}
    changed = {key: rate for key, rate in entered.items() if stored.get(key) != rate.rate}
    if not changed:
        return
    row = insert(ExchangeRate)
    row = row.on_conflict_do_update(
        index_elements=["currency", "into", "on_date"],
        set_={name: row.excluded[name] for name in ("rate", "entered_at", "entered_by_id")},
    )
    facts = {"into": into, "entered_at": at, "entered_by_id": by}
    db.session.execute(
        row,
        [
            {"currency": each.currency, "on_date": each.on_date, "rate": each.rate, **facts}
            for each in changed.values()
        ],
    )
    send(ExchangeRatesChanged(changes=_changes(changed, stored)), by=by, at=at)


def _stored() -> dict[Any, Any]:
    row = ExchangeRate
    found = sa.select(row.currency, row.on_date, row.rate).where(row.into == identity().currency)
    return {(each.currency, each.on_date): each.rate for each in db.session.execute(found)}


def _changes(changed: Mapping[Any, Rate], stored: Mapping[Any, Any]) -> dict[str, tuple[Any, str]]:
    return {
        _name(rate): (
            f"{stored[key].normalize():f}" if key in stored else None,
            f"{rate.rate.normalize():f}",
        )
        for key, rate in changed.items()
    }


def _name(rate: Rate | ExchangeRate) -> str:
    return f"{rate.currency} from {rate.on_date}"
