"""Ended and not renewed: a service runs on for its grace, is billed as before, and is completed when that is over."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal.db import batch_lock, db
from portal.domain import company, lifecycle
from portal.domain.errors import DomainError
from portal.domain.lifecycle.cancelling import BatchResult
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.periods import Cycle
from portal.domain.renewals.facts import is_next_case
from portal.domain.renewals.models import RenewalCase
from portal.domain.words import RenewalDecision

# A page takes about a second, and each of its services stays locked until it is committed.
PAGE = 100


def grace_ends() -> sa.ColumnElement[date]:
    """The day on which the service is completed; for a SELECT that joins the case of the next term."""
    days = sa.func.coalesce(ClientService.grace_days, sa.literal(company.setting("grace_days"), sa.Integer))
    return sa.func.greatest(ClientService.end_date + days, RenewalCase.grace_until, type_=sa.Date)


def is_in_grace(day: date) -> sa.ColumnElement[bool]:
    """Its term is over, and nobody has renewed, denied or cancelled it."""
    service = ClientService
    return sa.and_(
        service.status.in_((Status.ACTIVE, Status.SUSPENDED)),
        service.end_date <= day,
        service.billing_cycle != Cycle.ONE_TIME,
        service.cancel_on.is_(None),
    )


def over(as_of: date, after: int = 0, at_most: int | None = None) -> sa.Select[*tuple[int]]:
    """Ids of those whose grace has passed. One that renews by itself is left alone until the run has held it."""
    service = ClientService
    by_itself = sa.or_(service.auto_renewal, service.renewal_decision == RenewalDecision.APPROVED)
    found = (
        sa.select(service.id)
        .outerjoin(RenewalCase, is_next_case())
        .where(is_in_grace(as_of), grace_ends() <= as_of, service.id > after)
        .where(sa.or_(~by_itself, RenewalCase.held_on.is_not(None)))
    )
    return found.order_by(service.id).limit(at_most)


def complete_page(*, as_of: date, after: int, by: int | None = None, at: datetime) -> tuple[BatchResult, int]:
    """Complete the next ones behind `after`, each in a savepoint; with the last id seen, 0 when none was left."""
    batch_lock("grace")
    done, failed = 0, []
    ids = db.session.scalars(over(as_of, after, PAGE)).all()
    for service_id in ids:
        try:
            with db.session.begin_nested():
                lifecycle.complete(service_id=service_id, by=by, at=at)
                done += 1
        except DomainError as refusal:
            failed.append((service_id, refusal.message))
        except DBAPIError as fault:
            if fault.connection_invalidated:
                raise
            failed.append((service_id, str(fault.orig).splitlines()[0]))
    return BatchResult(done, tuple(failed)), ids[-1] if ids else 0
