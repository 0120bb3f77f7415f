"""The billing run: every due schedule, in pages of whole clients, each page one commit of its caller.

A page is harmless to repeat: the unique key on the billed period lets no line in twice, and the schedule moves on
with it. A service that cannot be billed is parked with its reason, and the others go on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal.db import batch_lock, db, lock
from portal.domain.billing.drafting import Bill, draft
from portal.domain.billing.issuing import issue_held_or_now
from portal.domain.billing.models import BillingFailure, BillingRun, Invoice, InvoiceLine, RecurringBilling
from portal.domain.billing.rules import Charge, Schedule, lines_due
from portal.domain.clients.models import Client
from portal.domain.company import setting
from portal.domain.errors import DomainError
from portal.domain.events import BillingRunWaiting
from portal.domain.lifecycle.models import ClientService
from portal.domain.money import Money
from portal.domain.periods import Timetable
from portal.domain.words import JobState, ScheduleStatus
from portal.signals import send

CLIENTS_A_PAGE = 400


@dataclass(frozen=True)
class Problem:
    """A schedule that could not be billed, and why, in words."""

    schedule_id: int
    service_id: int
    reason: str


def run(*, as_of: date, by: int | None = None, at: datetime) -> BillingRun:
    """A whole run in one transaction. `portal bill` commits page by page instead."""
    this = start(as_of=as_of, by=by, at=at)
    while bill_page(run_id=this.id, at=at):
        pass
    return finish(run_id=this.id, at=at)


def start(*, as_of: date, by: int | None = None, at: datetime) -> BillingRun:
    this = BillingRun(as_of=as_of, started_at=at, started_by_id=by)
    db.session.add(this)
    db.session.flush()
    return this


def request_run(*, as_of: date, by: int | None = None, at: datetime) -> BillingRun:
    """Have a run worked through in the background, a page of clients at a time."""
    this = start(as_of=as_of, by=by, at=at)
    send(BillingRunWaiting(run_id=this.id), by=by, at=at)
    return this


def continue_run(*, run_id: int, at: datetime) -> None:
    """One page of a requested run; then the next, or the end. Safe to run twice."""
    if lock(BillingRun, run_id).state is JobState.DONE:
        return
    if bill_page(run_id=run_id, at=at):
        send(BillingRunWaiting(run_id=run_id), by=None, at=at)
    else:
        finish(run_id=run_id, at=at)


def bill_page(*, run_id: int, at: datetime) -> bool:
    """Bill the next clients that have something due; False when there was nothing left to do."""
    batch_lock("billing")
    as_of = lock(BillingRun, run_id).as_of
    rows = _due_rows(as_of)
    if not rows:
        return False
    bills, problems = _computed(rows, as_of)
    invoice_ids, bad = _drafted(bills, run_id)
    _park(problems + bad, run_id)
    issue_held_or_now(invoice_ids, at=at)
    return True


def finish(*, run_id: int, at: datetime) -> BillingRun:
    """Count what the run made."""
    this = lock(BillingRun, run_id)
    of_run = Invoice.run_id == run_id
    this.invoices = _count(sa.select(sa.func.count(Invoice.id)).where(of_run))
    this.lines = _count(sa.select(sa.func.count(InvoiceLine.id)).join(Invoice).where(of_run))
    this.parked = _count(sa.select(sa.func.count(BillingFailure.id)).filter_by(run_id=run_id))
    totals = (
        sa.select(Invoice.currency, sa.func.sum(Invoice.total_minor)).where(of_run).group_by(Invoice.currency)
    )
    this.totals = {currency: int(minor) for currency, minor in db.session.execute(totals)}
    this.state, this.finished_at = JobState.DONE, at
    return this


def release(*, service_id: int, at: datetime) -> None:
    """Put a parked schedule back: the next run tries it again."""
    for schedule in db.session.scalars(
        sa.select(RecurringBilling)
        .filter_by(client_service_id=service_id, status=ScheduleStatus.PARKED)
        .with_for_update()
    ):
        schedule.status, schedule.parked_reason = ScheduleStatus.ACTIVE, ""
    db.session.execute(
        sa.update(BillingFailure)
        .filter_by(client_service_id=service_id, settled_at=None)
        .values(settled_at=at)
    )


def preview(client_id: int, as_of: date) -> list[tuple[ClientService, Charge]]:
    """What the next run bills this client up to the day, with the same arithmetic as the run."""
    rows = db.session.execute(_due(as_of).where(RecurringBilling.client_id == client_id)).all()
    bills, _ = _computed(rows, as_of)
    return [
        (db.session.get_one(ClientService, bill.service_id), each) for bill in bills for each in bill.charges
    ]


def _due(as_of: date) -> sa.Select[*tuple[Any, ...]]:
    """One row for each schedule with days to bill: 7, 12, 3, 250000, 'USD', 'monthly', 31, 2026-01-31, …"""
    schedule, limit = RecurringBilling, sa.func.coalesce(RecurringBilling.ends_on, RecurringBilling.paused_on)
    return (
        sa.select(
            schedule.id, schedule.client_service_id, schedule.client_id, schedule.amount_minor, schedule.currency,
            schedule.frequency, schedule.anchor_day, schedule.first_on, schedule.next_bill_date, schedule.ends_on,
            schedule.paused_on, schedule.next_amount_minor, schedule.next_amount_from, schedule.bills_setup,
            ClientService.name, ClientService.quantity, ClientService.prorate, ClientService.setup_cost_minor,
            Client.consolidate_invoices, Client.tax_rate_percent, Client.tax_exempt, Client.po_number,
        )
        .join(ClientService, ClientService.id == schedule.client_service_id)
        .join(Client, Client.id == schedule.client_id)
        .where(
            schedule.status.in_((ScheduleStatus.ACTIVE, ScheduleStatus.PAUSED)),
            schedule.next_bill_date <= as_of,
            sa.or_(limit.is_(None), schedule.next_bill_date < limit),
        )
    )  # fmt: skip


def _due_rows(as_of: date) -> Sequence[sa.Row[Any]]:
    """The due schedules of the next clients, all of a client together, locked in the order of their ids."""
    owners = _due(as_of).with_only_columns(RecurringBilling.client_id).distinct()
    page = owners.order_by(RecurringBilling.client_id).limit(CLIENTS_A_PAGE)
    rows = _due(as_of).where(RecurringBilling.client_id.in_(page.scalar_subquery()))
    return db.session.execute(
        rows.order_by(RecurringBilling.client_id, RecurringBilling.id).with_for_update(of=RecurringBilling)
    ).all()


def _computed(rows: Sequence[sa.Row[Any]], as_of: date) -> tuple[list[Bill], list[Problem]]:
    bills, problems, most = [], [], setting("most_missed_periods")
    for row in rows:
        try:
            bills.append(_bill(row, as_of, most))
        except (DomainError, ValueError) as refusal:
            problems.append(Problem(row.id, row.client_service_id, str(refusal)))
    return bills, problems


def _bill(row: sa.Row[Any], as_of: date, most_missed: int) -> Bill:
    """The charges of one schedule: at the old price up to the day of a new one, then at the new one."""
    charges: list[Charge] = []
    next_bill_on, is_over = row.next_bill_date, False
    for minor, until in _prices(row, as_of):
        schedule = Schedule(
            Money(minor, row.currency),
            Timetable(row.first_on, row.anchor_day, row.frequency),
            next_bill_on,
            row.ends_on or row.paused_on,
            row.prorate,
        )
        due = lines_due(schedule, until, most_missed=most_missed - len(charges))
        charges += due.charges
        next_bill_on, is_over = due.next_bill_on, due.is_over
    return Bill.of(row, tuple(charges), next_bill_on, is_over=is_over)


def _prices(row: sa.Row[Any], as_of: date) -> list[tuple[int, date]]:
    """(price, last day on which a period at it may start), oldest first."""
    if row.next_amount_from is None:
        return [(row.amount_minor, as_of)]
    last_old_day = min(as_of, row.next_amount_from - timedelta(days=1))
    return [(row.amount_minor, last_old_day), (row.next_amount_minor, as_of)]


def _drafted(bills: list[Bill], run_id: int) -> tuple[list[int], list[Problem]]:
    """Draft them all at once; only when the database refuses one, find out which, and draft the others."""
    try:
        with db.session.begin_nested():
            return draft(bills, run_id), []
    except DBAPIError:
        bad = _unwritable(bills, run_id)
        refused = {problem.schedule_id for problem in bad}
        return draft([bill for bill in bills if bill.schedule_id not in refused], run_id), bad


def _unwritable(bills: list[Bill], run_id: int) -> list[Problem]:
    """Which bills the database refuses, found by halving: nothing of the search remains."""
    try:
        with db.session.begin_nested() as savepoint:
            draft(bills, run_id)
            savepoint.rollback()
    except DBAPIError as fault:
        if len(bills) == 1:
            return [Problem(bills[0].schedule_id, bills[0].service_id, str(fault.orig).splitlines()[0])]
        half = len(bills) // 2
        return _unwritable(bills[:half], run_id) + _unwritable(bills[half:], run_id)
    return []


def _park(problems: list[Problem], run_id: int) -> None:
    for problem in problems:
        schedule = lock(RecurringBilling, problem.schedule_id)
        schedule.status, schedule.parked_reason = ScheduleStatus.PARKED, problem.reason
        schedule.paused_on = None
        db.session.add(
            BillingFailure(run_id=run_id, client_service_id=problem.service_id, reason=problem.reason)
        )


def _count(query: sa.Select[Any]) -> int:
    return int(db.session.scalar(query) or 0)
