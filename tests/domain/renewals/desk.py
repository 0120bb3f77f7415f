"""The given of these tests: an active service whose term ends on a day, and acts in a transaction of their own."""

from datetime import timedelta

import sqlalchemy as sa

from portal import clock
from portal.db import db, transaction
from portal.domain.billing.models import InvoiceLine
from portal.domain.lifecycle import ClientService
from portal.domain.renewals.models import Renewal
from portal.jobs.simulation import DELIVERED
from portal.jobs.worker import drain_all
from portal.outbox import EventRecord
from tests.factories import make_service


def act(verb, *, who=None, **facts):
    with transaction():
        return verb(**facts, by=who, at=clock.now())


def running(hand, start, *, today=None, status="active", **facts):
    """A service that began on `start`, billed up to `today` (by default its start)."""
    hand.set(start)
    service = make_service(status=status, start_date=start, **({"auto_renewal": True} | facts))
    deliver()
    if today:
        hand.set(today)
    return service.id


def deliver():
    drain_all(DELIVERED)


def fresh(service_id):
    db.session.expire_all()
    return db.session.get_one(ClientService, service_id)


def terms(service_id):
    rows = sa.select(Renewal).filter_by(client_service_id=service_id).order_by(Renewal.term_start)
    return [(each.term_start, each.term_end, each.cycle_price_minor) for each in db.session.scalars(rows)]


def lines(service_id, since):
    """(first day, day after the last, amount) of what was billed for the days from then on."""
    rows = sa.select(InvoiceLine).where(
        InvoiceLine.client_service_id == service_id, InvoiceLine.period_start >= since
    )
    ordered = db.session.scalars(rows.order_by(InvoiceLine.period_start, InvoiceLine.id))
    return [(each.period_start, each.period_end, each.amount_minor) for each in ordered]


def told(kind, service_id=None):
    rows = sa.select(EventRecord).filter_by(kind=kind).order_by(EventRecord.id)
    if service_id is not None:
        rows = rows.filter_by(subject_id=service_id)
    return [each.payload for each in db.session.scalars(rows)]


def days(first, last):
    while first <= last:
        yield first
        first += timedelta(days=1)
