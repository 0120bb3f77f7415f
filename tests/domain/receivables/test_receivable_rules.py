"""How late is late, when to remind, what a balance runs to, what balances in the ledger."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from portal.domain.company.rules import check
from portal.domain.errors import Invalid
from portal.domain.money import Money
from portal.domain.receivables.journal import (
    Accounts,
    Booking,
    Share,
    Unbalanced,
    debits,
    lines_of,
    revenue_accounts,
)
from portal.domain.receivables.journal_file import HEADINGS, as_csv
from portal.domain.receivables.rules import Entry, band_of, rows_from, step_due, steps_of
from portal.domain.words import EntryKind

ACCOUNTS = Accounts(
    receivable="1200",
    bank="1000",
    tax="2200",
    revenue="4000",
    by_product={"hosting": "4100", "sku-1": "4150"},
)
ON = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("days", "band"),
    [(-40, "not_due"), (0, "not_due"), (1, "days_30"), (30, "days_30"), (31, "days_60"), (60, "days_60"),
     (61, "days_90"), (90, "days_90"), (91, "older"), (4000, "older")],
)  # fmt: skip
def test_an_invoice_is_late_from_the_day_after_it_is_due(days, band):
    assert band_of(days).key == band


@pytest.mark.parametrize(
    ("late", "reached", "due"),
    [
        (6, 0, None),
        (7, 0, 7),
        (8, 0, 7),
        (8, 7, None),
        (14, 7, 14),
        (40, 0, 30),
        (40, 30, None),
        (40, 14, 30),
    ],
)
def test_of_several_late_steps_only_the_most_urgent_is_due(late, reached, due):
    assert step_due(late, (7, 14, 30), reached) == due


def test_a_step_below_one_that_was_reached_never_comes():
    assert step_due(20, (7, 10), reached=14) is None


def test_steps_are_read_in_any_order_and_kept_rising():
    assert steps_of("30, 7;14,7") == (7, 14, 30)
    assert steps_of("  ") == ()
    assert check({"reminder_steps": "30,7"}) == {"reminder_steps": "7, 30"}


@pytest.mark.parametrize(
    "text", ["7, soon", "0", "-7", "7, 400", "7.5", ", ".join(str(n) for n in range(1, 12))]
)
def test_steps_that_are_none_are_refused_at_the_field(text):
    with pytest.raises(Invalid) as refusal:
        check({"reminder_steps": text})
    assert "reminder_steps" in refusal.value.faults


def entry(minor, kind=EntryKind.INVOICE, **facts):
    usual = {"on": ON, "number": "INV-1", "note": "", "invoice_id": 1, "amount": Money(minor, "USD")}
    return Entry(kind=kind, **(usual | facts))


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(-(10**9), 10**9), max_size=30))
@tries(max_examples=50)
def test_a_balance_runs_from_the_opening_to_the_closing(opening, amounts):
    rows = list(rows_from(Money(opening, "USD"), [entry(each) for each in amounts]))
    assert [row.balance.minor for row in rows] == [
        opening + sum(amounts[: place + 1]) for place in range(len(amounts))
    ]
    assert all((row.charge or -row.credit) == row.entry.amount for row in rows)


def test_entries_say_what_they_are():
    assert entry(100).words == "Invoice INV-1"
    assert entry(-100, EntryKind.VOID, note="a mistake").words == "Void: INV-1"
    assert entry(-100, EntryKind.PAYMENT, number="R-1", note="card").words == "Payment by card, R-1"
    assert entry(-100, EntryKind.PAYMENT, number="", note="").words == "Payment"


def booking(kind, minor, *shares, currency="USD", **facts):
    usual = {"source_id": 7, "on": ON, "number": "INV-1", "client_code": "C1", "client": "Acme"}
    return Booking(kind=kind, amount=Money(minor, currency), shares=shares, **(usual | facts))


def share(minor, **facts):
    return Share(amount=Money(minor, facts.pop("currency", "USD")), **facts)


def sides(booked):
    return [(line.account, line.words, line.amount.minor) for line in lines_of(booked, ACCOUNTS)]


def test_an_invoice_books_the_receivable_against_revenue_by_type_and_tax_by_rate():
    booked = booking(
        EntryKind.INVOICE, 14_300,
        share(5_000, service_type="hosting"), share(2_000, sku="SKU-1", service_type="hosting"),
        share(5_000, service_type="support"), share(1_000, tax_rate=Decimal("20.0000")),
        share(1_300, tax_rate=Decimal("7.5000")),
    )  # fmt: skip
    assert sides(booked) == [
        ("1200", "Invoice INV-1", 14_300),
        ("4000", "Support", -5_000),
        ("4100", "Hosting", -5_000),
        ("4150", "Hosting", -2_000),
        ("2200", "Tax 20 %", -1_000),
        ("2200", "Tax 7.5 %", -1_300),
    ]


def test_a_credit_note_and_a_void_book_the_other_way_round():
    assert sides(booking(EntryKind.CREDIT_NOTE, -120, share(-100), share(-20, tax_rate=Decimal(20)))) == [
        ("1200", "Credit note INV-1", -120), ("4000", "Other", 100), ("2200", "Tax 20 %", 20)
    ]  # fmt: skip


def test_payments_and_refunds_book_against_the_bank():
    assert sides(booking(EntryKind.PAYMENT, -500, number="")) == [
        ("1200", "Payment", -500),
        ("1000", "Payment", 500),
    ]
    assert sides(booking(EntryKind.REFUND, 500, number="R")) == [
        ("1200", "Refund R", 500),
        ("1000", "Refund", -500),
    ]


def test_an_entry_that_does_not_balance_is_refused():
    with pytest.raises(Unbalanced, match="Invoice INV-1 of C1"):
        lines_of(booking(EntryKind.INVOICE, 100, share(99)), ACCOUNTS)


def test_an_entry_in_two_currencies_is_refused():
    with pytest.raises((Unbalanced, ValueError)):
        lines_of(booking(EntryKind.INVOICE, 100, share(100, currency="EUR")), ACCOUNTS)


amounts = st.integers(-(10**9), 10**9)


@given(st.lists(amounts, max_size=8), st.lists(amounts, max_size=3))
@tries(max_examples=50)
def test_whatever_a_document_holds_debit_is_credit(nets, taxes):
    shares = [share(net, service_type=("hosting", "support")[net % 2]) for net in nets]
    shares += [share(tax, tax_rate=Decimal(rate)) for rate, tax in enumerate(taxes)]
    lines = lines_of(booking(EntryKind.INVOICE, sum(nets) + sum(taxes), *shares), ACCOUNTS)
    assert sum(line.amount.minor for line in lines) == 0
    assert debits(lines).get("USD", 0) == sum(-line.amount.minor for line in lines if line.amount.minor < 0)


def test_the_file_has_debit_and_credit_in_the_decimals_of_the_currency_and_runs_no_formula():
    booked = booking(EntryKind.PAYMENT, -500, currency="JPY", number="=1+1", client="@sum")
    text = as_csv(3, lines_of(booked, ACCOUNTS)).decode("utf-8-sig")
    rows = text.split("\r\n")
    assert rows[0] == ",".join(HEADINGS)
    assert rows[1] == "3,1,2026-11-20,payment,payment-7,'=1+1,C1,'@sum,1200,Payment =1+1,0,500,JPY"
    assert rows[2] == "3,2,2026-11-20,payment,payment-7,'=1+1,C1,'@sum,1000,Payment,500,0,JPY"


def test_accounts_are_read_from_lines():
    assert revenue_accounts("Hosting = 4100\n\n SKU-1=4150 ") == {"hosting": "4100", "sku-1": "4150"}
    for text in ("hosting", "= 4100", "hosting ="):
        with pytest.raises(Invalid) as refusal:
            check({"revenue_accounts": f"a = 1\n{text}"})
        assert "Line 2" in refusal.value.faults["revenue_accounts"]
