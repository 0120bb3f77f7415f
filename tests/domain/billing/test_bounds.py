"""M10: what no run bills without a person's word."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import billing, lifecycle
from portal.domain.billing import running
from portal.domain.billing.bounds import Claim, Proposal, reason_to_park
from portal.domain.billing.models import BillingFailure, Invoice, InvoiceLine, RecurringBilling
from portal.domain.errors import Refused
from portal.domain.money import Money
from portal.domain.periods import Period
from portal.domain.words import ScheduleStatus
from portal.jobs.worker import drain_all
from tests.factories import make_client, make_service

START = date(2026, 1, 11)


def claim(start: str, days: int, minor: int) -> Claim:
    first = date.fromisoformat(start)
    return Claim(Period(first, first + timedelta(days=days)), Money(minor, "USD"))


def proposal(*claims: Claim, **facts: object) -> Proposal:
    total = Money(sum(each.amount.minor for each in claims), "USD")
    return Proposal(
        **{"claims": claims, "total": total, "last": None, "taken": (), "lines_today": len(claims)} | facts
    )


MONTH = claim("2026-02-01", 28, 10_000)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (proposal(MONTH), None),
        (proposal(MONTH, last=claim("2026-01-01", 31, 1_000)), None),
        (proposal(MONTH, last=claim("2026-01-01", 31, 999)), "more than 10 times the last period, 9.99 USD"),
        (proposal(MONTH, last=claim("2026-01-31", 1, 323)), None),
        (proposal(MONTH, last=claim("2026-01-31", 1, 0)), None),
        (proposal(claim("2026-02-01", 2, 10_000), last=claim("2026-01-01", 31, 10_000)), None),
        (proposal(MONTH, last=claim("2026-01-01", 31, 999), is_cleared=True), None),
        (proposal(MONTH, taken=(Period(date(2026, 1, 1), date(2026, 2, 1)),)), None),
        (proposal(MONTH, taken=(Period(date(2026, 1, 1), date(2026, 2, 2)),)), "The days 2026-02-01/2026-02-02"),
        (proposal(MONTH, taken=(MONTH.period,), is_cleared=True), "billed already"),
        (proposal(MONTH, claim("2026-02-28", 3, 5)), "billed already"),
        (proposal(MONTH, lines_today=15), None),
        (proposal(MONTH, lines_today=16), "16 lines in one day"),
        (proposal(MONTH, lines_today=16, is_cleared=True), None),
        (proposal(claim("2026-02-01", 28, -1)), "never negative"),
        (proposal(claim("2026-02-01", 28, -1), is_cleared=True), "never negative"),
        (proposal(MONTH, claim("2026-03-01", 31, -10_001), is_cleared=True), "never negative"),
    ],
)  # fmt: skip
def test_each_bound(asked, reason):
    found = reason_to_park(asked)
    assert found is None if reason is None else reason in found


@pytest.fixture(autouse=True)
def begin(session, clock):
    clock.set(START)


def run(clock, on: date):
    clock.set(on)
    with transaction():
        return running.run(as_of=on, at=portal_clock.now())


def rerun(**facts):
    with transaction():
        again = running.rerun(as_of=portal_clock.today(), at=portal_clock.now(), **facts)
        while running.bill_page(run_id=again.id, at=portal_clock.now()):
            pass
        return running.finish(run_id=again.id, at=portal_clock.now())


def active(**facts):
    service = make_service(status="active", start_date=START, cycle_price_minor=10_000, **facts)
    drain_all()
    return service


def schedule_of(service):
    db.session.expire_all()
    return db.session.scalars(sa.select(RecurringBilling).filter_by(client_service_id=service.id)).one()


def change_schedule(service, **values):
    with transaction():
        db.session.execute(
            sa.update(RecurringBilling).filter_by(client_service_id=service.id).values(**values, version=7)
        )


def lines_of(service) -> int:
    return db.session.scalar(sa.select(sa.func.count(InvoiceLine.id)).filter_by(client_service_id=service.id))


BEYOND = {
    "days that are billed": ({"next_bill_date": date(2026, 2, 1)}, "billed already"),
    "eleven times the last price": ({"amount_minor": 110_000}, "more than 10 times the last period"),
    "fourteen periods behind": (
        {"first_on": date(2025, 1, 11), "next_bill_date": date(2025, 1, 11)}, "More than 12 periods are unbilled",
    ),
}  # fmt: skip


@pytest.mark.parametrize("beyond", BEYOND)
def test_what_is_beyond_a_bound_is_parked_and_the_rest_of_the_invoice_goes_on(clock, beyond):
    values, reason = BEYOND[beyond]
    client = make_client()
    odd, other = active(client=client), active(client=client)
    run(clock, START)
    change_schedule(odd, **values)
    made = run(clock, date(2026, 2, 11))

    assert (made.lines, made.invoices, made.parked) == (1, 1, 1)
    assert schedule_of(odd).status is ScheduleStatus.PARKED and reason in schedule_of(odd).parked_reason
    assert db.session.scalars(sa.select(BillingFailure.reason)).one() == schedule_of(odd).parked_reason
    assert (lines_of(odd), lines_of(other)) == (1, 2)


def test_a_negative_line_is_never_billed(clock, session):
    """The schema keeps such a price out; the net is there in case it does not."""
    service = active()
    session.execute(sa.text("ALTER TABLE recurring_billings DROP CONSTRAINT ck_recurring_billings_amount"))
    change_schedule(service, amount_minor=-5)
    assert (run(clock, START).lines, schedule_of(service).status) == (0, ScheduleStatus.PARKED)
    assert "never negative" in schedule_of(service).parked_reason


def test_a_person_s_word_lets_an_amount_pass_once(clock):
    service = active()
    run(clock, START)
    change_schedule(service, amount_minor=110_000)
    run(clock, date(2026, 2, 11))
    with transaction():
        billing.release(service_id=service.id, at=portal_clock.now())
    assert run(clock, date(2026, 2, 11)).lines == 1
    assert not schedule_of(service).is_cleared


def test_a_rerun_bills_exactly_what_is_parked(clock):
    odd, other, late = active(), active(), active()
    run(clock, START)
    change_schedule(odd, amount_minor=110_000)
    first = run(clock, date(2026, 2, 11))
    change_schedule(late, next_bill_date=date(2026, 2, 11))  # due, and not parked
    again = rerun(run_id=first.id)
    assert (again.due, again.lines, lines_of(odd)) == (1, 1, 2)
    with pytest.raises(Refused):
        rerun(run_id=first.id)
    assert lines_of(other) == 2


def test_days_that_were_credited_are_billed_again(clock):
    """Suspended on 21 Jan with a credit, resumed on 25 Jan: the first line goes on to 11 Feb, less its credit."""
    service = active()
    run(clock, START)
    for day, move, facts in (
        (date(2026, 1, 21), lifecycle.suspend, {"reason": "unpaid"}),
        (date(2026, 1, 25), lifecycle.resume, {}),
    ):
        clock.set(day)
        with transaction():
            move(service_id=service.id, by=None, at=portal_clock.now(), **facts)
        drain_all()
    made = run(clock, date(2026, 1, 25))
    assert (made.lines, made.parked) == (1, 0)


def test_what_stands_on_an_invoice_already_is_passed_over(clock):
    service = active()
    run(clock, START)
    change_schedule(service, next_bill_date=START)
    made = run(clock, date(2026, 2, 11))
    assert (made.lines, made.parked, schedule_of(service).next_bill_date) == (1, 0, date(2026, 3, 11))
    assert db.session.scalar(sa.select(sa.func.count(Invoice.id))) == 2


def test_a_service_that_is_suspended_while_it_is_parked_is_not_billed_for_the_gap(clock):
    service = active()
    run(clock, START)
    change_schedule(service, amount_minor=110_000)
    run(clock, date(2026, 2, 11))
    with transaction():
        lifecycle.suspend(service_id=service.id, reason="unpaid", by=None, at=portal_clock.now())
    drain_all()
    assert schedule_of(service).status is ScheduleStatus.PARKED
    with transaction():
        billing.release(service_id=service.id, at=portal_clock.now())
    assert schedule_of(service).status is ScheduleStatus.PAUSED
    assert run(clock, date(2026, 4, 11)).lines == 0
