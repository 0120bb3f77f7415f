"""Carrying out what is planned, when its day has come: each service in a savepoint of its own."""

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal import clock
from portal.db import batch_lock, db, lock
from portal.domain import events
from portal.domain.errors import DomainError
from portal.domain.lifecycle.models import ClientService
from portal.domain.pricing import queries
from portal.domain.pricing.actions import carry_out_planned
from portal.domain.pricing.models import PriceChange
from portal.domain.pricing.terms import close_batch
from portal.domain.words import PriceState
from portal.signals import send

# Each service stays locked until the page is committed: these take about a second.
PAGE = 50


def carry_out(*, as_of: date, at: datetime) -> bool:
    """The next services for which something is due, by one process at a time; False when nothing was left."""
    batch_lock("price changes")
    ids = queries.due_services(as_of, at_most=PAGE)
    for service_id in ids:
        _carry_out_one(service_id, as_of, at)
    return bool(ids)


def work(*, batch_id: int, at: datetime) -> None:
    """Those of a bulk change whose day has come; while some are left, ask for the next turn. Safe to run twice."""
    today = clock.today()
    due = sa.select(PriceChange.client_service_id).filter_by(batch_id=batch_id, state=PriceState.PLANNED)
    in_turn = due.where(PriceChange.effective_on <= today).order_by(PriceChange.client_service_id)
    ids: Sequence[int] = db.session.scalars(in_turn.limit(PAGE + 1)).all()
    for service_id in ids[:PAGE]:
        _carry_out_one(service_id, today, at)
    close_batch(batch_id, at)
    if len(ids) > PAGE:
        send(events.PriceBatchWaiting(batch_id=batch_id), by=None, at=at)


def _carry_out_one(service_id: int, as_of: date, at: datetime) -> None:
    """A service that refuses stops nobody: its changes say why, and are looked at by a person."""
    try:
        with db.session.begin_nested():
            carry_out_planned(lock(ClientService, service_id), as_of, at=at)
    except DomainError as refusal:
        _fail(service_id, as_of, refusal.message, at)
    except DBAPIError as fault:
        if fault.connection_invalidated:
            raise
        _fail(service_id, as_of, str(fault.orig).splitlines()[0], at)


def _fail(service_id: int, as_of: date, why: str, at: datetime) -> None:
    due = sa.update(PriceChange).where(
        PriceChange.client_service_id == service_id,
        PriceChange.state == PriceState.PLANNED,
        PriceChange.effective_on <= as_of,
    )
    failed = due.values(state=PriceState.FAILED, note=why, settled_at=at).returning(PriceChange.batch_id)
    for batch_id in set(db.session.scalars(failed.execution_options(synchronize_session=False))):
        if batch_id is not None:
            close_batch(batch_id, at)
    db.session.expire_all()
