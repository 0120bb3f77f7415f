"""Money is whole minor units, exact, and rounded once."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.money import (
    LARGEST_MINOR,
    BadAmount,
    CurrencyMismatch,
    Money,
    UnknownCurrency,
    exponent,
    is_currency,
    round_half_up,
)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.34", "USD", 1234),
        ("12", "USD", 1200),
        ("-0.05", "EUR", -5),
        ("12.3", "GBP", 1230),
        ("99000", "JPY", 99000),
        ("1.234", "KWD", 1234),
        (" 7.00 ", "USD", 700),
    ],
)
def test_an_amount_is_read_as_people_write_it(text, currency, minor):
    assert Money.of(text, currency) == Money(minor, currency)
    assert Money.of(Decimal(text.strip()), currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "text",
    [
        "1e3",
        "NaN",
        "Infinity",
        "-inf",
        "1,000.00",
        "1_000",
        "+5",
        ".5",
        "5.",
        "0x10",
        "١٢",
        "12.34.5",
        "--",
        "-",
        "1/3",
        "",
        " ",
        "12\n34",
        "1 000",
    ],
)
def test_what_is_not_a_plain_number_is_refused(text):
    with pytest.raises(BadAmount, match="not a number"):
        Money.of(text, "USD")


@pytest.mark.parametrize(
    "value", [Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity"), Decimal("sNaN")]
)
def test_a_decimal_that_is_no_number_is_refused(value):
    with pytest.raises(BadAmount, match="not a number"):
        Money.of(value, "USD")


@pytest.mark.parametrize("value", [12.34, 12, None, True])
def test_only_text_and_decimals_become_money(value):
    with pytest.raises(BadAmount, match="text or a Decimal"):
        Money.of(value, "USD")


@pytest.mark.parametrize(("text", "currency"), [("10.005", "USD"), ("0.5", "JPY"), ("1.2345", "KWD")])
def test_more_decimals_than_the_currency_has_are_refused_not_rounded(text, currency):
    with pytest.raises(BadAmount, match="more decimals"):
        Money.of(text, currency)


@pytest.mark.parametrize(
    "value", ["99999999999999999999.00", "9" * 5000, Decimal("1E+999999"), Decimal("1E-999999")]
)
def test_an_amount_that_no_column_could_hold_is_refused(value):
    with pytest.raises(BadAmount, match=r"too (large|many)"):
        Money.of(value, "USD")
    assert Money.of(str(LARGEST_MINOR // 100), "USD").minor == LARGEST_MINOR


@pytest.mark.parametrize("minor", [1.0, 12.5, True, Decimal(3)])
def test_minor_units_are_whole_numbers_only(minor):
    with pytest.raises(BadAmount):
        Money(minor, "USD")


@pytest.mark.parametrize("code", ["XXQ", "XXX", "XTS", "usd", "", "US", "DOLLAR"])
def test_an_unknown_currency_is_refused(code):
    assert not is_currency(code)
    with pytest.raises(UnknownCurrency):
        Money(1, code)


def test_each_currency_has_its_own_minor_unit():
    assert [exponent(code) for code in ("USD", "EUR", "JPY", "KWD")] == [2, 2, 0, 3]


def test_an_amount_is_shown_with_all_its_decimals():
    assert str(Money(1230, "USD")) == "12.30 USD"
    assert str(Money(-5, "USD")) == "-0.05 USD"
    assert str(Money(99000, "JPY")) == "99000 JPY"


@given(st.integers(-(10**40), 10**40), st.sampled_from(["USD", "JPY", "KWD"]))
def test_the_decimal_holds_every_digit_of_any_amount(minor, currency):
    assert Fraction(Money(minor, currency).amount) == Fraction(minor, 10 ** exponent(currency))


def test_sums_and_comparisons_stay_in_one_currency():
    two, three = Money(200, "USD"), Money(300, "USD")
    assert two + three == Money(500, "USD")
    assert two - three == -Money(100, "USD")
    assert sum([two, three], Money.zero("USD")) == Money(500, "USD")
    assert two < three
    assert two <= Money(200, "USD")
    assert three > two
    assert three >= Money(300, "USD")
    assert abs(two - three) == Money(100, "USD")
    assert not Money.zero("USD")
    assert two


@pytest.mark.parametrize(
    "combine",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a < b,
        lambda a, b: a <= b,
        lambda a, b: a > b,
        lambda a, b: a >= b,
    ],
)
def test_two_currencies_are_never_combined(combine):
    with pytest.raises(CurrencyMismatch, match="two currencies"):
        combine(Money(1, "USD"), Money(1, "EUR"))


def test_equal_figures_in_two_currencies_are_not_equal_money():
    assert Money(1, "USD") != Money(1, "EUR")


@pytest.mark.parametrize(
    ("exact", "whole"),
    [
        ("5/2", 3),
        ("-5/2", -3),
        ("1/2", 1),
        ("-1/2", -1),
        ("49/100", 0),
        ("-49/100", 0),
        ("7/3", 2),
        ("8/3", 3),
        ("4", 4),
    ],
)
def test_halves_go_away_from_zero(exact, whole):
    assert round_half_up(Fraction(exact)) == whole


@given(st.fractions())
def test_rounding_is_the_nearest_whole_and_symmetric(exact):
    rounded = round_half_up(exact)
    assert abs(rounded - exact) <= Fraction(1, 2)
    assert round_half_up(-exact) == -rounded


def test_a_product_is_rounded_once():
    assert Money(6666, "USD").times(Decimal("0.23")) == Money(1533, "USD")
    assert Money(1000, "USD").times(Fraction(14, 31)) == Money(452, "USD")
    assert Money(5, "USD").times(Fraction(-1, 2)) == Money(-3, "USD")
    with pytest.raises(BadAmount, match="float"):
        Money(1, "USD").times(0.5)


@given(
    st.integers(-(10**12), 10**12),
    st.lists(st.integers(0, 366), min_size=1, max_size=40).filter(any),
)
def test_allocated_parts_add_up_and_are_fair_to_one_unit(minor, weights):
    parts = Money(minor, "USD").allocate(weights)
    assert sum(part.minor for part in parts) == minor
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.minor - Fraction(minor * weight, sum(weights))) < 1
        assert weight or not part


def test_left_over_units_go_to_the_largest_remainders():
    assert [part.minor for part in Money(1000, "USD").allocate([1, 1, 1])] == [334, 333, 333]
    assert [part.minor for part in Money(-1000, "USD").allocate([1, 1, 1])] == [-334, -333, -333]
    assert [part.minor for part in Money(100, "USD").allocate([1, 5])] == [17, 83]


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
def test_weights_that_share_nothing_out_are_refused(weights):
    with pytest.raises(BadAmount):
        Money(100, "USD").allocate(weights)
