"""The statement of account as it prints."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from portal import documents
from portal.documents.pages import page
from portal.domain.billing.documents import Party
from portal.domain.money import Money
from portal.domain.periods import Period
from portal.domain.receivables.rules import BANDS, Entry, rows_from
from portal.domain.receivables.statements import StatementFacts
from portal.domain.words import EntryKind
from tests.documents.reading import reader, words_of


def statement(rows=1, currency="USD", locale="en_US", unused=0, **changes):
    """Invoices of 10.00 and one more each time, from an opening balance of 5.00."""
    opening = Money(500, currency)
    entries = [
        Entry(
            kind=EntryKind.INVOICE, on=date(2026, 1, 1) + timedelta(days=number), number=f"INV-{number:06}", note="",
            invoice_id=number, amount=Money(1000 + number, currency),
        )
        for number in range(1, rows + 1)
    ]  # fmt: skip
    running = tuple(rows_from(opening, entries))
    closing = running[-1].balance if running else opening
    nothing, used = Money(0, currency), Money(unused, currency)
    facts = {
        "seller": Party(name="Northgate", address="1 Station Road\nYork", tax_id="GB 12"),
        "client": Party(name="Quarry Dental 株式会社", code="C1002"),
        "currency": currency,
        "period": Period(date(2026, 1, 1), date(2027, 1, 1)),
        "opening": opening,
        "rows": running,
        "closing": closing,
        "ages": tuple((band.label, closing - used if band.key == "not_due" else nothing) for band in BANDS),
        "unused": used,
        "overdue": nothing,
        "how_to_pay": "IBAN GB00 1234",
        "locale": locale,
        "timezone": "UTC",
    }
    return StatementFacts(**(facts | changes))


def printed(**wishes):
    return words_of(page("statement", statement(**wishes)))


def test_a_statement_says_whose_account_it_is_and_what_it_stands_at():
    words = printed(unused=-300)
    for each in (
        "Northgate", "Tax id GB 12", "Quarry Dental 株式会社", "C1002", "1 Jan – 31 Dec 2026", "Opening balance 5.00",
        "2 Jan 2026 Invoice INV-000001 10.01 15.01", "Closing balance 10.01 0.00 15.01", "Credit not used",
        "18.01 0.00 0.00 0.00 0.00 -3.00 15.01", "IBAN GB00 1234",
    ):  # fmt: skip
        assert each in words, each


def test_a_client_in_credit_is_asked_for_nothing():
    words = printed(closing=Money(-500, "USD"))
    assert "5.00 USD of credit" in words and "IBAN" not in words


def test_an_empty_period_says_so():
    assert "Nothing was booked in this period." in printed(rows=0)


@pytest.mark.parametrize(
    ("currency", "locale", "closing"),
    [("USD", "en_US", "837.40"), ("EUR", "de_DE", "837,40"), ("JPY", "en_US", "83,740")],
)
def test_the_balance_is_carried_from_page_to_page_and_the_head_repeats(currency, locale, closing):
    facts = statement(80, currency, locale)
    pages = [
        " ".join(each.extract_text().split()) for each in reader(documents.render("statement", facts)).pages
    ]
    last = next(place for place, words in enumerate(pages) if "Closing balance" in words)
    assert last >= 1
    for before, after in pairwise(pages[: last + 1]):
        carried = before.partition("Carried forward ")[2].split()[0]
        assert after.partition("Brought forward ")[2].split()[0] == carried
        assert "Paid or credited" in after
    assert "Brought forward" not in pages[0]
    assert not any("Carried forward" in words for words in pages[last:])
    assert closing in pages[last]
