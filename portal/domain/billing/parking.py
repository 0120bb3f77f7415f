"""Schedules that wait for a person: put aside by a run with the reason, and put back on a person's word."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db import db
from portal.domain.billing.models import BillingFailure, RecurringBilling
from portal.domain.billing.staging import BILLS
from portal.domain.events import RecurringBillingChanged
from portal.domain.words import ScheduleStatus
from portal.signals import send_each


def park_refused(*, run_id: int, at: datetime) -> None:
    """Park what the rules, the bounds or the database refused of the page that is staged."""
    parked = BILLS.c.parked_reason.is_not(None)
    failures = (
        sa.select(sa.literal(run_id), BILLS.c.service_id, sa.func.min(BILLS.c.parked_reason))
        .where(parked)
        .group_by(BILLS.c.service_id)
    )
    rows = insert(BillingFailure).from_select(["run_id", "client_service_id", "reason"], failures)
    db.session.execute(rows.on_conflict_do_nothing())
    db.session.execute(
        sa.update(RecurringBilling)
        .where(RecurringBilling.id == BILLS.c.schedule_id, parked)
        .values(status=ScheduleStatus.PARKED, parked_reason=BILLS.c.parked_reason)
        .execution_options(synchronize_session=False)
    )
    what = (sa.literal("parked: ") + BILLS.c.parked_reason).label("what")
    send_each(RecurringBillingChanged, sa.select(BILLS.c.service_id, what).where(parked), by=None, at=at)


def release(*, service_id: int, by: int | None = None, at: datetime) -> None:
    """Put a parked schedule back on a person's word: the next run bills it, however much it comes to."""
    _release(RecurringBilling.client_service_id == service_id, by=by, at=at)


def release_for(*, rerun_id: int, run_id: int | None, by: int | None, at: datetime) -> int:
    """Name what a rerun bills: all that is parked, or what one run parked; how many schedules."""
    db.session.execute(
        sa.update(BillingFailure)
        .where(
            BillingFailure.settled_at.is_(None),
            sa.true() if run_id is None else BillingFailure.run_id == run_id,
        )
        .values(rerun_id=rerun_id)
        .execution_options(synchronize_session=False)
    )
    named = sa.select(BillingFailure.client_service_id).filter_by(rerun_id=rerun_id)
    return _release(RecurringBilling.client_service_id.in_(named), by=by, at=at)


def _release(which: sa.ColumnElement[bool], *, by: int | None, at: datetime) -> int:
    """Schedules that were parked, as their pause says; how many."""
    parked = sa.and_(which, RecurringBilling.status == ScheduleStatus.PARKED)
    say = sa.select(
        RecurringBilling.client_service_id.label("service_id"),
        (sa.literal("released; it was parked: ") + RecurringBilling.parked_reason).label("what"),
    )
    send_each(RecurringBillingChanged, say.where(parked), by=by, at=at)
    freed = db.session.scalars(
        sa.update(RecurringBilling)
        .where(parked)
        .values(
            status=sa.case((RecurringBilling.paused_on.is_(None), "active"), else_="paused"),
            parked_reason="",
            is_cleared=True,
        )
        .returning(RecurringBilling.client_service_id)
        .execution_options(synchronize_session=False)
    ).all()
    db.session.execute(
        sa.update(BillingFailure)
        .where(BillingFailure.client_service_id.in_(set(freed)), BillingFailure.settled_at.is_(None))
        .values(settled_at=at)
        .execution_options(synchronize_session=False)
    )
    db.session.expire_all()
    return len(freed)
