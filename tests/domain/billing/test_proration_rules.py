"""Rule book 4: what a period, a part of one, and a late run cost."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.billing.rules import (
    Schedule,
    TooManyMissed,
    credits_on_suspend,
    first_day_after_resume,
    lines_due,
    prorated,
    timetable_for,
)
from portal.domain.money import Money
from portal.domain.periods import Cycle, Period, Timetable

repeating = st.sampled_from([cycle for cycle in Cycle if cycle is not Cycle.ONE_TIME])
days = st.dates(date(2015, 1, 1), date(2035, 1, 1))


def day(text):
    return date.fromisoformat(text)


def usd(text):
    return Money.of(text, "USD")


def span(text):
    start, end = text.split("/")
    return Period(day(start), day(end))


def monthly(first, anchor):
    return Timetable(day(first), anchor, Cycle.MONTHLY)


def schedule(first="2026-01-01", anchor=1, cycle=Cycle.MONTHLY, price="100.00", next_bill=None, **facts):
    timetable = Timetable(day(first), anchor, cycle)
    ends = facts.pop("ends", None)
    return Schedule(usd(price), timetable, day(next_bill or first), ends and day(ends), **facts)


def billed(due):
    return [(str(charge.period), str(charge.amount.amount), charge.words) for charge in due.charges]


def test_a_start_inside_a_month_costs_its_days():
    (stub,) = prorated(usd("3100.00"), monthly("2026-01-11", 1), span("2026-01-11/2026-02-01"))
    assert stub.amount == usd("2100.00")
    assert stub.words == "21 of 31 days"


def test_a_stub_before_a_month_end_anchor_is_part_of_the_anchored_period():
    (stub,) = prorated(usd("599.95"), monthly("2012-03-02", 31), span("2012-03-02/2012-03-31"))
    assert stub.amount == usd("561.24")
    assert stub.words == "29 of 31 days"


def test_a_span_across_a_boundary_is_cut_there():
    stub, month = prorated(usd("10.00"), monthly("2011-09-01", 15), span("2011-09-01/2011-10-15"))
    assert (stub.amount, stub.words) == (usd("4.52"), "14 of 31 days")
    assert (month.amount, month.is_whole, month.words) == (usd("10.00"), True, "")


@given(repeating, days, st.integers(1, 31), st.integers(1, 1000), st.integers(0, 10**9))
def test_pieces_cover_the_span_without_gap_or_overlap_each_at_its_share(cycle, first, anchor, length, minor):
    timetable = Timetable(first, anchor, cycle)
    whole = Period(first, first + timedelta(length))
    pieces = prorated(Money(minor, "USD"), timetable, whole)
    assert [piece.period.start for piece in pieces] == [first, *(piece.period.end for piece in pieces[:-1])]
    assert pieces[-1].period.end == whole.end
    for piece in pieces:
        assert abs(piece.amount.minor - Fraction(minor * piece.days, piece.of_days)) <= Fraction(1, 2)


def test_without_proration_a_part_costs_the_whole():
    (stub,) = prorated(usd("3100.00"), monthly("2026-01-11", 1), span("2026-01-11/2026-02-01"), prorate=False)
    assert stub.amount == usd("3100.00")
    assert stub.words == "21 of 31 days"


def test_a_run_bills_in_advance_what_has_begun():
    due = lines_due(schedule(), day("2026-01-01"))
    assert billed(due) == [("2026-01-01/2026-02-01", "100.00", "")]
    assert (due.next_bill_on, due.is_over) == (day("2026-02-01"), False)


def test_a_run_before_the_next_bill_date_bills_nothing():
    due = lines_due(schedule(next_bill="2026-02-01"), day("2026-01-31"))
    assert due.charges == ()
    assert due.next_bill_on == day("2026-02-01")


def test_a_run_that_was_down_for_three_months_catches_up_oldest_first():
    due = lines_due(schedule(first="2026-01-31", anchor=31, next_bill="2026-02-28"), day("2026-04-30"))
    assert [str(charge.period) for charge in due.charges] == [
        "2026-02-28/2026-03-31",
        "2026-03-31/2026-04-30",
        "2026-04-30/2026-05-31",
    ]
    assert due.next_bill_on == day("2026-05-31")


def test_running_again_from_where_it_stopped_bills_nothing_twice():
    facts = schedule(first="2026-01-11", anchor=15)
    once = lines_due(facts, day("2026-06-20"))
    again = schedule(first="2026-01-11", anchor=15, next_bill=str(once.next_bill_on))
    assert lines_due(again, day("2026-06-20")).charges == ()


def test_twelve_missed_periods_are_billed_and_thirteen_park_the_schedule():
    assert len(lines_due(schedule(first="2025-01-01"), day("2025-12-31")).charges) == 12
    with pytest.raises(TooManyMissed, match="More than 12 periods are unbilled since 2025-01-01"):
        lines_due(schedule(first="2025-01-01"), day("2026-01-01"))


def test_the_bound_on_missed_periods_is_a_setting():
    with pytest.raises(TooManyMissed, match="More than 2"):
        lines_due(schedule(), day("2026-03-01"), most_missed=2)
    assert len(lines_due(schedule(), day("2026-03-01"), most_missed=3).charges) == 3


def test_nothing_is_billed_from_the_end_on():
    due = lines_due(schedule(ends="2026-02-10"), day("2026-06-01"))
    assert billed(due) == [
        ("2026-01-01/2026-02-01", "100.00", ""),
        ("2026-02-01/2026-02-10", "32.14", "9 of 28 days"),
    ]
    assert due.is_over
    assert lines_due(schedule(next_bill="2026-02-10", ends="2026-02-10"), day("2026-06-01")).charges == ()


def test_an_end_far_away_does_not_lengthen_the_period():
    due = lines_due(schedule(ends="2026-12-31"), day("2026-01-01"))
    assert billed(due) == [("2026-01-01/2026-02-01", "100.00", "")]
    assert not due.is_over


def test_a_resume_bills_the_days_to_the_next_boundary_and_goes_on_with_the_old_anchor():
    resumed = schedule(price="310.00", next_bill="2026-03-21")
    assert billed(lines_due(resumed, day("2026-04-01"))) == [
        ("2026-03-21/2026-04-01", "110.00", "11 of 31 days"),
        ("2026-04-01/2026-05-01", "310.00", ""),
    ]


def test_days_paid_ahead_and_not_credited_are_not_billed_again_on_resume():
    april = day("2026-04-01")
    assert first_day_after_resume(resumed_on=day("2026-03-21"), paid_until=april) == april
    assert first_day_after_resume(resumed_on=day("2026-05-03"), paid_until=april) == day("2026-05-03")


def test_one_time_work_is_billed_once_in_full():
    once = schedule(first="2026-01-11", cycle=Cycle.ONE_TIME, price="4800.00")
    due = lines_due(once, day("2026-06-01"))
    assert billed(due) == [("2026-01-11/2026-01-12", "4800.00", "")]
    assert due.is_over
    again = schedule(first="2026-01-11", cycle=Cycle.ONE_TIME, next_bill=str(due.next_bill_on))
    assert lines_due(again, day("2030-01-01")).charges == ()


def test_weeks_step_by_seven_days():
    weeks = lines_due(schedule(first="2026-11-20", cycle=Cycle.WEEKLY, price="138.46"), day("2026-12-04"))
    assert [str(charge.period) for charge in weeks.charges] == [
        "2026-11-20/2026-11-27",
        "2026-11-27/2026-12-04",
        "2026-12-04/2026-12-11",
    ]
    assert {charge.amount for charge in weeks.charges} == {usd("138.46")}


@given(repeating, days, st.integers(1, 31), st.lists(st.integers(0, 40), min_size=1, max_size=12))
def test_however_often_it_runs_the_billed_time_has_no_gap_and_no_overlap(cycle, first, anchor, pauses):
    timetable, price = Timetable(first, anchor, cycle), usd("31.00")
    as_of, next_bill, lines = first, first, []
    for pause in pauses:
        as_of += timedelta(pause)
        due = lines_due(Schedule(price, timetable, next_bill), as_of)
        lines += due.charges
        next_bill = due.next_bill_on
    at_once = lines_due(Schedule(price, timetable, first), as_of, most_missed=1000)
    assert lines == list(at_once.charges)
    assert [line.period.start for line in lines[1:]] == [line.period.end for line in lines[:-1]]
    assert lines[-1].period.start <= as_of < lines[-1].period.end


def test_a_client_with_a_billing_day_gets_one_invoice():
    on = day("2026-01-11")
    assert timetable_for(first_on=on, billing_day=31, cycle=Cycle.MONTHLY).anchor_day == 31
    assert timetable_for(first_on=on, billing_day=None, cycle=Cycle.MONTHLY).anchor_day == 11


@pytest.mark.parametrize(
    ("service", "client", "company", "credits"),
    [
        (None, None, True, True),
        (None, None, False, False),
        (None, False, True, False),
        (True, False, False, True),
        (False, True, True, False),
    ],
)
def test_the_nearest_setting_decides_on_credits(service, client, company, credits):
    assert credits_on_suspend(service=service, client=client, company=company) is credits
