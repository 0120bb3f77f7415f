"""The invoice and the credit note as they print."""

from datetime import date
from decimal import Decimal

from portal import documents
from portal.documents.pages import page
from portal.domain.billing.documents import Line, Tax
from portal.domain.money import Money
from portal.domain.periods import Period
from portal.domain.words import InvoiceKind, InvoiceStatus
from tests.documents import facts
from tests.documents.reading import text, words_of


def printed(**changes) -> str:
    """The words of its page, before it is set."""
    return words_of(page("invoice", facts.invoice(**changes)))


def test_an_invoice_says_who_what_for_when_and_how_much():
    words = text(documents.render("invoice", facts.invoice()))
    for each in (
        "Northgate", "Tax id GB 12", "Quarry Dental 株式会社", "Tax id US 9", "INV-12", "PO-7",
        "20 Nov 2026", "20 Dec 2026", "30 days", "Managed IT 1, 9 of 30 days", "22 – 30 Nov 2026",
        "725.81", "Tax 20 % on 725.81", "145.16", "870.97 USD", "IBAN GB00 1234", "give INV-12 as the reference",
    ):  # fmt: skip
        assert each.replace(" ", "") in words.replace(" ", ""), each


def test_a_draft_asks_for_no_payment():
    words = printed(status=InvoiceStatus.DRAFT, number=None, issued_on=None, due_on=None)
    assert "Draft" in words and "Draft, not numbered" in words
    assert "Please pay" not in words and "IBAN" not in words


def test_a_void_invoice_keeps_its_number_and_asks_for_nothing():
    words = printed(status=InvoiceStatus.VOID, void_reason="Wrong company.")
    assert "Void" in words and "INV-12" in words and "Wrong company." in words
    assert "Please pay" not in words


def test_a_credit_note_names_the_invoice_that_it_corrects():
    period = Period(date(2026, 11, 3), date(2026, 12, 2))
    credit = Line(
        description="29 of 31 days not used",
        period=period,
        quantity=1,
        tax_rate_percent=Decimal(0),
        amount=Money(-23_382, "USD"),
    )
    words = printed(
        kind=InvoiceKind.CREDIT_NOTE, number="CN-7", corrects="INV-3", corrects_on=date(2026, 11, 1),
        lines=(credit,), taxes=(), subtotal=credit.amount, tax=Money.zero("USD"), total=credit.amount,
    )  # fmt: skip
    assert "Credit note" in words and "CN-7" in words and "INV-3" in words and "-233.82" in words
    assert "233.82 USD are credited to your account against invoice INV-3" in words
    assert "Please pay" not in words


def test_what_was_paid_is_taken_off():
    words = printed(paid=Money(10_000, "USD"), status=InvoiceStatus.PARTLY_PAID)
    assert "Still to pay 770.97 USD" in words
    assert "Please pay 770.97 USD" in words
    paid = printed(paid=Money(87_097, "USD"), status=InvoiceStatus.PAID)
    assert "Paid in full" in paid and "Please pay" not in paid


def test_amounts_have_the_decimals_of_their_currency_and_the_separators_of_the_reader():
    yen = printed(amounts=(123_456_789,), currency="JPY")
    assert "123,456,789" in yen and "148,148,147 JPY" in yen
    german = printed(amounts=(123_456_789,), currency="EUR", locale="de_DE")
    assert "1.234.567,89" in german and "1.481.481,47 EUR" in german


def test_each_rate_of_tax_stands_in_a_line_of_its_own():
    rates = (
        Tax(rate_percent=Decimal("7.5000"), base=Money(1000, "USD"), tax=Money(75, "USD")),
        Tax(rate_percent=Decimal("20.0000"), base=Money(2000, "USD"), tax=Money(400, "USD")),
    )
    words = printed(taxes=rates)
    assert "Tax 7.5 % on 10.00 0.75" in words and "Tax 20 % on 20.00 4.00" in words
