"""What a cancellation costs, and where it may be dated (rule book 3)."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.errors import Refused
from portal.domain.lifecycle.rules import cancellation_fee, check_effective_date
from portal.domain.money import Money
from portal.domain.periods import Cycle, add_months


def day(text):
    return date.fromisoformat(text)


def usd(text):
    return Money.of(text, "USD")


def fee_of(price="2500.00", cycle=Cycle.MONTHLY, on="2026-01-01", end="2027-01-01", percent="50", **facts):
    return cancellation_fee(
        percent=Decimal(percent),
        cycle_price=usd(price),
        cycle=cycle,
        effective_on=day(on),
        end_date=end and day(end),
        was_activated=facts.pop("was_activated", True),
        **facts,
    )


def test_half_of_twelve_months_to_go():
    answer = fee_of()
    assert answer.remaining == usd("30000.00")
    assert answer.fee == usd("15000.00")
    assert answer.words == "50 % of the remaining 12 months, to 2027-01-01"


def test_days_of_the_last_month_count_as_their_share_and_rounding_happens_once():
    answer = fee_of(price="1000.00", on="2026-11-16")
    assert (answer.span.months, answer.span.days, answer.span.of_days) == (1, 16, 31)
    assert answer.remaining == usd("1516.13")
    assert answer.fee == usd("758.06")  # Half of 1,516.129…; half of the rounded 1,516.13 would be 758.07.


@pytest.mark.parametrize(
    ("cycle", "price", "fee"),
    [
        (Cycle.WEEKLY, "138.46", "3599.96"),  # 138.46 × 52/12 × 12 months, half of it
        (Cycle.QUARTERLY, "300.00", "600.00"),
        (Cycle.SEMI_ANNUALLY, "600.00", "600.00"),
        (Cycle.ANNUALLY, "2000.00", "1000.00"),
    ],
)
def test_a_year_to_go_is_worth_a_year_in_any_cycle(cycle, price, fee):
    assert fee_of(price=price, cycle=cycle).fee == usd(fee)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"end": None}, "no end date"),
        ({"on": "2027-01-01"}, "term has ended"),
        ({"on": "2027-03-01"}, "term has ended"),
        ({"was_activated": False}, "never activated"),
        ({"cycle": Cycle.ONE_TIME}, "one-time"),
    ],
)
def test_no_fee_where_nothing_is_left_and_the_page_says_why(facts, reason):
    answer = fee_of(**facts)
    assert answer.fee == answer.remaining == usd("0.00")
    assert reason in answer.words


def test_a_cap_limits_the_fee_to_some_months_of_the_price():
    capped = fee_of(cap_months=3)
    assert capped.fee == usd("7500.00")
    assert "at most 3 months" in capped.words
    assert fee_of(cap_months=6).words == fee_of().words


def test_a_percent_is_exact():
    assert fee_of(price="100.00", percent="33.3333").fee == usd("400.00")
    assert fee_of(price="100.00", percent="0").fee == usd("0.00")


@given(
    st.integers(0, 10**8),
    st.sampled_from([cycle for cycle in Cycle if cycle is not Cycle.ONE_TIME]),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.integers(1, 60),
    st.decimals(0, 100, places=4),
)
def test_whole_months_to_go_cost_exactly_their_share(minor, cycle, on, months, percent):
    answer = cancellation_fee(
        percent=percent,
        cycle_price=Money(minor, "USD"),
        cycle=cycle,
        effective_on=on,
        end_date=add_months(on, months),
        was_activated=True,
    )
    exact = minor / cycle.months * months * Fraction(percent) / 100
    assert abs(answer.fee.minor - exact) <= Fraction(1, 2)


def check(on, **facts):
    known = {
        "start_date": day("2026-01-10"),
        "today": day("2026-11-20"),
        "books_closed_until": day("2026-10-01"),
    }
    return check_effective_date(effective_on=day(on), **{**known, "may_backdate": True, **facts})


@pytest.mark.parametrize("on", ["2026-10-01", "2026-11-19", "2026-11-20", "2027-06-01"])
def test_who_may_backdate_can_go_back_to_where_the_books_are_closed(on):
    assert check(on) is None


def test_before_the_start_is_refused():
    with pytest.raises(Refused, match="starts on 2026-01-10"):
        check("2026-01-09", books_closed_until=None)
    assert check("2026-01-10", books_closed_until=None) is None


def test_before_the_books_were_closed_is_refused_even_with_the_right():
    with pytest.raises(Refused, match="closed up to 2026-10-01"):
        check("2026-09-30")


def test_the_past_needs_the_right():
    with pytest.raises(Refused, match="finance or an admin"):
        check("2026-11-19", may_backdate=False)
    assert check("2026-11-20", may_backdate=False) is None
