"""Periods are half-open, and boundaries never drift."""

import calendar
from datetime import date, timedelta
from fractions import Fraction
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.periods import Cycle, Period, Timetable, add_months, boundary, months_between

days = st.dates(date(1990, 1, 1), date(2060, 12, 31))
repeating = st.sampled_from([cycle for cycle in Cycle if cycle is not Cycle.ONE_TIME])
timetables = st.builds(Timetable, days, st.integers(1, 31), repeating)


def iso(text):
    return date.fromisoformat(text)


def span(text):
    start, end = text.split("/")
    return Period(iso(start), iso(end))


def test_a_period_holds_its_first_day_and_not_its_last():
    january = span("2026-01-01/2026-02-01")
    assert january.days == 31
    assert iso("2026-01-01") in january
    assert iso("2026-01-31") in january
    assert iso("2026-02-01") not in january
    assert iso("2025-12-31") not in january
    assert january.last_day == iso("2026-01-31")


@pytest.mark.parametrize("text", ["2026-01-01/2026-01-01", "2026-01-02/2026-01-01"])
def test_a_period_has_at_least_one_day(text):
    with pytest.raises(ValueError, match="ends after it starts"):
        span(text)


def test_neighbours_do_not_overlap():
    january, february = span("2026-01-01/2026-02-01"), span("2026-02-01/2026-03-01")
    assert not january.overlaps(february)
    assert january.intersection(february) is None
    assert january.intersection(span("2026-01-20/2026-02-10")) == span("2026-01-20/2026-02-01")


@given(days, st.integers(1, 60), days, st.integers(1, 60))
def test_an_intersection_is_the_days_in_both(a, long, b, wide):
    one, other = Period(a, a + timedelta(long)), Period(b, b + timedelta(wide))
    both = {one.start + timedelta(n) for n in range(long)} & {other.start + timedelta(n) for n in range(wide)}
    shared = one.intersection(other)
    assert (shared.days if shared else 0) == len(both)
    assert all(day in shared for day in both)


@pytest.mark.parametrize(
    ("first", "anchor", "cycle", "expected"),
    [
        ("2026-01-31", 31, Cycle.MONTHLY, "2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31"),
        ("2028-01-31", 31, Cycle.MONTHLY, "2028-01-31 2028-02-29 2028-03-31"),
        ("2024-02-29", 29, Cycle.ANNUALLY, "2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-29"),
        ("2026-01-11", 1, Cycle.MONTHLY, "2026-01-11 2026-02-01 2026-03-01"),
        ("2026-01-11", 15, Cycle.MONTHLY, "2026-01-11 2026-01-15 2026-02-15"),
        ("2026-01-11", 1, Cycle.QUARTERLY, "2026-01-11 2026-02-01 2026-05-01"),
        ("2026-11-30", 31, Cycle.QUARTERLY, "2026-11-30 2027-02-28 2027-05-31"),
        ("2026-02-28", 30, Cycle.SEMI_ANNUALLY, "2026-02-28 2026-08-30 2027-02-28"),
        ("2026-11-20", 1, Cycle.WEEKLY, "2026-11-20 2026-11-27 2026-12-04"),
    ],
)
def test_boundaries_come_from_the_first_day_and_the_anchor(first, anchor, cycle, expected):
    wanted = [iso(each) for each in expected.split()]
    assert list(islice(Timetable(iso(first), anchor, cycle).boundaries(), len(wanted))) == wanted
    assert [boundary(iso(first), anchor, cycle, n) for n in range(len(wanted))] == wanted


@given(timetables, st.integers(1, 60))
def test_a_boundary_keeps_the_anchor_day_however_far_away(timetable, n):
    day = timetable.boundary(n)
    if timetable.cycle is Cycle.WEEKLY:
        assert (day - timetable.first_on).days == 7 * n
    else:
        assert day.day == min(timetable.anchor_day, calendar.monthrange(day.year, day.month)[1])


@given(timetables)
def test_boundaries_rise_and_whole_cycles_have_their_length(timetable):
    bounds = list(islice(timetable.boundaries(), 14))
    assert bounds == sorted(set(bounds))
    if timetable.cycle is not Cycle.WEEKLY:
        # Months since year 0 name the month whatever the day in it.
        months = [day.year * 12 + day.month for day in bounds[1:]]
        assert {b - a for a, b in pairwise(months)} == {int(timetable.cycle.months)}


@given(timetables, st.integers(0, 4000))
def test_every_day_lies_in_exactly_one_period(timetable, offset):
    day = timetable.first_on + timedelta(offset)
    period = timetable.period_containing(day)
    bounds = [each for each in islice(timetable.boundaries(), 600) if each <= day + timedelta(400)]
    assert day in period
    assert period.start == max(each for each in bounds if each <= day)
    assert period.end == min(each for each in bounds if each > day)


@given(timetables, st.integers(-400, 4000))
def test_the_next_boundary_is_the_first_that_is_not_before_the_day(timetable, offset):
    day = timetable.first_on + timedelta(offset)
    answer = timetable.next_boundary(day)
    assert answer >= day
    assert answer == next(each for each in timetable.boundaries() if each >= day)


@given(timetables, st.integers(0, 4000))
def test_only_the_first_period_can_be_a_stub_of_its_anchored_one(timetable, offset):
    day = timetable.first_on + timedelta(offset)
    billed, whole = timetable.period_containing(day), timetable.anchored_period_containing(day)
    assert billed.end == whole.end
    assert (billed.start == whole.start) or (
        billed.start == timetable.first_on and timetable.starts_with_stub
    )


def test_a_stub_knows_the_anchored_period_around_it():
    timetable = Timetable(iso("2012-03-02"), 31, Cycle.MONTHLY)
    assert timetable.period_containing(iso("2012-03-02")) == span("2012-03-02/2012-03-31")
    assert timetable.anchored_period_containing(iso("2012-03-02")) == span("2012-02-29/2012-03-31")


def test_one_time_work_has_one_boundary_and_no_periods():
    once = Timetable(iso("2026-01-11"), 1, Cycle.ONE_TIME)
    assert list(once.boundaries()) == [once.boundary(0)] == [iso("2026-01-11")]
    assert once.next_boundary(iso("2026-01-01")) == iso("2026-01-11")
    for ask in (once.period_containing, once.next_boundary, once.anchored_period_containing):
        with pytest.raises(ValueError, match="One-time"):
            ask(iso("2026-01-12"))
    with pytest.raises(ValueError, match="no boundary 1"):
        once.boundary(1)


def test_what_lies_before_the_schedule_has_no_period():
    with pytest.raises(ValueError, match="before the schedule"):
        Timetable(iso("2026-01-11"), 1, Cycle.MONTHLY).period_containing(iso("2026-01-10"))


@pytest.mark.parametrize("anchor", [0, 32, -1])
def test_an_anchor_day_is_a_day_of_a_month(anchor):
    with pytest.raises(ValueError, match="1 to 31"):
        Timetable(iso("2026-01-11"), anchor, Cycle.MONTHLY)


@pytest.mark.parametrize(
    ("day", "months", "anchor", "expected"),
    [
        ("2026-01-31", 1, None, "2026-02-28"),
        ("2026-02-28", 1, 31, "2026-03-31"),
        ("2026-03-31", -1, None, "2026-02-28"),
        ("2026-11-20", 14, None, "2028-01-20"),
        ("2026-01-15", -13, None, "2024-12-15"),
    ],
)
def test_month_arithmetic_keeps_the_anchor_day(day, months, anchor, expected):
    assert add_months(iso(day), months, anchor) == iso(expected)


@pytest.mark.parametrize(
    ("start", "end", "months", "rest", "words"),
    [
        ("2026-11-16", "2027-01-01", 1, "16/31", "1 month and 16 of 31 days"),
        ("2026-01-01", "2027-01-01", 12, "0", "12 months"),
        ("2026-01-31", "2026-02-28", 1, "0", "1 month"),
        ("2026-01-31", "2026-03-30", 1, "30/31", "1 month and 30 of 31 days"),
        ("2026-03-05", "2026-03-05", 0, "0", "0 months"),
        ("2024-02-29", "2025-02-28", 12, "0", "12 months"),
    ],
)
def test_time_between_two_days_is_whole_months_and_days_of_the_last(start, end, months, rest, words):
    between = months_between(iso(start), iso(end))
    assert (between.months, between.exact) == (months, months + Fraction(rest))
    assert str(between) == words


@given(days, st.integers(0, 4000))
def test_more_days_are_never_fewer_months(start, length):
    end = start + timedelta(length)
    between = months_between(start, end)
    assert 0 <= between.days < between.of_days <= 31
    assert between.exact < months_between(start, end + timedelta(1)).exact


def test_time_does_not_run_backwards():
    with pytest.raises(ValueError, match="is before"):
        months_between(iso("2026-01-02"), iso("2026-01-01"))


def test_every_cycle_is_named_and_weighed():
    assert [cycle.value for cycle in Cycle] == [
        "weekly",
        "monthly",
        "quarterly",
        "semi-annually",
        "annually",
        "one-time",
    ]
    assert [cycle.months for cycle in Cycle] == [Fraction(3, 13), 1, 3, 6, 12, 0]
    assert all(cycle.label and cycle.per for cycle in Cycle)
