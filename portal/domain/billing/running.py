"""The billing run: every due schedule, in pages of whole clients, each page one commit of its caller.

A page is harmless to repeat: the unique key on the billed period lets no line in twice, and the schedule moves on
with it. A service that cannot be billed is parked with its reason, and the others go on.
"""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal.db import batch_lock, db, lock
from portal.domain.billing.approving import settle_page
from portal.domain.billing.drafting import draft
from portal.domain.billing.issuing import issue_each
from portal.domain.billing.models import BillingFailure, BillingRun, Invoice, InvoiceLine
from portal.domain.billing.parking import park_refused, release_for
from portal.domain.billing.sifting import hold_back
from portal.domain.billing.staging import (
    count_due,
    keep_staged,
    last_client_of_page,
    park_staged,
    proposed_ids,
    stage,
)
from portal.domain.company import setting
from portal.domain.errors import Refused
from portal.domain.events import BillingRunWaiting
from portal.domain.words import JobState
from portal.signals import send

# A page holds its schedules and services for about a second: whoever suspends one of them waits no longer.
SCHEDULES_A_PAGE = 5_000


def run(*, as_of: date, by: int | None = None, at: datetime) -> BillingRun:
    """A whole run in one transaction. `portal bill` commits page by page instead."""
    this = start(as_of=as_of, by=by, at=at)
    while bill_page(run_id=this.id, at=at):
        pass
    return finish(run_id=this.id, at=at)


def start(*, as_of: date, by: int | None = None, at: datetime) -> BillingRun:
    this = BillingRun(
        as_of=as_of,
        started_at=at,
        started_by_id=by,
        holds_drafts=setting("approve_runs"),
        due=count_due(as_of),
    )
    db.session.add(this)
    db.session.flush()
    return this


def request_run(*, as_of: date, by: int | None = None, at: datetime) -> BillingRun:
    """Have a run worked through in the background, a page of clients at a time."""
    this = start(as_of=as_of, by=by, at=at)
    send(BillingRunWaiting(run_id=this.id), by=by, at=at)
    return this


def continue_run(*, run_id: int, at: datetime) -> None:
    """One page of a requested run, or of its drafts; then the next, or the end. Safe to run twice."""
    this = lock(BillingRun, run_id)
    if this.state is JobState.DONE:
        return
    has_more = settle_page(run_id=run_id, at=at) if this.decided_at else bill_page(run_id=run_id, at=at)
    if has_more:
        send(BillingRunWaiting(run_id=run_id), by=None, at=at)
    else:
        finish(run_id=run_id, at=at)


def bill_page(*, run_id: int, at: datetime) -> bool:
    """Bill the next clients that have something due; False when there was nothing left to do."""
    batch_lock("billing")
    this = lock(BillingRun, run_id)
    rerun_id, after = this.id if this.is_rerun else None, this.billed_to_client_id
    upto = last_client_of_page(as_of=this.as_of, after=after, most=SCHEDULES_A_PAGE, rerun_id=rerun_id)
    if upto is None:
        return False
    this.looked_at += stage(as_of=this.as_of, after=after, upto=upto, rerun_id=rerun_id, locked=True)
    this.billed_to_client_id = upto
    db.session.flush()
    hold_back(after=after, upto=upto, run_id=run_id)
    invoice_ids = _drafted(run_id)
    park_refused(run_id=run_id, at=at)
    if not this.holds_drafts:
        issue_each(invoice_ids=invoice_ids, at=at)
    return True


def finish(*, run_id: int, at: datetime) -> BillingRun:
    """Count what the run made."""
    this = lock(BillingRun, run_id)
    this.state, this.finished_at = JobState.DONE, at
    if this.decided_at:
        return this
    of_run = Invoice.run_id == run_id
    this.invoices = _count(sa.select(sa.func.count(Invoice.id)).where(of_run))
    this.lines = _count(sa.select(sa.func.count(InvoiceLine.id)).join(Invoice).where(of_run))
    this.parked = _count(sa.select(sa.func.count(BillingFailure.id)).filter_by(run_id=run_id))
    totals = (
        sa.select(Invoice.currency, sa.func.sum(Invoice.total_minor)).where(of_run).group_by(Invoice.currency)
    )
    this.totals = {currency: int(minor) for currency, minor in db.session.execute(totals)}
    return this


def request_rerun(
    *, as_of: date, run_id: int | None = None, by: int | None = None, at: datetime
) -> BillingRun:
    """Release what is parked, or what this run parked, and bill exactly these in the background."""
    this = rerun(as_of=as_of, run_id=run_id, by=by, at=at)
    send(BillingRunWaiting(run_id=this.id), by=by, at=at)
    return this


def rerun(*, as_of: date, run_id: int | None = None, by: int | None = None, at: datetime) -> BillingRun:
    """Raises Refused when nothing is parked."""
    this = start(as_of=as_of, by=by, at=at)
    this.is_rerun = True
    if not release_for(rerun_id=this.id, run_id=run_id, by=by, at=at):
        raise Refused("Nothing is parked any more, so there is nothing to bill again. Reload the page.")
    this.due = count_due(as_of, rerun_id=this.id)
    return this


def _drafted(run_id: int) -> list[int]:
    """Draft them all at once; only when the database refuses one, find out which, and draft the others."""
    try:
        with db.session.begin_nested():
            return draft(run_id)
    except DBAPIError:
        park_staged(_unwritable(proposed_ids(), run_id))
        return draft(run_id)


def _unwritable(schedule_ids: list[int], run_id: int) -> dict[int, str]:
    """Which schedules the database refuses, with its reason, found by halving what is staged: all of it comes back."""
    refused: dict[int, str] = {}
    with db.session.begin_nested() as staged:
        keep_staged(schedule_ids)
        fault = _refusal(run_id)
        if fault and len(schedule_ids) == 1:
            refused = {schedule_ids[0]: fault}
        elif fault:
            half = len(schedule_ids) // 2
            refused = _unwritable(schedule_ids[:half], run_id) | _unwritable(schedule_ids[half:], run_id)
        staged.rollback()
    return refused


def _refusal(run_id: int) -> str | None:
    """Why the database refuses what is staged; None when it takes it. Nothing of the try remains."""
    try:
        with db.session.begin_nested() as attempt:
            draft(run_id)
            attempt.rollback()
    except DBAPIError as fault:
        return str(fault.orig).splitlines()[0]
    return None


def _count(query: sa.Select[Any]) -> int:
    return int(db.session.scalar(query) or 0)
