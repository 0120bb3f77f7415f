"""Ageing and statements: derived from documents, payments and refunds, for any day."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from portal import clock as portal_clock
from portal.db import db
from portal.domain.billing import accounts
from portal.domain.errors import DomainError
from portal.domain.money import Money
from portal.domain.periods import Period
from portal.domain.receivables import ageing, statements
from portal.domain.receivables.rules import BANDS
from tests.domain.receivables.making import advance, bill, credit, pay, refund, void
from tests.factories import make_client

pytestmark = pytest.mark.usefixtures("session")
START = date(2026, 1, 10)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def at_the_start(clock):
    clock.set(START)
    return clock


@pytest.fixture
def client():
    return make_client(name="Acme", payment_terms_days=30)


def owed(client, day, currency="USD"):
    """(band → minor units that are not zero, balance)."""
    for each in ageing.of_client(client.id, day):
        if each.currency == currency:
            bands = {key: part.minor for key, part in each.bands.items() if part} | (
                {"credit": each.credit.minor} if each.credit else {}
            )
            return bands, each.balance.minor
    return {}, 0


def account(client, first, last, currency="USD"):
    return statements.statement(client=client, currency=currency, period=Period(first, last + DAY))


def test_an_open_invoice_moves_from_band_to_band_as_it_gets_older(client):
    bill(client, 10_000)
    due = START + timedelta(days=30)
    for late, band in ((0, "not_due"), (1, "days_30"), (31, "days_60"), (61, "days_90"), (91, "older")):
        assert owed(client, due + timedelta(days=late)) == ({band: 10_000}, 10_000)


def test_nothing_was_owed_before_the_document_was_issued(client):
    bill(client, 10_000)
    assert owed(client, START - DAY) == ({}, 0)


def test_a_past_day_knows_nothing_of_what_was_paid_later(client, clock):
    invoice = bill(client, 10_000)
    clock.set(START + timedelta(days=50))
    pay(invoice, 4_000)
    assert owed(client, START + timedelta(days=49)) == ({"days_30": 10_000}, 10_000)
    assert owed(client, START + timedelta(days=50)) == ({"days_30": 6_000}, 6_000)


def test_a_payment_counts_from_the_day_it_came_not_from_the_day_it_was_entered(client, clock):
    invoice = bill(client, 10_000)
    clock.set(START + timedelta(days=5))
    pay(invoice, 10_000, on=START + timedelta(days=2))
    assert owed(client, START + DAY) == ({"not_due": 10_000}, 10_000)
    assert owed(client, START + timedelta(days=2)) == ({}, 0)


def test_a_void_invoice_was_open_until_it_was_void(client, clock):
    invoice = bill(client, 10_000)
    clock.set(START + timedelta(days=5))
    void(invoice)
    assert owed(client, START + timedelta(days=4)) == ({"not_due": 10_000}, 10_000)
    assert owed(client, START + timedelta(days=5)) == ({}, 0)


def test_what_was_paid_on_a_void_invoice_is_credit_from_that_day_on(client, clock):
    invoice = bill(client, 10_000)
    pay(invoice, 4_000)
    clock.set(START + timedelta(days=5))
    void(invoice)
    assert owed(client, START + timedelta(days=4)) == ({"not_due": 6_000}, 6_000)
    assert owed(client, START + timedelta(days=5)) == ({"credit": -4_000}, -4_000)


def test_a_credit_not_used_stands_beside_the_bands_until_it_settles_something(client, clock):
    invoice = bill(client, 10_000)
    credit(invoice, 3_000)
    assert owed(client, START) == ({"not_due": 10_000, "credit": -3_000}, 7_000)
    clock.set(START + DAY)
    bill(client, 5_000)
    assert owed(client, START) == ({"not_due": 10_000, "credit": -3_000}, 7_000)
    assert owed(client, START + DAY) == ({"not_due": 12_000}, 12_000)


def test_an_advance_and_its_refund_leave_nothing(client, clock):
    advance(client, 5_000)
    clock.set(START + DAY)
    refund(client, 5_000)
    assert owed(client, START) == ({"credit": -5_000}, -5_000)
    assert owed(client, START + DAY) == ({}, 0)
    assert [row.entry.words for row in account(client, START, START + DAY).rows] == ["Payment", "Refund"]


def test_a_refund_dated_before_its_money_came_still_adds_up(client, clock):
    clock.set(START + timedelta(days=5))
    advance(client, 5_000, on=START + timedelta(days=3))
    refund(client, 5_000, on=START)
    for day in range(6):
        facts = account(client, START, START + timedelta(days=day))
        assert facts.closing.minor == owed(client, START + timedelta(days=day))[1]


def test_currencies_are_never_added_up(client, session):
    bill(client, 10_000)
    client.currency = "EUR"
    session.commit()
    bill(client, 7_000)
    assert {each.currency: each.balance.minor for each in ageing.of_client(client.id, START)} == {
        "USD": 10_000,
        "EUR": 7_000,
    }
    assert statements.currencies_of(client) == ["EUR", "USD"]


def test_the_list_of_clients_and_its_totals_are_the_documents_that_it_links_to(client):
    other = make_client(currency="JPY")
    bill(client, 10_000)
    credit(bill(client, 5_000), 1_000)
    bill(other, 777)
    rows = db.session.execute(ageing.listing(START)).mappings().all()
    items = db.session.execute(ageing.items_listing(START)).mappings().all()
    for row in rows:
        mine = [each for each in items if each["client_code"] == row["client_code"]]
        for key in (*(band.key for band in BANDS), "credit"):
            assert row[key] == sum(each["open_minor"] for each in mine if each["band"] == key)
    assert {each.currency: each.balance.minor for each in ageing.totals(ageing.listing(START))} == {
        "JPY": 777,
        "USD": 14_000,
    }
    assert len({row["id"] for row in rows}) == 2


def test_a_statement_holds_everything_in_order_with_its_running_balance(client, clock):
    first = bill(client, 10_000)
    clock.set(START + timedelta(days=10))
    second = bill(client, 6_000)
    pay(first, 10_000, method="card", reference="R-1")
    credit(second, 2_000, deducts=True)
    facts = account(client, START + DAY, START + timedelta(days=20))
    assert facts.opening.minor == 10_000
    assert [(row.entry.words, row.entry.amount.minor, row.balance.minor) for row in facts.rows] == [
        (f"Invoice {second.number}", 6_000, 16_000),
        ("Credit note CN-000001", -2_000, 14_000),
        ("Payment by card, R-1", -10_000, 4_000),
    ]
    assert (facts.charged.minor, facts.credited.minor, facts.closing.minor) == (6_000, 12_000, 4_000)
    assert dict(facts.ages)["Not due"].minor == 4_000 and not facts.unused


def test_a_void_invoice_stands_twice_so_that_old_statements_stay_true(client, clock):
    void_one = bill(client, 10_000)
    clock.set(START + timedelta(days=40))
    void(void_one)
    january, february = (
        account(client, START, date(2026, 1, 31)),
        account(client, date(2026, 2, 1), date(2026, 2, 28)),
    )
    assert january.closing.minor == february.opening.minor == 10_000
    assert [row.entry.words for row in february.rows] == [f"Void: {void_one.number}"]
    assert february.closing.minor == 0


def test_a_statement_of_nothing_says_so(client):
    facts = account(client, START, START)
    assert (facts.opening, facts.rows, facts.closing) == (Money(0, "USD"), (), Money(0, "USD"))


ACTS = {
    "bill": lambda client, made, minor: made.append(bill(client, minor)),
    "pay": lambda client, made, minor: made and pay(made[minor % len(made)], minor),
    "pay late": lambda client, made, minor: (
        made and pay(made[-1], minor, on=max(START, portal_clock.today() - timedelta(days=minor % 40)))
    ),
    "credit": lambda client, made, minor: made and credit(made[minor % len(made)], 1 + minor % 500),
    "deduct": lambda client, made, minor: made and credit(made[-1], 1 + minor % 500, deducts=True),
    "advance": lambda client, made, minor: advance(client, minor),
    "refund": lambda client, made, minor: refund(client, 1 + minor % 700),
    "void": lambda client, made, minor: made and void(made[minor % len(made)]),
}
steps = st.tuples(st.sampled_from(sorted(ACTS)), st.integers(1, 5_000), st.integers(0, 35))


def live_through(clock, client, story):
    """Do each act, then let days go by. What is refused did not happen."""
    clock.set(START)
    made = []
    for act, minor, days in story:
        try:
            ACTS[act](client, made, minor)
        except DomainError:
            db.session.rollback()
        clock.advance(days=days)


@given(
    story=st.lists(steps, min_size=1, max_size=10), cuts=st.lists(st.integers(0, 200), min_size=1, max_size=4)
)
@tries(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_statements_join_and_close_at_what_is_open(clock, story, cuts):
    """Closing = open documents = bands and credit; the closing of one period is the opening of the next."""
    hold_for(clock, story, cuts)


def hold_for(clock, story, cuts):
    client = make_client()
    live_through(clock, client, story)
    days = [START + timedelta(days=each) for each in sorted(set(cuts))]
    first, opening = START - DAY, Money(0, "USD")
    for day in days:
        facts = account(client, first, max(first, day))
        bands, balance = owed(client, max(first, day))
        assert facts.opening == opening
        assert facts.closing.minor == balance == sum(bands.values())
        assert facts.closing == facts.opening + facts.charged - facts.credited
        first, opening = max(first, day) + DAY, facts.closing
    now = accounts.balances(client.id)
    today = owed(client, portal_clock.today())
    assert today[1] == sum(each.due.minor for each in now)
    assert -today[0].get("credit", 0) == sum(each.credit.minor for each in now)
