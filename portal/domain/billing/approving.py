"""What becomes of the drafts that a run was told to hold: a person approves them, or discards them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from portal.db import batch_lock, db, lock
from portal.domain.billing.issuing import issue_each
from portal.domain.billing.models import BillingRun, Invoice
from portal.domain.billing.voiding import delete_draft
from portal.domain.errors import Refused
from portal.domain.events import BillingRunDecided, BillingRunWaiting
from portal.domain.money import Money
from portal.domain.words import InvoiceStatus, JobState
from portal.signals import send

# Issuing is a few statements for all of them; discarding looks at each service.
DRAFTS_A_PAGE = {False: 2_000, True: 100}


@dataclass(frozen=True)
class Held:
    """The drafts of a run that wait for a decision: how many, and what they come to in each currency."""

    drafts: int
    totals: tuple[Money, ...]


def held(run_id: int) -> Held:
    sums = sa.select(Invoice.currency, sa.func.count(), sa.func.sum(Invoice.total_minor)).where(
        _drafts_of(run_id)
    )
    rows = db.session.execute(sums.group_by(Invoice.currency).order_by(Invoice.currency)).all()
    return Held(
        sum(count for _, count, _ in rows), tuple(Money(int(total), currency) for currency, _, total in rows)
    )


def approve(*, run_id: int, by: int | None, at: datetime) -> None:
    """Have all drafts of a run issued in the background. Raises Refused."""
    _decide(run_id, is_discarded=False, by=by, at=at)


def discard(*, run_id: int, by: int | None, at: datetime) -> None:
    """Have all drafts of a run deleted in the background; the next run bills their days again. Raises Refused."""
    _decide(run_id, is_discarded=True, by=by, at=at)


def settle_page(*, run_id: int, at: datetime) -> bool:
    """Issue or delete the next drafts of a decided run; False when nothing was left to do."""
    batch_lock("billing")
    this = lock(BillingRun, run_id)
    drafts = sa.select(Invoice.id).where(_drafts_of(run_id), Invoice.id > this.decided_to_id)
    ids = db.session.scalars(drafts.order_by(Invoice.id).limit(DRAFTS_A_PAGE[this.is_discarded])).all()
    if not ids:
        return False
    this.decided_to_id, by = ids[-1], this.decided_by_id
    db.session.flush()
    if this.is_discarded:
        _delete(ids, by=by, at=at)
    else:
        issue_each(invoice_ids=ids, by=by, at=at)
    return True


def _delete(invoice_ids: Sequence[int], *, by: int | None, at: datetime) -> None:
    """A draft that a credit note corrects already cannot go: it stays, for a person to decide about it alone."""
    for invoice_id in invoice_ids:
        try:
            with db.session.begin_nested():
                delete_draft(invoice_id=invoice_id, by=by, at=at)
        except Refused:
            continue


def _decide(run_id: int, *, is_discarded: bool, by: int | None, at: datetime) -> None:
    this = lock(BillingRun, run_id)
    waiting = held(run_id)
    if this.state is not JobState.DONE or not waiting.drafts:
        raise Refused("No draft of this run waits for a decision any more. Reload the page.")
    this.decided_at, this.decided_by_id, this.is_discarded = at, by, is_discarded
    this.state, this.decided_to_id = JobState.RUNNING, 0
    decided = BillingRunDecided(
        run_id=run_id,
        decision="discarded" if is_discarded else "approved",
        drafts=waiting.drafts,
        totals={total.currency: total.minor for total in waiting.totals},
    )
    send(decided, by=by, at=at)
    send(BillingRunWaiting(run_id=run_id), by=by, at=at)


def _drafts_of(run_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(Invoice.run_id == run_id, Invoice.status == InvoiceStatus.DRAFT)
