"""Writing the ledger of MRR: one row for each service that an act touches, in the act's own transaction.

`on` is the day on which the service begins or stops to count, which is the day of the act, also for a
cancellation or a transfer that is dated back: what the figures said of a day that is over stays true, and the
money of the days before is corrected by credit notes. After each act the rows of that client and day are named
anew by their net change, so that one service for another on one day is neither a loss nor a gain.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from portal.db import db, table_of
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.metrics.models import MrrMovement
from portal.domain.metrics.rules import CHANGES, PAUSES, Day, named
from portal.domain.words import Movement

Kinds = frozenset[Movement]
ledger = table_of(MrrMovement)
row = ledger.c


def began(*, service: ClientService, on: date) -> None:
    """The service counts from now on: new, reactivation or expansion, by what the client had before."""
    _write(service, on, {Movement.EXPANSION: service.monthly_cost_minor})


def ended(*, service: ClientService, on: date) -> None:
    """The service no longer counts: churn when it was the client's last one, else contraction.

    A suspended service was taken out when it was paused; its pause is turned back so that the loss shows
    as what it is.
    """
    lost = service.monthly_cost_minor
    back = {Movement.RESUMED: lost} if service.suspended_at is not None else {}
    _write(service, on, {**back, Movement.CONTRACTION: -lost})


def repriced(*, service: ClientService, before_minor: int, on: date) -> None:
    """The monthly cost was `before_minor` until now: expansion or contraction. One that does not count: nothing.

    A suspended service changes what is paused by as much, so that active MRR stays as it is.
    """
    change = service.monthly_cost_minor - before_minor
    if service.status in (Status.ACTIVE, Status.SUSPENDED):
        pause = {Movement.PAUSED: -change} if service.status is Status.SUSPENDED else {}
        _write(service, on, {Movement.EXPANSION: change, **pause})


def repriced_each(changes: Sequence[tuple[ClientService, int]], *, on: date) -> None:
    """The same for many active services at once; each with the change of its monthly cost."""
    rows = [
        {
            "on_date": on, "client_id": service.client_id, "client_service_id": service.id,
            "currency": service.currency, "kind": Movement.EXPANSION, "amount_minor": change,
        }
        for service, change in changes
        if change
    ]  # fmt: skip
    if rows:
        db.session.execute(sa.insert(ledger), rows)
        name_days({service.client_id for service, change in changes if change}, since=on)


def paused(*, service: ClientService, on: date) -> None:
    _write(service, on, {Movement.PAUSED: -service.monthly_cost_minor})


def resumed(*, service: ClientService, on: date) -> None:
    _write(service, on, {Movement.RESUMED: service.monthly_cost_minor})


def transferred(*, service: ClientService, from_client_id: int, on: date) -> None:
    """From that client to the service's present one: within the total zero, and neither's gain or loss.

    The pause of a suspended service moves with it.
    """
    if service.status not in (Status.ACTIVE, Status.SUSPENDED):
        return
    cost = service.monthly_cost_minor
    for client_id, amount in ((from_client_id, -cost), (service.client_id, cost)):
        pause = {Movement.PAUSED: -amount} if service.status is Status.SUSPENDED else {}
        _write(service, on, {Movement.TRANSFER: amount, **pause}, client_id)


def name_days(client_ids: Collection[int], since: date | None = None) -> None:
    """Name every change of these clients, from that day on, by its client's net change of the day."""
    for client_id, currency, days in _days(client_ids):
        for day, change, pause in named(days, currency):
            if since is None or day.on >= since:
                its = (row.client_id == client_id, row.currency == currency, row.on_date == day.on)
                _rename(its, CHANGES, day.change_kinds, change)
                _rename(its, PAUSES, day.pause_kinds, pause)


def _rename(its: tuple[sa.ColumnElement[bool], ...], kinds: Kinds, present: Kinds, name: Movement) -> None:
    if present - {name}:
        db.session.execute(sa.update(ledger).where(*its, row.kind.in_(kinds)).values(kind=name))


def _write(
    service: ClientService, on: date, amounts: dict[Movement, int], client_id: int | None = None
) -> None:
    """Nothing is written for nothing. The names given here are for a client that does nothing else that day."""
    client_id = client_id or service.client_id
    its = {"on_date": on, "client_id": client_id, "client_service_id": service.id}
    rows = [
        {**its, "currency": service.currency, "kind": kind, "amount_minor": amount}
        for kind, amount in amounts.items()
        if amount
    ]
    # The service is half-way through its act: written now, its version would count twice.
    with db.session.no_autoflush:
        if rows:
            db.session.execute(sa.insert(ledger), rows)
            name_days([client_id], since=on)


def _days(client_ids: Collection[int]) -> Iterator[tuple[int, str, list[Day]]]:
    """(client, currency, its days in order)."""
    is_change, is_pause = row.kind.in_(CHANGES), row.kind.in_(PAUSES)

    def total(which: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
        return sa.func.coalesce(sa.func.sum(row.amount_minor).filter(which), 0)

    def kinds(which: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
        return sa.func.array_agg(sa.distinct(sa.cast(row.kind, sa.String))).filter(which)

    statement = (
        sa.select(
            row.client_id, row.currency, row.on_date, total(is_change), total(row.kind == Movement.TRANSFER),
            kinds(is_change), kinds(is_pause), total(is_pause),
        )
        .where(row.client_id == sa.any_(sa.literal(list(client_ids), ARRAY(sa.BigInteger))))
        .group_by(row.client_id, row.currency, row.on_date)
        .order_by(row.client_id, row.currency, row.on_date)
    )  # fmt: skip
    for (client_id, currency), rows in groupby(db.session.execute(statement), key=lambda each: each[:2]):
        yield client_id, currency, [_day(*each[2:]) for each in rows]


def _day(on: date, change: int, moved: int, changes: Any, pauses: Any, paused: int) -> Day:
    return Day(
        on,
        int(change),
        int(moved),
        int(paused),
        frozenset(map(Movement, changes or ())),
        frozenset(map(Movement, pauses or ())),
    )
