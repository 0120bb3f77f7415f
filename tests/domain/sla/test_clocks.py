"""When a target passes, what a pause does to it, and what counts as met."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.sla.hours import Calendar, parse_windows
from portal.domain.sla.rules import Judgement, NothingJudged, compliance, deadline, judge, moved, warning_at

OFFICE = Calendar("UTC", parse_windows("Mon-Fri 09:00-17:00"))
FRIDAY_15 = "2026-11-20 15:00"


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(hours=4, opened=FRIDAY_15, now="2026-12-31 00:00", pauses=()):
    spans = [(at(began), ended and at(ended)) for began, ended in pauses]
    return deadline(OFFICE, opened_at=at(opened), target_seconds=hours * 3600, now=at(now), pauses=spans)


def test_without_a_pause_the_deadline_is_the_target_in_working_time():
    assert due() == at("2026-11-23 11:00")


def test_a_pause_moves_the_deadline_by_its_working_minutes_only():
    over_the_weekend = [("2026-11-20 16:00", "2026-11-23 10:00")]
    assert due(pauses=over_the_weekend) == at("2026-11-23 13:00")


def test_an_open_pause_moves_the_deadline_up_to_now():
    waiting = [("2026-11-20 16:00", None)]
    assert due(pauses=waiting, now="2026-11-20 16:30") == at("2026-11-23 11:30")
    assert due(pauses=waiting, now="2026-11-24 12:00") == at("2026-11-24 15:00")


def test_a_pause_after_the_deadline_moves_nothing():
    assert due(pauses=[("2026-11-23 11:00", "2026-11-23 15:00")]) == at("2026-11-23 11:00")


def test_pauses_that_overlap_stop_the_clock_once():
    twice = [("2026-11-20 15:30", "2026-11-20 16:30"), ("2026-11-20 16:00", "2026-11-20 16:15")]
    assert due(pauses=twice) == due(pauses=twice[:1]) == at("2026-11-23 12:00")


def test_only_the_part_of_a_pause_after_the_opening_counts():
    assert due(pauses=[("2026-11-20 10:00", "2026-11-20 16:00")]) == at("2026-11-23 12:00")


def test_a_pause_can_reach_the_next_one_that_would_otherwise_be_too_late():
    pauses = [("2026-11-23 10:00", "2026-11-23 12:00"), ("2026-11-23 12:30", "2026-11-23 13:30")]
    assert due(pauses=pauses) == at("2026-11-23 14:00")


@given(st.integers(0, 2000), st.integers(0, 600), st.integers(0, 2000), st.integers(0, 600))
def test_the_time_that_was_not_paused_is_the_target(first, long, gap, longer):
    opened = at("2026-11-16 08:00")
    begins = opened + timedelta(minutes=first)
    again = begins + timedelta(minutes=long + gap)
    pauses = [(begins, begins + timedelta(minutes=long)), (again, again + timedelta(minutes=longer))]
    passes = deadline(
        OFFICE, opened_at=opened, target_seconds=8 * 3600, now=at("2027-01-01 00:00"), pauses=pauses
    )
    paused = sum(
        OFFICE.working_seconds_between(start, min(end, passes)) for start, end in pauses if start < passes
    )
    assert OFFICE.working_seconds_between(opened, passes) - paused == 8 * 3600


def test_the_warning_comes_when_three_quarters_have_passed():
    opened, now = at(FRIDAY_15), at(FRIDAY_15)
    assert warning_at(OFFICE, opened_at=opened, target_seconds=4 * 3600, now=now) == at("2026-11-23 10:00")


def test_a_pause_moves_the_warning_too():
    pauses = [(at("2026-11-20 16:00"), at("2026-11-20 16:30"))]
    warned = warning_at(
        OFFICE, opened_at=at(FRIDAY_15), target_seconds=4 * 3600, now=at("2026-11-25 00:00"), pauses=pauses
    )
    assert warned == at("2026-11-23 10:30")


@pytest.mark.parametrize(
    ("done", "now", "judgement"),
    [
        ("2026-11-23 10:59", "2026-11-30 00:00", Judgement.MET),
        ("2026-11-23 11:00", "2026-11-30 00:00", Judgement.MET),
        ("2026-11-23 11:01", "2026-11-30 00:00", Judgement.BREACHED),
        (None, "2026-11-23 10:59", Judgement.OPEN),
        (None, "2026-11-23 11:00", Judgement.OPEN),
        (None, "2026-11-23 11:01", Judgement.BREACHED),
    ],
)
def test_a_target_is_met_missed_or_still_open(done, now, judgement):
    assert judge(due_at=at("2026-11-23 11:00"), done_at=done and at(done), now=at(now)) is judgement


def test_a_breach_stays_a_breach_even_if_the_deadline_moved_afterwards():
    moved, breached = at("2026-11-24 11:00"), at("2026-11-23 11:00")
    assert judge(due_at=moved, done_at=breached, now=moved, breached_at=breached) is Judgement.BREACHED


def test_compliance_is_met_of_judged_and_leaves_out_what_is_still_open():
    judged = [Judgement.MET, Judgement.MET, Judgement.BREACHED, Judgement.OPEN]
    assert compliance(judged) == Fraction(2, 3)


@pytest.mark.parametrize("judged", [[], [Judgement.OPEN]])
def test_nothing_judged_is_not_a_hundred_percent(judged):
    with pytest.raises(NothingJudged):
        compliance(judged)


def test_judgements_are_named():
    assert [each.label for each in Judgement] == ["Met", "Breached", "Not due yet"]


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 2000)), max_size=5))
def test_moving_a_deadline_pause_by_pause_is_what_all_pauses_say_at_once(lengths):
    opened = at("2026-11-16 08:00")
    passes = due_at = OFFICE.add_working(opened, 8 * 3600)
    began, pauses = opened, []
    for gap, length in lengths:
        began += timedelta(minutes=gap)
        pauses.append((began, began + timedelta(minutes=length)))
        began += timedelta(minutes=length)
        due_at = moved(OFFICE, due_at, since=pauses[-1][0], until=pauses[-1][1])
    at_once = deadline(
        OFFICE, opened_at=opened, target_seconds=8 * 3600, now=at("2027-03-01 00:00"), pauses=pauses
    )
    assert due_at == at_once >= passes
