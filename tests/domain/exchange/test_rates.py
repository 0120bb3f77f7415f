"""Stored, dated exchange rates: the latest up to the day, a total or what is missing, never a guess."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import exchange
from portal.domain.errors import Invalid
from portal.domain.exchange import ExchangeRate
from portal.domain.money import Money
from portal.outbox import EventRecord

TODAY = date(2026, 11, 20)
pytestmark = pytest.mark.usefixtures("session", "clock")


def put(currency, on, rate):
    with transaction():
        values = {"currency": currency, "on_date": on, "rate": rate}
        return exchange.put(values=values, by=None, at=portal_clock.now())


def load(text):
    with transaction():
        return exchange.load(raw=text.encode(), by=None, at=portal_clock.now())


def stored():
    rows = db.session.scalars(sa.select(ExchangeRate).order_by(ExchangeRate.currency, ExchangeRate.on_date))
    return [(each.currency, each.on_date.isoformat(), each.rate) for each in rows]


def told():
    rows = sa.select(EventRecord.payload).filter_by(kind="exchange_rates_changed").order_by(EventRecord.id)
    return [payload["changes"] for payload in db.session.scalars(rows)]


def test_the_latest_rate_up_to_the_day_is_in_force():
    put("EUR", "2026-11-01", "1.10")
    put("EUR", "2026-11-10", "1.08")
    put("EUR", "2026-12-01", "1.50")
    assert exchange.total([Money(10_000, "EUR")], TODAY).amount == Money(10_800, "USD")
    assert exchange.total([Money(10_000, "EUR")], date(2026, 11, 9)).amount == Money(11_000, "USD")


def test_a_total_is_exact_until_its_end_and_minds_decimal_places():
    put("EUR", TODAY, "1.0825")
    put("JPY", TODAY, "0.0064321")
    amounts = [Money(12_345, "USD"), Money(99_999, "EUR"), Money(1_615_777, "JPY")]
    exact = 12_345 + 99_999 * Fraction("1.0825") + 1_615_777 * Fraction("0.0064321") * 100
    assert exchange.total(amounts, TODAY).amount == Money.rounded(exact, "USD")


def test_without_a_rate_there_is_no_total_but_the_names_of_what_is_missing():
    put("EUR", TODAY, "1.08")
    found = exchange.total([Money(1, "GBP"), Money(1, "EUR"), Money(1, "JPY"), Money(1, "USD")], TODAY)
    assert found.amount is None and found.missing == ("GBP", "JPY")


def test_nothing_in_a_currency_needs_no_rate():
    assert exchange.total([Money(0, "GBP"), Money(5, "USD")], TODAY).amount == Money(5, "USD")


def test_a_rate_of_the_same_day_takes_the_place_of_the_old_one_and_the_trail_has_both():
    put("EUR", TODAY, "1.08")
    put("EUR", TODAY, "1.0900")
    put("EUR", TODAY, "1.09")
    assert stored() == [("EUR", "2026-11-20", Decimal("1.09"))]
    assert told() == [{"EUR from 2026-11-20": [None, "1.08"]}, {"EUR from 2026-11-20": ["1.08", "1.09"]}]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rate", "0"),
        ("rate", "-1"),
        ("rate", "NaN"),
        ("rate", "1e30"),
        ("rate", "abc"),
        ("rate", "1.12345678901"),
        ("on_date", "yesterday"),
        ("currency", "EURO"),
        ("currency", "USD"),
        ("currency", ""),
    ],
)
def test_what_is_no_rate_is_refused_at_its_field(field, value):
    values = {"currency": "EUR", "on_date": "2026-11-20", "rate": "1.08"} | {field: value}
    with pytest.raises(Invalid) as refusal:
        put(values["currency"], values["on_date"], values["rate"])
    assert refusal.value.faults.keys() == {field} and stored() == []


def test_a_file_is_taken_as_a_whole_and_again_changes_nothing():
    text = "\ufeffcurrency,on_date,rate\nEUR,2026-11-01,1.08\ngbp,2026-11-01,1.26\n"
    assert load(text) == 2 and load(text) == 2
    assert [row[0] for row in stored()] == ["EUR", "GBP"] and len(told()) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("currency,rate\nEUR,1\n", "The first line names the columns"),
        ("currency,on_date,rate\nEUR,2026-11-01,1.08\nGBP,soon,0\n", "Line 3, on_date: A date"),
        ("currency,on_date,rate\n", "no rate in this file"),
        ("currency,on_date,rate\nEUR,2026-11-01\n", "Line 2, rate"),
        ('currency,on_date,rate\n"' + "x" * 140_000, "not a CSV file"),
    ],
)
def test_a_file_with_a_fault_changes_nothing_and_names_the_line(text, words):
    with pytest.raises(Invalid, match=r".*") as refusal:
        load(text)
    assert words in refusal.value.faults["file"] and stored() == []


def test_a_rate_that_is_taken_away_leaves_the_one_before():
    put("EUR", "2026-11-01", "1.10")
    put("EUR", "2026-11-10", "9.99")
    wrong = db.session.scalars(sa.select(ExchangeRate).order_by(ExchangeRate.on_date.desc())).first()
    with transaction():
        exchange.remove(rate_id=wrong.id, by=None, at=portal_clock.now())
    assert exchange.total([Money(100, "EUR")], TODAY).amount == Money(110, "USD")
    assert told()[-1] == {"EUR from 2026-11-10": ["9.99", None]}
