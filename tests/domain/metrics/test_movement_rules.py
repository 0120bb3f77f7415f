"""Rule book 9: how a change of MRR is named, and what the rates are."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.metrics.rules import NothingToMeasure, closing, movement_of, rates
from portal.domain.money import Money
from portal.domain.words import Movement


def usd(minor):
    return Money(minor, "USD")


@pytest.mark.parametrize(
    ("before", "after", "counted_before", "name"),
    [
        (0, 100, False, Movement.NEW),
        (0, 100, True, Movement.REACTIVATION),
        (100, 150, True, Movement.EXPANSION),
        (150, 100, True, Movement.CONTRACTION),
        (100, 0, True, Movement.CHURN),
        (100, 100, True, None),
        (0, 0, False, None),
    ],
)
def test_a_client_s_change_has_one_name(before, after, counted_before, name):
    assert movement_of(before=usd(before), after=usd(after), counted_before=counted_before) is name


def test_rates_are_shares_of_the_opening():
    month = rates(
        usd(100_000),
        {
            Movement.NEW: usd(50_000),
            Movement.EXPANSION: usd(8_000),
            Movement.REACTIVATION: usd(2_000),
            Movement.CONTRACTION: usd(-3_000),
            Movement.CHURN: usd(-12_000),
            Movement.PAUSED: usd(-7_000),
            Movement.TRANSFER: usd(0),
        },
    )
    assert month.gross_churn == Fraction(15, 100)
    assert month.gross_retention == Fraction(85, 100)
    assert month.net_retention == Fraction(95, 100)


def test_without_an_opening_there_is_no_rate():
    with pytest.raises(NothingToMeasure):
        rates(usd(0), {Movement.NEW: usd(100)})


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=20))
def test_named_changes_lead_from_the_opening_to_the_closing(totals):
    by_kind, counted = {}, False
    for before, after in pairwise(totals):
        counted = counted or before > 0
        name = movement_of(before=usd(before), after=usd(after), counted_before=counted)
        if name is not None:
            by_kind[name] = by_kind.get(name, usd(0)) + usd(after - before)
    assert closing(usd(totals[0]), by_kind) == usd(totals[-1])
    gains, losses = (
        (Movement.NEW, Movement.EXPANSION, Movement.REACTIVATION),
        (Movement.CONTRACTION, Movement.CHURN),
    )
    assert all(by_kind.get(kind, usd(0)) >= usd(0) for kind in gains)
    assert all(by_kind.get(kind, usd(0)) <= usd(0) for kind in losses)
