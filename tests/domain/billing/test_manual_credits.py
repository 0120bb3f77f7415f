"""Credit notes that a person writes."""

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import billing, company
from portal.domain.billing import drafts
from portal.domain.billing.manual_credits import left_of
from portal.domain.billing.models import InvoiceTax
from portal.domain.errors import Invalid, Refused
from portal.domain.words import InvoiceKind, InvoiceStatus
from portal.outbox import EventRecord
from tests.domain.billing.settling import START, act, active, billed, credit_of, documents, run, usd, violated
from tests.factories import make_client

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(autouse=True)
def sound_books(session, clock):
    clock.set(START)
    yield
    assert violated() == {}


def invoice_over(*lines):
    """An issued invoice with these (amount, tax rate) lines."""
    client, at = make_client(), portal_clock.now()
    with transaction():
        made = drafts.new_draft(client_id=client.id, at=at)
        for amount, rate in lines:
            line = {"words": "Work", "amount": usd(amount), "tax_rate_percent": rate}
            drafts.add_line(invoice_id=made.id, **line, at=at)
        return billing.issue(invoice_id=made.id, at=at)


def give_back(invoice, **facts):
    return act(billing.credit, invoice_id=invoice.id, **({"reason": "our mistake"} | facts))


def test_charge_and_full_credit_cancel_out():
    """Lines 55.55 and 11.11 at 23 % → tax 15.33 (rule book 4)."""
    invoice = invoice_over(("55.55", 23), ("11.11", 23))
    note = give_back(invoice)
    assert (invoice.tax_minor, note.tax_minor) == (15_33, -15_33)
    assert invoice.total_minor + note.total_minor == 0
    assert (invoice.status, note.status) == (InvoiceStatus.PAID, InvoiceStatus.PAID)
    assert credit_of(invoice.client_id) == 0


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(1, 999_999).map(lambda minor: f"{Decimal(minor).scaleb(-2)}"),
            st.sampled_from([Decimal(0), Decimal("7.5"), Decimal(19), Decimal("8.1")]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_a_full_credit_cancels_each_rate_whatever_the_lines_are(lines):
    invoice = invoice_over(*lines)
    note = give_back(invoice)
    sums = sa.select(sa.func.sum(InvoiceTax.base_minor), sa.func.sum(InvoiceTax.tax_minor))
    of_both = sums.where(InvoiceTax.invoice_id.in_([invoice.id, note.id])).group_by(InvoiceTax.rate_percent)
    assert {tuple(row) for row in db.session.execute(of_both)} == {(0, 0)}


def test_the_discount_on_an_invoice_is_part_of_its_full_credit():
    invoice = invoice_over(("100.00", 20), ("-10.00", 20))
    note = give_back(invoice)
    assert [line.amount_minor for line in note.lines] == [-100_00, 10_00]
    assert note.total_minor == -108_00


def test_a_part_is_spread_over_the_lines_to_the_last_cent():
    invoice = invoice_over(("100.00", 20), ("50.00", 10), ("0.01", 0))
    note = give_back(invoice, amount=usd("10.00"))
    assert [(line.amount_minor, line.tax_rate_percent) for line in note.lines] == [(-6_67, 20), (-3_33, 10)]
    assert note.subtotal_minor == -10_00


def test_lines_are_credited_by_amount_or_by_days(clock):
    service = active(cycle_price_minor=310_00)
    other = active(client=service.client, cycle_price_minor=62_00)
    run(clock, START)
    (invoice,) = documents()
    first, second = invoice.lines
    note = give_back(invoice, lines={first.id: date(2026, 1, 30), second.id: usd("5.00")})
    assert [(line.amount_minor, line.period_start) for line in note.lines] == [
        (-20_00, date(2026, 1, 30)),
        (-5_00, None),
    ]
    assert note.lines[0].description.endswith("credit for 2 of 31 days")
    assert left_of(invoice) == {first.id: usd("290.00"), second.id: usd("57.00")}
    run(clock, date(2026, 2, 1))
    assert [each[0] for each in billed(other)] == [START, date(2026, 2, 1)]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"lines": {0: usd("100.01")}}, "line_"),
        ({"lines": {0: usd("-1.00")}}, "line_"),
        ({"lines": {0: date(2026, 1, 1)}}, "line_"),
        ({"lines": {}}, "amount"),
        ({"amount": usd("150.01")}, "amount"),
        ({"amount": usd("0.00")}, "amount"),
        ({"reason": "  "}, "reason"),
    ],
)
def test_what_cannot_be_credited_is_refused_at_its_field(asked, field):
    invoice = invoice_over(("100.00", 20), ("50.00", 10))
    if "lines" in asked:
        asked = {"lines": {invoice.lines[place].id: wish for place, wish in asked["lines"].items()}}
    with pytest.raises(Invalid) as refusal:
        give_back(invoice, **asked)
    assert [name for name in refusal.value.faults if name.startswith(field)]
    assert documents(InvoiceKind.CREDIT_NOTE) == []


def test_never_more_than_is_left_after_earlier_credits():
    invoice = invoice_over(("100.00", 20))
    (line,) = invoice.lines
    give_back(invoice, lines={line.id: usd("60.00")})
    with pytest.raises(Invalid, match=r"At most 40\.00 USD"):
        give_back(invoice, lines={line.id: usd("40.01")})
    assert give_back(invoice).subtotal_minor == -40_00
    with pytest.raises(Invalid, match="Nothing would be credited"):
        give_back(invoice)


def test_the_credit_settles_its_invoice_first_and_the_rest_is_account_credit():
    invoice = invoice_over(("100.00", 0))
    act(billing.record_payment, invoice_id=invoice.id, amount=usd("70.00"), received_on=START)
    note = give_back(invoice, amount=usd("50.00"))
    assert invoice.status is InvoiceStatus.PAID
    assert (note.status, credit_of(invoice.client_id)) == (InvoiceStatus.PARTLY_PAID, 20_00)


def test_without_deduction_all_of_it_is_account_credit():
    invoice = invoice_over(("100.00", 0))
    give_back(invoice, amount=usd("50.00"), deduct=False)
    assert (invoice.paid_minor, credit_of(invoice.client_id)) == (0, 50_00)


def test_the_note_waits_as_a_draft_when_drafts_are_approved():
    invoice = invoice_over(("100.00", 0))
    with transaction():
        company.change(values={"approve_runs": True}, by=None, at=portal_clock.now())
    note = give_back(invoice)
    assert (note.status, note.number, invoice.paid_minor) == (InvoiceStatus.DRAFT, None, 0)
    act(billing.issue, invoice_id=note.id)
    assert (note.number, invoice.status) == ("CN-000001", InvoiceStatus.PAID)


def test_a_draft_and_a_credit_note_are_not_credited():
    invoice = invoice_over(("100.00", 0))
    note = give_back(invoice, amount=usd("1.00"))
    with transaction():
        draft = drafts.new_draft(client_id=invoice.client_id, at=portal_clock.now())
    for document in (note, draft):
        with pytest.raises(Refused, match="Only an issued invoice"):
            give_back(document)


def test_who_credited_what_and_why_is_kept(cast):
    invoice = invoice_over(("100.00", 20))
    with transaction():
        billing.credit(invoice_id=invoice.id, reason="late", by=cast.fay.id, at=portal_clock.now())
    event = db.session.scalars(sa.select(EventRecord).filter_by(kind="invoice_credited")).one()
    assert (event.actor_id, event.payload["amount_minor"], event.payload["reason"]) == (
        cast.fay.id,
        120_00,
        "late",
    )


def test_a_line_of_an_exempt_client_is_not_taxed():
    client = make_client(tax_exempt=True, tax_rate_percent=20)
    at = portal_clock.now()
    with transaction():
        draft = drafts.new_draft(client_id=client.id, at=at)
        drafts.add_line(invoice_id=draft.id, words="Work", amount=usd("10.00"), at=at)
    assert draft.tax_minor == 0
    with pytest.raises(Invalid, match="exempt"):
        act(drafts.add_line, invoice_id=draft.id, words="Work", amount=usd("1.00"), tax_rate_percent="20")
