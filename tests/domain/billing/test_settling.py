"""Money that settles documents: payments, account credit, refunds, and what a void sets free."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import billing, company, lifecycle
from portal.domain.billing.accounts import balances
from portal.domain.billing.settling_models import Allocation, Payment, Refund
from portal.domain.errors import Invalid, Refused
from portal.domain.money import Money
from portal.domain.words import InvoiceKind, InvoiceStatus
from portal.outbox import EventRecord
from tests.domain.billing.settling import START, act, active, credit_of, documents, run, usd, violated
from tests.factories import make_client

pytestmark = pytest.mark.usefixtures("session")
FEBRUARY = date(2026, 2, 1)


@pytest.fixture(autouse=True)
def sound_books(session, clock):
    clock.set(START)
    yield
    assert violated() == {}


@pytest.fixture
def service(clock):
    """1,000.00 a month, billed for January."""
    service = active()
    run(clock, START)
    return service


def pay(amount, **facts):
    facts.setdefault("received_on", portal_clock.today())
    return act(billing.record_payment, amount=usd(amount), **facts)


def settle_by_itself(value):
    with transaction():
        company.change(values={"apply_account_credit": value}, by=None, at=portal_clock.now())


def test_payments_in_parts_settle_an_invoice(service):
    (invoice,) = documents()
    pay("400.00", invoice_id=invoice.id)
    assert (invoice.status, invoice.open_amount) == (InvoiceStatus.PARTLY_PAID, usd("600.00"))
    pay("600.00", invoice_id=invoice.id)
    assert (invoice.status, invoice.open_amount) == (InvoiceStatus.PAID, usd("0.00"))


def test_what_is_paid_too_much_is_account_credit(service):
    (invoice,) = documents()
    pay("1000.01", invoice_id=invoice.id)
    pay("50.00", invoice_id=invoice.id)
    assert invoice.status is InvoiceStatus.PAID
    assert credit_of(service.client_id) == 50_01


def test_an_advance_is_account_credit_and_settles_the_next_invoice(service, clock):
    pay("1500.00", client_id=service.client_id)
    assert credit_of(service.client_id) == 1_500_00
    run(clock, FEBRUARY)
    january, february = documents()
    assert (january.paid_minor, february.status) == (0, InvoiceStatus.PAID)
    assert credit_of(service.client_id) == 500_00


def test_account_credit_waits_when_the_setting_says_so(service, clock):
    settle_by_itself(False)
    pay("300.00", client_id=service.client_id)
    run(clock, FEBRUARY)
    february = documents()[-1]
    assert (february.paid_minor, credit_of(service.client_id)) == (0, 300_00)
    assert act(billing.apply_credit, invoice_id=february.id, amount=usd("100.00")) == usd("100.00")
    assert act(billing.apply_credit, invoice_id=february.id) == usd("200.00")
    assert (february.paid_minor, credit_of(service.client_id)) == (300_00, 0)
    with pytest.raises(Refused, match="no account credit"):
        act(billing.apply_credit, invoice_id=february.id)


@pytest.mark.parametrize("amount", ["0.00", "300.01", "-1.00"])
def test_no_more_credit_is_applied_than_there_is(service, clock, amount):
    settle_by_itself(False)
    pay("300.00", client_id=service.client_id)
    with pytest.raises(Invalid, match=r"at most 300\.00 USD"):
        act(billing.apply_credit, invoice_id=documents()[0].id, amount=usd(amount))


def test_a_refund_takes_account_credit_and_never_more(service):
    pay("200.00", client_id=service.client_id)
    pay("100.00", client_id=service.client_id)
    paid_back = {"client_id": service.client_id, "refunded_on": START}
    with pytest.raises(Invalid, match=r"300\.00 USD"):
        act(billing.refund, amount=usd("300.01"), **paid_back)
    act(billing.refund, amount=usd("250.00"), reference="BACK-1", **paid_back)
    assert credit_of(service.client_id) == 50_00
    assert [each.amount_minor for each in db.session.scalars(sa.select(Allocation))] == [200_00, 50_00]
    event = db.session.scalars(sa.select(EventRecord).filter_by(kind="refund_recorded")).one()
    assert (event.payload["amount_minor"], event.payload["reference"]) == (250_00, "BACK-1")


def test_credit_of_one_currency_settles_nothing_in_another(service, clock):
    act(billing.record_payment, client_id=service.client_id, amount=Money(500, "EUR"), received_on=START)
    run(clock, FEBRUARY)
    assert documents()[-1].paid_minor == 0
    assert [(str(each.owed), str(each.credit)) for each in balances(service.client_id)] == [
        ("0.00 EUR", "5.00 EUR"),
        ("2000.00 USD", "0.00 USD"),
    ]


def test_the_credit_of_one_client_settles_nothing_of_another(service, clock):
    pay("500.00", client_id=make_client().id)
    run(clock, FEBRUARY)
    assert documents()[-1].paid_minor == 0


@pytest.mark.parametrize(
    ("amount", "received_on", "field"),
    [
        ("0.00", START, "amount"),
        ("-5.00", START, "amount"),
        ("5.00", START + timedelta(days=1), "received_on"),
    ],
)
def test_a_payment_that_cannot_be_is_refused_at_its_field(service, amount, received_on, field):
    with pytest.raises(Invalid) as refusal:
        pay(amount, invoice_id=documents()[0].id, received_on=received_on)
    assert set(refusal.value.faults) == {field}
    assert db.session.scalars(sa.select(Payment)).all() == []


def test_credit_for_unused_days_stays_on_the_account_until_the_next_invoice(service, clock):
    """Rule book 4: credit note (default), deducted from an unpaid invoice, or nothing."""
    other = active(client=service.client, start_date=FEBRUARY)
    clock.set(date(2026, 1, 17))
    act(lifecycle.suspend, service_id=service.id, reason="unpaid")
    (january,) = documents()
    assert (january.paid_minor, credit_of(service.client_id)) == (0, 483_87)
    run(clock, FEBRUARY)
    february = documents()[-1]
    assert (february.lines[0].client_service_id, february.paid_minor) == (other.id, 483_87)


def test_a_deducted_credit_waits_for_the_approval_of_its_note(service, clock):
    with transaction():
        company.change(values={"approve_runs": True}, by=None, at=portal_clock.now())
    clock.set(date(2026, 1, 17))
    cancel = {
        "service_id": service.id,
        "effective_on": date(2026, 1, 17),
        "reason": "gone",
        "unused": "deduct",
    }
    act(lifecycle.cancel, **cancel)
    (note,) = documents(InvoiceKind.CREDIT_NOTE)
    assert (note.status, documents()[0].paid_minor) == (InvoiceStatus.DRAFT, 0)
    act(billing.issue, invoice_id=note.id)
    assert (documents()[0].paid_minor, note.status) == (483_87, InvoiceStatus.PAID)


def test_voiding_a_paid_invoice_frees_the_money(service):
    (invoice,) = documents()
    pay("400.00", invoice_id=invoice.id)
    act(billing.void, invoice_id=invoice.id, reason="wrong address")
    assert (invoice.status, invoice.paid_minor) == (InvoiceStatus.VOID, 0)
    assert credit_of(service.client_id) == 400_00
    event = db.session.scalars(sa.select(EventRecord).filter_by(kind="invoice_voided")).one()
    assert event.payload["freed_minor"] == 400_00


def test_credit_of_a_note_that_a_void_frees_can_be_spent_again(service, clock):
    pay("1000.00", invoice_id=documents()[0].id)
    act(billing.credit, invoice_id=documents()[0].id, amount=usd("250.00"), reason="goodwill")
    run(clock, FEBRUARY)
    february = documents()[-1]
    (note,) = documents(InvoiceKind.CREDIT_NOTE)
    assert (february.paid_minor, note.status) == (250_00, InvoiceStatus.PAID)
    act(billing.void, invoice_id=february.id, reason="wrong")
    assert (note.status, note.paid_minor, credit_of(service.client_id)) == (InvoiceStatus.ISSUED, 0, 250_00)
    run(clock, FEBRUARY)
    assert documents()[-1].paid_minor == 250_00


def test_refunds_are_recorded_with_who_and_how(service, cast):
    pay("20.00", client_id=service.client_id)
    with transaction():
        billing.refund(
            client_id=service.client_id, amount=usd("20.00"), refunded_on=START, method="bank transfer",
            reference="B-1", by=cast.fay.id, at=portal_clock.now(),
        )  # fmt: skip
    row = db.session.scalars(sa.select(Refund)).one()
    assert (row.method, row.reference, row.recorded_by_id) == ("bank transfer", "B-1", cast.fay.id)
