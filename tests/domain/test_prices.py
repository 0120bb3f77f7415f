"""Rule book 2: the cycle's price is the truth; the month's is derived from it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.errors import Invalid
from portal.domain.money import Money
from portal.domain.periods import Cycle
from portal.domain.prices import cycle_price_of, line_price_of, monthly_cost_of


def usd(text):
    return Money.of(text, "USD")


@pytest.mark.parametrize(
    ("month", "cycle", "price"),
    [
        ("600.00", Cycle.WEEKLY, "138.46"),
        ("600.00", Cycle.MONTHLY, "600.00"),
        ("600.00", Cycle.QUARTERLY, "1800.00"),
        ("600.00", Cycle.SEMI_ANNUALLY, "3600.00"),
        ("600.00", Cycle.ANNUALLY, "7200.00"),
        ("0.00", Cycle.ONE_TIME, "0.00"),
    ],
)
def test_a_cycle_costs_its_months(month, cycle, price):
    assert cycle_price_of(usd(month), cycle) == usd(price)


@pytest.mark.parametrize(
    ("price", "cycle", "month"),
    [
        ("2000.00", Cycle.ANNUALLY, "166.67"),
        ("138.46", Cycle.WEEKLY, "599.99"),
        ("100.00", Cycle.QUARTERLY, "33.33"),
        ("4800.00", Cycle.ONE_TIME, "0.00"),
    ],
)
def test_the_month_is_the_cycle_divided_by_its_months(price, cycle, month):
    assert monthly_cost_of(usd(price), cycle) == usd(month)


def test_one_time_work_has_no_monthly_price_to_be_entered():
    with pytest.raises(Invalid) as refused:
        cycle_price_of(usd("600.00"), Cycle.ONE_TIME)
    assert "no monthly price" in refused.value.faults["monthly_cost"]


@given(
    st.integers(0, 10**10),
    st.sampled_from([Cycle.MONTHLY, Cycle.QUARTERLY, Cycle.SEMI_ANNUALLY, Cycle.ANNUALLY]),
)
def test_a_month_price_survives_the_way_there_and_back(minor, cycle):
    month = Money(minor, "USD")
    assert monthly_cost_of(cycle_price_of(month, cycle), cycle) == month


def test_a_line_is_quantity_times_unit_price_less_the_discount():
    assert line_price_of(usd("12.50"), 4) == usd("50.00")
    assert line_price_of(usd("9.99"), Decimal("2.5"), Decimal("10")) == usd("22.48")
