"""From an activated service to its invoice, and what suspension, transfer and cancellation do to it."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import billing, company, lifecycle
from portal.domain.billing import issuing, running
from portal.domain.billing.models import BillingFailure, Invoice, InvoiceLine, InvoiceSeries, RecurringBilling
from portal.domain.words import InvoiceKind, InvoiceStatus, LineKind, ScheduleStatus
from portal.jobs.prices import change_prices
from portal.jobs.worker import drain_all
from tests.factories import make_client, make_product, make_service

START = date(2026, 1, 11)
pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(autouse=True)
def at_the_start(clock):
    clock.set(START)
    return clock


def act(verb, **facts):
    with transaction():
        result = verb(**facts, by=None, at=portal_clock.now())
    drain_all()
    return result


def run(clock, on: date):
    clock.set(on)
    with transaction():
        return running.run(as_of=on, at=portal_clock.now()).id


def active(**facts):
    service = make_service(status="active", start_date=START, **facts)
    drain_all()
    return service


def lines(*kinds, service=None):
    rows = sa.select(InvoiceLine).order_by(InvoiceLine.id)
    if service is not None:
        rows = rows.filter_by(client_service_id=service.id)
    return [
        (str(each.kind), each.period_start, each.period_end, each.amount_minor)
        for each in db.session.scalars(rows)
        if not kinds or each.kind in kinds
    ]


def schedules(service):
    return db.session.scalars(
        sa.select(RecurringBilling).filter_by(client_service_id=service.id).order_by(RecurringBilling.id)
    ).all()


def test_activation_makes_the_schedule_from_the_start_date():
    client = make_client(billing_day=1)
    service = active(client=client)
    (schedule,) = schedules(service)
    assert (schedule.anchor_day, schedule.first_on, schedule.next_bill_date) == (1, START, START)
    assert schedule.status is ScheduleStatus.ACTIVE


def test_a_free_service_gets_no_schedule():
    assert schedules(active(cycle_price_minor=0)) == []


def test_the_first_invoice_has_a_stub_and_the_setup_fee_once(clock):
    """3,100.00 monthly, anchor 1, from 11 Jan: 21 of 31 days → 2,100.00 (rule book 4)."""
    product = make_product(cycle_price_minor=310_000, setup_fee_minor=50_000)
    service = active(product=product, client=make_client(billing_day=1))
    run(clock, START)
    run(clock, date(2026, 2, 1))
    assert lines() == [
        ("setup_fee", START, None, 50_000),
        ("recurring", START, date(2026, 2, 1), 210_000),
        ("recurring", date(2026, 2, 1), date(2026, 3, 1), 310_000),
    ]
    first = db.session.scalars(sa.select(InvoiceLine).filter_by(kind=LineKind.RECURRING)).first()
    assert first.description == f"{service.name} – 21 of 31 days"


def test_running_again_makes_nothing(clock):
    active()
    run(clock, START)
    before = lines()
    run(clock, START)
    assert lines() == before
    assert db.session.scalar(sa.select(sa.func.count(Invoice.id))) == 1


def test_missed_months_are_caught_up_oldest_first(clock):
    active()
    run(clock, date(2026, 3, 20))
    assert [each[1] for each in lines()] == [date(2026, month, 11) for month in (1, 2, 3)]


def test_a_year_of_missed_weeks_parks_the_schedule_until_it_is_released(clock):
    service = active(product=make_product(billing_cycle="weekly"))
    run(clock, date(2026, 12, 31))
    assert lines() == []
    (schedule,) = schedules(service)
    assert schedule.status is ScheduleStatus.PARKED and "12 periods" in schedule.parked_reason
    assert db.session.scalar(sa.select(sa.func.count(BillingFailure.id))) == 1
    with transaction():
        company.change(values={"most_missed_periods": 60}, by=None, at=portal_clock.now())
        billing.release(service_id=service.id, at=portal_clock.now())
    run(clock, date(2026, 12, 31))
    assert len(lines()) == 51


def test_lines_of_a_client_are_gathered_unless_it_wants_one_invoice_each(clock):
    together, apart = make_client(), make_client(consolidate_invoices=False)
    for client in (together, together, apart, apart):
        active(client=client)
    run(clock, START)
    by_client = dict(
        db.session.execute(sa.select(Invoice.client_id, sa.func.count()).group_by(Invoice.client_id)).all()
    )
    assert by_client == {together.id: 1, apart.id: 2}


def test_numbers_have_no_gap_after_a_rollback(clock):
    active()

    def broken_run():
        with transaction():
            running.run(as_of=START, at=portal_clock.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_run()
    run(clock, START)
    run(clock, date(2026, 2, 11))
    numbers = db.session.scalars(sa.select(Invoice.number).order_by(Invoice.id)).all()
    assert numbers == ["INV-000001", "INV-000002"]


def test_the_millionth_number_is_not_cut(clock):
    active()
    with transaction():
        db.session.add(InvoiceSeries(kind=InvoiceKind.INVOICE, prefix="", next_number=1_234_567))
    run(clock, START)
    assert db.session.scalars(sa.select(Invoice.number)).one() == "INV-1234567"


def test_tax_is_rounded_once_per_rate(clock):
    """Lines 55.55 and 11.11 at 23 % → tax 15.33 (rule book 4)."""
    client = make_client(tax_rate_percent=23)
    for price in (5_555, 1_111):
        active(client=client, cycle_price_minor=price)
    run(clock, START)
    invoice = db.session.scalars(sa.select(Invoice)).one()
    assert (invoice.subtotal_minor, invoice.tax_minor, invoice.total_minor) == (6_666, 1_533, 8_199)


def test_with_approval_a_run_leaves_drafts_without_a_number(clock):
    with transaction():
        company.change(values={"approve_runs": True}, by=None, at=portal_clock.now())
    active()
    run(clock, START)
    invoice = db.session.scalars(sa.select(Invoice)).one()
    assert (invoice.status, invoice.number) == (InvoiceStatus.DRAFT, None)
    act(billing.issue, invoice_id=invoice.id)
    assert (invoice.number, invoice.due_on) == ("INV-000001", START + timedelta(days=30))
    assert invoice.party["client"]["name"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE invoices SET total_minor = total_minor + 1, subtotal_minor = subtotal_minor + 1",
        "UPDATE invoices SET number = 'X'",
        "UPDATE invoices SET status = 'draft', number = NULL, issued_on = NULL",
        "DELETE FROM invoices",
        "UPDATE invoice_lines SET amount_minor = 1",
        "UPDATE invoice_lines SET period_start = period_start - 1",
        "DELETE FROM invoice_lines",
        "INSERT INTO invoice_lines (invoice_id, kind, description, quantity, amount_minor, tax_rate_percent)"
        " SELECT id, 'adjustment', 'x', 1, 1, 0 FROM invoices",
        "UPDATE invoice_taxes SET tax_minor = 1",
    ],
)
def test_an_issued_invoice_is_frozen(clock, change):
    active()
    run(clock, START)
    with pytest.raises(DBAPIError, match="issued"), db.session.begin_nested():
        db.session.execute(sa.text(change))


def test_suspension_credits_the_unused_days(clock):
    """249.95 for 2 Mar–2 Apr, suspended on 4 Mar → credit 233.82 (rule book 4)."""
    clock.set(date(2026, 3, 2))
    service = make_service(status="active", start_date=date(2026, 3, 2), cycle_price_minor=24_995)
    drain_all()
    run(clock, date(2026, 3, 2))
    clock.set(date(2026, 3, 4))
    act(lifecycle.suspend, service_id=service.id, reason="unpaid")
    assert lines(LineKind.CREDIT) == [("credit", date(2026, 3, 4), date(2026, 4, 2), -23_382)]
    note = db.session.scalars(sa.select(Invoice).filter_by(kind=InvoiceKind.CREDIT_NOTE)).one()
    assert (note.number, note.total_minor) == ("CN-000001", -23_382)


def test_a_suspended_service_is_not_billed_and_the_gap_never_is(clock):
    service = active(cycle_price_minor=31_000)
    run(clock, START)
    clock.set(date(2026, 1, 21))
    act(lifecycle.suspend, service_id=service.id, reason="unpaid")
    run(clock, date(2026, 3, 1))
    clock.set(date(2026, 3, 5))
    act(lifecycle.resume, service_id=service.id)
    run(clock, date(2026, 3, 11))
    assert lines(LineKind.RECURRING) == [
        ("recurring", date(2026, 1, 11), date(2026, 2, 11), 31_000),
        ("recurring", date(2026, 3, 5), date(2026, 3, 11), round(31_000 * 6 / 28)),
        ("recurring", date(2026, 3, 11), date(2026, 4, 11), 31_000),
    ]
    assert lines(LineKind.CREDIT) == [("credit", date(2026, 1, 21), date(2026, 2, 11), -21_000)]


def test_days_before_a_pause_that_no_run_has_billed_are_billed_later(clock):
    service = active(cycle_price_minor=31_000)
    clock.set(date(2026, 1, 21))
    act(lifecycle.suspend, service_id=service.id, reason="unpaid")
    clock.set(date(2026, 2, 1))
    act(lifecycle.resume, service_id=service.id)
    run(clock, date(2026, 2, 1))
    assert [each[1:] for each in lines(LineKind.RECURRING)] == [
        (date(2026, 1, 11), date(2026, 1, 21), 10_000),
        (date(2026, 2, 1), date(2026, 2, 11), 10_000),
    ]


def test_suspended_and_resumed_on_the_first_day_is_billed_again(clock):
    service = active()
    run(clock, START)
    act(lifecycle.suspend, service_id=service.id, reason="by mistake")
    act(lifecycle.resume, service_id=service.id)
    run(clock, START)
    assert sum(each[3] for each in lines()) == 100_000


def test_without_credit_the_days_that_were_paid_are_not_billed_again(clock):
    service = active(client=make_client(credit_on_suspend=False))
    run(clock, START)
    clock.set(date(2026, 1, 21))
    act(lifecycle.suspend, service_id=service.id, reason="unpaid")
    act(lifecycle.resume, service_id=service.id)
    run(clock, date(2026, 2, 11))
    assert [each[1] for each in lines()] == [START, date(2026, 2, 11)]


def test_a_cancellation_credits_the_rest_and_bills_the_fee(clock):
    service = active(cycle_price_minor=31_000)
    run(clock, START)
    clock.set(date(2026, 1, 21))
    act(lifecycle.cancel, service_id=service.id, effective_on=date(2026, 1, 21), reason="gone")
    run(clock, date(2026, 6, 1))
    assert lines(LineKind.CREDIT)[0][3] == -21_000
    assert [each[3] for each in lines(LineKind.CANCELLATION_FEE)] == [service.cancellation_fee_minor]
    assert len(lines(LineKind.RECURRING)) == 1
    assert schedules(service)[0].status is ScheduleStatus.ENDED


def test_a_cancellation_bills_the_days_before_it_that_no_run_has_billed(clock):
    service = active(cycle_price_minor=31_000)
    clock.set(date(2026, 1, 21))
    act(lifecycle.cancel, service_id=service.id, effective_on=date(2026, 1, 21), reason="gone")
    run(clock, date(2026, 1, 22))
    assert lines(LineKind.RECURRING) == [("recurring", START, date(2026, 1, 21), 10_000)]


@pytest.mark.parametrize(("unused", "credits", "open_minor"), [("nothing", 0, 31_000), ("deduct", 1, 10_000)])
def test_unused_days_can_be_kept_or_deducted(clock, unused, credits, open_minor):
    service = active(cycle_price_minor=31_000)
    run(clock, START)
    clock.set(date(2026, 1, 21))
    act(lifecycle.cancel, service_id=service.id, effective_on=date(2026, 1, 21), reason="gone", unused=unused)
    first = db.session.scalars(sa.select(Invoice).order_by(Invoice.id)).first()
    assert (len(lines(LineKind.CREDIT)), first.open_amount.minor) == (credits, open_minor)


def test_a_transfer_credits_the_old_client_and_bills_the_new_one_on_its_anchor(clock):
    service = active(cycle_price_minor=31_000)
    run(clock, START)
    old, new = service.client_id, make_client(billing_day=1)
    clock.set(date(2026, 1, 21))
    act(lifecycle.transfer, service_id=service.id, client_id=new.id, effective_on=date(2026, 1, 21))
    run(clock, date(2026, 2, 1))
    by_client = db.session.execute(
        sa.select(
            Invoice.client_id, InvoiceLine.period_start, InvoiceLine.period_end, InvoiceLine.amount_minor
        )
        .join(InvoiceLine)
        .order_by(InvoiceLine.id)
    ).all()
    assert [tuple(each) for each in by_client] == [
        (old, START, date(2026, 2, 11), 31_000),
        (old, date(2026, 1, 21), date(2026, 2, 11), -21_000),
        (new.id, date(2026, 1, 21), date(2026, 2, 1), 11_000),
        (new.id, date(2026, 2, 1), date(2026, 3, 1), 31_000),
    ]


def test_a_renewal_bills_its_price_from_the_new_term_on(clock):
    product = make_product(uplift_percent=10, term_months=2)
    service = active(product=product, auto_renewal=True)
    act(lifecycle.renew, service_id=service.id, months=2)
    clock.set(date(2026, 4, 20))
    change_prices(date(2026, 4, 20))
    drain_all()
    run(clock, date(2026, 4, 20))
    assert [each[3] for each in lines()] == [100_000, 100_000, 110_000, 110_000]


def test_one_time_work_is_billed_once(clock):
    service = active(product=make_product(billing_cycle="one-time", term_months=0))
    for day in (START, date(2026, 2, 11)):
        run(clock, day)
    assert [each[3] for each in lines()] == [100_000]
    assert schedules(service)[0].status is ScheduleStatus.ENDED


def test_one_bad_service_is_parked_and_the_others_are_billed(clock, session):
    client = make_client()
    good, bad, other = (active(client=client) for _ in range(3))
    session.execute(sa.text("ALTER TABLE invoice_lines ADD CONSTRAINT poison CHECK (client_service_id <> :id)"
                            .replace(":id", str(bad.id))))  # fmt: skip
    run(clock, START)
    billed = set(db.session.scalars(sa.select(InvoiceLine.client_service_id)))
    assert billed == {good.id, other.id}
    assert "poison" in schedules(bad)[0].parked_reason
    session.execute(sa.text("ALTER TABLE invoice_lines DROP CONSTRAINT poison"))
    with transaction():
        billing.release(service_id=bad.id, at=portal_clock.now())
    run(clock, START)
    assert bad.id in set(db.session.scalars(sa.select(InvoiceLine.client_service_id)))


def test_a_preview_is_what_is_billed(clock):
    client = make_client(billing_day=5)
    for _ in range(3):
        active(client=client)
    expected = [charge.amount.minor for _, charge in billing.preview(client.id, START)]
    run(clock, START)
    assert [each[3] for each in lines(LineKind.RECURRING)] == expected


def test_a_void_invoice_keeps_its_number_and_frees_its_days(clock):
    active()
    run(clock, START)
    invoice = db.session.scalars(sa.select(Invoice)).one()
    act(billing.void, invoice_id=invoice.id, reason="wrong client")
    assert (invoice.status, invoice.number) == (InvoiceStatus.VOID, "INV-000001")
    assert all(line.is_void for line in invoice.lines)


def test_only_the_issuing_module_numbers(clock):
    active()
    run(clock, START)
    assert issuing.issue_each(invoice_ids=[1, 2, 3], at=portal_clock.now()) == 0
