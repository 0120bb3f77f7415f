"""Rule book 6: what is measured, what was down, and how the percent is written."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.uptime.rules import (
    Maintenance,
    NothingMeasured,
    availability,
    duration,
    ended,
    intersect,
    measured_time,
    merge,
    percent_text,
    subtract,
)

START = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
WINDOW = (START, START + timedelta(days=30))
LATER = START + timedelta(days=60)
hour_spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8)


def span(first, last):
    return START + first * HOUR, START + last * HOUR


def hours_of(intervals):
    return {hour for hour in range(61) if any(a <= START + hour * HOUR < b for a, b in intervals)}


def is_merged(intervals):
    edges = [edge for interval in intervals for edge in interval]
    return all(a < b for a, b in pairwise(edges))


@given(hour_spans, hour_spans)
def test_interval_arithmetic_is_the_arithmetic_of_their_hours(one, other):
    left, right = [span(*each) for each in one], [span(*each) for each in other]
    for answer, wanted in (
        (merge(left), hours_of(left)),
        (intersect(left, right), hours_of(left) & hours_of(right)),
        (subtract(left, right), hours_of(left) - hours_of(right)),
    ):
        assert hours_of(answer) == wanted
        assert is_merged(answer)
        assert duration(answer) == len(wanted) * HOUR


def measured(**facts):
    known = {"window": WINDOW, "monitored_from": START, "now": LATER}
    return measured_time(**{**known, **facts})


def test_overlapping_outages_count_once():
    outages = [span(10, 12), span(11, 13)]
    share = availability(outages, measured())
    assert duration(intersect(outages, measured())) == timedelta(minutes=180)
    assert share == 1 - Fraction(180, 30 * 1440)
    assert percent_text(share, 3) == "99.583"


def test_an_outage_inside_agreed_maintenance_is_no_downtime():
    agreed = Maintenance(*span(2, 4), agreed_at=START - HOUR)
    time = measured(window=span(0, 24), maintenance=[agreed])
    assert availability([span(2, 4)], time) == 1
    assert duration(time) == 22 * HOUR


@pytest.mark.parametrize("agreed_after_hours", [2, 3, 30])
def test_maintenance_that_was_agreed_once_it_had_begun_excuses_nothing(agreed_after_hours):
    late = Maintenance(*span(2, 4), agreed_at=START + agreed_after_hours * HOUR)
    time = measured(window=span(0, 24), maintenance=[late])
    assert availability([span(2, 4)], time) == Fraction(22, 24)


def test_an_open_outage_runs_until_now():
    now = START + 20 * HOUR
    down = ended([(START + 15 * HOUR, None)], now)
    assert availability(down, measured(now=now)) == Fraction(15, 20)


def test_time_before_monitoring_began_and_time_to_come_are_not_measured():
    time = measured(monitored_from=START + 5 * HOUR, now=START + 9 * HOUR)
    assert time == [span(5, 9)]
    assert availability([span(0, 6)], time) == Fraction(3, 4)


def test_only_the_agreed_hours_are_measured():
    time = measured(service_hours=[span(9, 17)])
    assert availability([span(16, 20)], time) == Fraction(7, 8)


def test_time_without_data_is_neither_up_nor_down():
    time = measured(window=span(0, 24), unobserved=[span(0, 12)])
    assert duration(time) == 12 * HOUR
    assert availability([span(18, 24)], time) == Fraction(1, 2)


@pytest.mark.parametrize(
    "facts",
    [
        {"monitored_from": None},
        {"monitored_from": LATER},
        {"now": START},
        {"service_hours": []},
        {"unobserved": [WINDOW]},
    ],
)
def test_nothing_measured_is_not_a_hundred_percent(facts):
    with pytest.raises(NothingMeasured):
        availability([], measured(**facts))


def test_everything_down_is_zero():
    assert availability([WINDOW], measured()) == 0


@pytest.mark.parametrize(
    ("share", "text"),
    [
        ("99.996", "99.99"),
        ("99.999999", "99.99"),
        ("100", "100.00"),
        ("99.9", "99.90"),
        ("99.05", "99.05"),
        ("0", "0.00"),
        ("0.009", "0.00"),
    ],
)
def test_a_percent_is_cut_never_rounded_up(share, text):
    assert percent_text(Fraction(share) / 100) == text
