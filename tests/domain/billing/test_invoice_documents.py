"""What an invoice says when it prints, and that it goes on saying it."""

from datetime import date
from decimal import Decimal

import pytest

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import billing, company
from portal.domain.billing import documents
from portal.domain.billing.models import Invoice, InvoiceLine
from portal.domain.clients.models import Client
from portal.domain.errors import NotFound
from portal.domain.money import Money
from portal.domain.periods import Period
from portal.domain.words import InvoiceKind, InvoiceStatus, LineKind
from tests.factories import make_client

pytestmark = pytest.mark.usefixtures("session", "clock")
NOVEMBER = Period(date(2026, 11, 22), date(2026, 12, 1))


@pytest.fixture
def client() -> Client:
    facts = {"name": "Quarry 株式会社", "address": "Łódź", "tax_id": "US 9", "payment_terms_days": 60}
    return make_client(code="Q1", tax_rate_percent=Decimal(20), **facts)


@pytest.fixture
def draft(client) -> int:
    with transaction():
        invoice = Invoice(client_id=client.id, currency="USD", drafted_on=date(2026, 11, 20))
        invoice.lines = [
            InvoiceLine(
                kind=LineKind.RECURRING,
                description="Managed IT, 9 of 30 days",
                period_start=NOVEMBER.start,
                period_end=NOVEMBER.end,
                amount_minor=72_581,
                tax_rate_percent=Decimal(20),
            )
        ]
        db.session.add(invoice)
        db.session.flush()
        billing.issuing.add_totals([invoice.id])
        return invoice.id


def issue(invoice_id: int) -> None:
    with transaction():
        billing.issue(invoice_id=invoice_id, at=portal_clock.now())


def test_a_draft_says_what_holds_now(draft, client):
    found = documents.facts(draft)
    assert (found.title, found.number, found.is_draft) == ("Draft invoice", None, True)
    assert (found.client.name, found.client.address, found.terms_days) == ("Quarry 株式会社", "Łódź", 60)
    (line,) = found.lines
    assert (line.description, line.period, line.amount) == (
        "Managed IT, 9 of 30 days",
        NOVEMBER,
        Money(72_581, "USD"),
    )
    assert (found.subtotal, found.tax, found.total) == (
        Money(72_581, "USD"),
        Money(14_516, "USD"),
        Money(87_097, "USD"),
    )
    assert [(each.rate_percent, each.base, each.tax) for each in found.taxes] == [
        (Decimal(20), found.subtotal, found.tax)
    ]
    with transaction():
        db.session.get_one(Client, client.id).name = "Quarry Ltd"
    assert documents.facts(draft).client.name == "Quarry Ltd"


def test_an_issued_invoice_goes_on_saying_what_held_when_it_was_issued(draft, client):
    with transaction():
        values = {"company_address": "York", "payment_instructions": "IBAN 1"}
        company.change(values=values, by=None, at=portal_clock.now())
    issue(draft)
    with transaction():
        db.session.get_one(Client, client.id).name = "Renamed"
        values = {"company_address": "Leeds", "payment_instructions": "IBAN 2"}
        company.change(values=values, by=None, at=portal_clock.now())
    found = documents.facts(draft)
    assert (found.client.name, found.seller.address, found.how_to_pay) == (
        "Quarry 株式会社",
        "York",
        "IBAN 1",
    )
    assert found.title == f"Invoice {found.number}"
    assert (found.issued_on, found.due_on) == (date(2026, 11, 20), date(2027, 1, 19))


def test_a_credit_note_names_the_invoice_that_it_corrects(draft, client):
    issue(draft)
    with transaction():
        note = Invoice(
            client_id=client.id,
            kind=InvoiceKind.CREDIT_NOTE,
            currency="USD",
            drafted_on=date(2026, 11, 20),
            corrects_invoice_id=draft,
        )
        db.session.add(note)
        db.session.flush()
        note_id = note.id
    found = documents.facts(note_id)
    assert (found.corrects, found.corrects_on) == (documents.facts(draft).number, date(2026, 11, 20))
    assert found.is_credit_note and found.title == "Draft credit note"


def test_what_was_paid_is_no_longer_open(draft):
    issue(draft)
    with transaction():
        invoice = db.session.get_one(Invoice, draft)
        invoice.paid_minor, invoice.status = 80_000, InvoiceStatus.PARTLY_PAID
    assert documents.facts(draft).open_amount == Money(7_097, "USD")


def test_an_invoice_that_does_not_exist_is_not_found():
    with pytest.raises(NotFound):
        documents.facts(1)
