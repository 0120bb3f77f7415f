"""The daily batches, each step a commit of its own: a kill leaves nothing half done, and the next run goes on."""

from datetime import date, datetime

from portal import clock
from portal.clock import now
from portal.db import batch_lock, db, transaction
from portal.domain import lifecycle, receivables
from portal.domain.billing import previewing, running
from portal.domain.billing.models import BillingRun
from portal.domain.lifecycle.cancelling import BatchResult
from portal.domain.renewals import grace, reminding
from portal.domain.renewals import running as renewing
from portal.domain.staff import sign_in


def bill(as_of: date, *, by: int | None = None) -> BillingRun:
    """A billing run, page by page. A run that died half-way is simply followed by another: lines come once."""
    with transaction():
        run_id = running.start(as_of=as_of, by=by, at=now()).id
    more = True
    while more:
        with transaction():
            _be_patient()
            more = running.bill_page(run_id=run_id, at=now())
    with transaction():
        running.finish(run_id=run_id, at=now())
    return db.session.get_one(BillingRun, run_id)


def rehearse_billing(as_of: date) -> dict[str, object]:
    """What a run would make, without making it: the preview of the page."""
    with transaction():
        _be_patient()
        seen = previewing.preview_run(as_of)
    return {
        "run": None,
        "as_of": as_of.isoformat(),
        "lines": seen.lines,
        "invoices": seen.invoices,
        "parked": seen.parked_count,
        "totals_minor": {each.total.currency: each.total.minor for each in seen.sums},
    }


def _be_patient() -> None:
    db.session.connection().exec_driver_sql("SET LOCAL statement_timeout = '120s'")


def summary(run: BillingRun) -> dict[str, object]:
    """A run as `portal bill --json` tells it."""
    return {
        "run": run.id,
        "as_of": run.as_of.isoformat(),
        "lines": run.lines,
        "invoices": run.invoices,
        "parked": run.parked,
        "totals_minor": run.totals,
    }


def cancel_due(as_of: date) -> BatchResult:
    """Carry out the scheduled cancellations that have come."""
    with transaction():
        batch_lock("cancellations")
        return lifecycle.carry_out_cancellations(as_of=as_of, at=now())


def remind_of_payments(as_of: date) -> int:
    """Remind clients of overdue invoices; how many reminders. Each mail is a delivery of its own."""
    with transaction():
        return receivables.remind(as_of=as_of, at=now())


def renew(as_of: date, *, by: int | None = None) -> renewing.Report:
    """Renew what renews by itself, page by page; how many, and what is held with every reason."""
    report = renewing.Report()
    while not report.is_done:
        with transaction():
            _be_patient()
            renewing.run_page(report, as_of=as_of, by=by, at=now())
    return report


def remind_of_renewals(as_of: date) -> int:
    """Tell of terms that are about to end; how many reminders. Each mail is a delivery of its own."""
    with transaction():
        return reminding.remind(as_of=as_of, at=now())


def end_grace(as_of: date) -> BatchResult:
    """Complete the services whose grace has passed, page by page."""
    done, seen = 0, 0
    failed: list[tuple[int, str]] = []
    while True:
        with transaction():
            page, seen = grace.complete_page(as_of=as_of, after=seen, at=now())
        done += page.done
        failed += page.failed
        if not seen:
            return BatchResult(done, tuple(failed))


def renew_on_schedule(slot: datetime) -> None:
    renew(clock.today())


def remind_of_renewals_on_schedule(slot: datetime) -> None:
    remind_of_renewals(clock.today())


def end_grace_on_schedule(slot: datetime) -> None:
    end_grace(clock.today())


def bill_on_schedule(slot: datetime) -> None:
    bill(clock.today())


def cancel_on_schedule(slot: datetime) -> None:
    cancel_due(clock.today())


def remind_on_schedule(slot: datetime) -> None:
    remind_of_payments(clock.today())


def tidy_sign_ins(slot: datetime) -> None:
    with transaction():
        sign_in.forget_old(at=now())
