"""Rule book 4: what is given back, at which tax, and that parts add up to the whole."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.billing.rules import BilledLine, credit_unused, prorated, split_by_price, totals
from portal.domain.money import Money
from portal.domain.periods import Cycle, Period, Timetable

NO_TAX = Decimal(0)
RATES = [NO_TAX, Decimal(7), Decimal("19.6"), Decimal(23)]
amounts = st.integers(0, 10**9)


def day(text):
    return date.fromisoformat(text)


def usd(text):
    return Money.of(text, "USD")


def line(amount="249.95", period="2012-03-02/2012-04-02", tax_rate=NO_TAX, **facts):
    start, end = period.split("/")
    return BilledLine(usd(amount), Period(day(start), day(end)), tax_rate, **facts)


def test_a_suspension_gives_back_the_unused_days_of_the_line():
    credit = credit_unused(line(), day("2012-03-04"))
    assert credit.amount == usd("233.82")
    assert credit.words == "29 of 31 days"
    assert credit.period == Period(day("2012-03-04"), day("2012-04-02"))


def test_a_credit_carries_the_tax_rate_of_its_line():
    assert credit_unused(line(tax_rate=Decimal(19)), day("2012-03-04")).tax_rate == Decimal(19)


def test_a_line_that_was_not_begun_is_given_back_whole():
    assert credit_unused(line(), day("2012-01-01")).amount == usd("249.95")


@pytest.mark.parametrize("unused_from", ["2012-04-02", "2012-05-01"])
def test_a_line_that_was_used_up_gives_nothing_back(unused_from):
    assert credit_unused(line(), day(unused_from)) is None


def test_days_are_given_back_once():
    first = credit_unused(line(), day("2012-03-20"))
    later = line(credited=((first.period, first.amount),))
    assert credit_unused(later, day("2012-03-20")) is None
    assert credit_unused(later, day("2012-03-25")) is None
    assert credit_unused(later, day("2012-03-19")).words == "1 of 31 days"


def test_never_more_than_is_left_of_the_line():
    goodwill = ((None, usd("200.00")),)
    assert credit_unused(line(credited=goodwill), day("2012-03-04")).amount == usd("49.95")
    assert credit_unused(line(credited=((None, usd("249.95")),)), day("2012-03-04")) is None


def test_a_free_line_gives_nothing_back():
    assert credit_unused(line(amount="0.00"), day("2012-03-04")) is None


@given(amounts, st.integers(1, 366), st.lists(st.integers(0, 365), min_size=1, max_size=8))
def test_credits_of_all_days_add_up_to_the_line_however_it_is_split(minor, length, cuts):
    whole = Period(day("2026-01-01"), day("2026-01-01") + timedelta(length))
    credited = ()
    for cut in sorted({cut % length for cut in cuts} | {0}, reverse=True):
        billed = BilledLine(Money(minor, "USD"), whole, NO_TAX, credited)
        credit = credit_unused(billed, whole.start + timedelta(cut))
        if credit is not None:
            credited += ((credit.period, credit.amount),)
            assert abs(credit.amount.minor * length - minor * credit.days) <= length * 4.5
    assert sum(amount.minor for _, amount in credited) == minor


@given(amounts, st.lists(st.integers(1, 365), max_size=8, unique=True))
def test_a_period_split_at_random_days_adds_up_to_the_period(minor, cuts):
    bounds = [0, *sorted(cuts), 366]
    parts = Money(minor, "USD").allocate([end - start for start, end in pairwise(bounds)])
    assert sum(parts, Money.zero("USD")) == Money(minor, "USD")


@given(amounts, st.integers(0, 30))
def test_moving_the_rest_of_a_period_to_another_client_costs_nothing(minor, used):
    march = Timetable(day("2026-03-01"), 1, Cycle.MONTHLY)
    moved_on = day("2026-03-01") + timedelta(used)
    whole = Period(day("2026-03-01"), day("2026-04-01"))
    back = credit_unused(BilledLine(Money(minor, "USD"), whole, NO_TAX), moved_on)
    (anew,) = prorated(Money(minor, "USD"), march, Period(moved_on, whole.end))
    assert (back.amount if back else Money.zero("USD")) == anew.amount


def test_a_price_change_inside_a_period_gives_back_the_rest_and_bills_it_anew():
    march = Timetable(day("2026-03-01"), 1, Cycle.MONTHLY)
    split = split_by_price(line("310.00", "2026-03-01/2026-04-01"), march, usd("620.00"), day("2026-03-21"))
    assert (split.credit.amount, split.credit.words) == (usd("110.00"), "11 of 31 days")
    assert [(each.amount, each.words) for each in split.charges] == [(usd("220.00"), "11 of 31 days")]


def test_tax_is_rounded_once_per_rate():
    summed = totals([(usd("55.55"), Decimal(23)), (usd("11.11"), Decimal(23))], "USD")
    assert summed.tax == usd("15.33")
    assert (summed.subtotal, summed.total) == (usd("66.66"), usd("81.99"))


def test_each_rate_has_its_own_group_however_it_is_written():
    summed = totals(
        [(usd("10.00"), Decimal("7.0000")), (usd("20.00"), Decimal(0)), (usd("30.00"), Decimal(7))], "USD"
    )
    assert [(group.rate, group.base, group.tax) for group in summed.tax_groups] == [
        (Decimal(0), usd("20.00"), usd("0.00")),
        (Decimal(7), usd("40.00"), usd("2.80")),
    ]


def test_a_document_without_lines_is_zero_in_its_currency():
    assert totals([], "JPY").total == Money.zero("JPY")


@given(st.lists(st.tuples(st.integers(-(10**9), 10**9), st.sampled_from(RATES)), max_size=20))
def test_charge_and_full_credit_cancel_to_zero(lines):
    charged = totals([(Money(minor, "EUR"), rate) for minor, rate in lines], "EUR")
    credited = totals([(Money(-minor, "EUR"), rate) for minor, rate in lines], "EUR")
    assert charged.total == charged.subtotal + charged.tax
    assert charged.total + credited.total == Money.zero("EUR")
    assert charged.tax + credited.tax == Money.zero("EUR")
