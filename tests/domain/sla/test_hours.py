"""Business hours, against a clock that is read minute by minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.domain.errors import Invalid
from portal.domain.sla.hours import ALWAYS, Calendar, NoWorkingTime, parse_windows

MINUTE = timedelta(minutes=1)
# Days around a change of the clock: forward and back, by an hour or half an hour, at 02:00 or at midnight.
CHANGES = {
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
    "America/Havana": ("2026-03-08", "2026-11-01"),
    "Asia/Kolkata": ("2026-03-08", "2026-11-01"),
}
HOURS = [
    "Mon-Fri 09:00-17:00",
    "Mon-Fri 08:00-12:00,13:00-17:00",
    "Mon-Sun 00:00-24:00",
    "Sat-Sun 01:30-02:30;Mon 00:00-02:00",
    "Sat-Sun 00:00-03:00,23:00-24:00",
    "Mon-Fri 09:00-18:00;Sat 10:00-14:00",
]


def at(text, zone="UTC"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def calendar(hours="Mon-Fri 09:00-17:00", zone="UTC", holidays=()):
    return Calendar(zone, parse_windows(hours), frozenset(date.fromisoformat(day) for day in holidays))


def is_working(business, instant):
    """The oracle: what does the wall clock say, and is that inside a window?"""
    wall = instant.astimezone(ZoneInfo(business.timezone))
    minute = wall.hour * 60 + wall.minute
    open_today = any(first <= minute < last for first, last in business.windows[wall.weekday()])
    return open_today and wall.date() not in business.holidays


def minutes(start, count):
    return (start + n * MINUTE for n in range(count))


@st.composite
def near_a_change(draw):
    zone = draw(st.sampled_from(sorted(CHANGES)))
    day = date.fromisoformat(draw(st.sampled_from(CHANGES[zone])))
    holidays = draw(st.sets(st.integers(-3, 3).map(lambda n: day + timedelta(n)), max_size=2))
    business = Calendar(zone, parse_windows(draw(st.sampled_from(HOURS))), frozenset(holidays))
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return business, noon + draw(st.integers(-4 * 1440, 2 * 1440)) * MINUTE


@settings(max_examples=150, deadline=None)
@given(near_a_change(), st.integers(0, 4 * 1440))
def test_working_time_is_the_minutes_on_which_the_wall_clock_says_open(case, length):
    business, start = case
    counted = sum(is_working(business, instant) for instant in minutes(start, length))
    assert business.working_seconds_between(start, start + length * MINUTE) == counted * 60


@settings(max_examples=150, deadline=None)
@given(near_a_change(), st.integers(1, 600))
def test_a_target_is_due_after_its_last_working_minute(case, target):
    business, start = case
    due = business.add_working(start, target * 60)
    assert is_working(business, due - MINUTE)
    assert sum(is_working(business, each) for each in minutes(start, (due - start) // MINUTE)) == target


@settings(max_examples=100, deadline=None)
@given(near_a_change(), st.integers(0, 10**6), st.integers(0, 10**6))
def test_adding_in_two_steps_is_adding_at_once(case, first, second):
    business, start = case
    at_once = business.add_working(start, first + second)
    in_steps = business.add_working(business.add_working(start, first), second)
    assert in_steps == at_once
    assert business.working_seconds_between(start, at_once) == first + second


def test_four_hours_from_friday_afternoon_are_due_on_monday_morning():
    assert calendar().add_working(at("2026-11-20 15:00"), 4 * 3600) == at("2026-11-23 11:00")


def test_a_target_that_fits_exactly_is_due_when_the_office_closes():
    assert calendar().add_working(at("2026-11-20 15:00"), 2 * 3600) == at("2026-11-20 17:00")


def test_a_lunch_break_does_not_count():
    office = calendar("Mon-Fri 08:00-12:00,13:00-17:00", "Europe/Berlin")
    opened = at("2026-11-20 11:30", "Europe/Berlin")
    assert office.add_working(opened, 3600) == at("2026-11-20 13:30", "Europe/Berlin")


def test_holidays_do_not_count():
    office = calendar(holidays=["2026-12-25"])
    assert office.add_working(at("2026-12-24 16:00"), 2 * 3600) == at("2026-12-28 10:00")


def test_hours_inside_a_change_of_the_clock_are_real_hours():
    night = calendar("Sun 00:00-06:00", "Europe/Berlin")
    for day, hours in (("2026-03-29", 5), ("2026-10-25", 7), ("2026-11-01", 6)):
        midnight = at(f"{day} 00:00", "Europe/Berlin")
        assert night.working_seconds_between(midnight, midnight + timedelta(days=1)) == hours * 3600


def test_around_the_clock_every_second_counts():
    always = Calendar("America/New_York", ALWAYS)
    start = at("2026-03-07 11:22:33")
    assert always.add_working(start, 86_400 * 40) == start + timedelta(days=40)
    assert parse_windows("Mon-Sun 00:00-24:00") == ALWAYS


def test_a_span_of_years_is_counted_from_its_weeks():
    start = at("2016-01-04 00:00")
    assert calendar().working_seconds_between(start, start + timedelta(weeks=520)) == 520 * 40 * 3600


def test_time_does_not_run_backwards():
    assert calendar().working_seconds_between(at("2026-11-20 12:00"), at("2026-11-20 11:00")) == 0


def test_a_calendar_that_never_opens_says_so():
    class EveryDay:
        def __contains__(self, day):
            return True

    with pytest.raises(NoWorkingTime, match="too few working hours"):
        Calendar("UTC", ALWAYS, EveryDay()).add_working(at("2026-11-20 12:00"), 60)


def test_intervals_are_in_order_and_inside_the_span():
    office = calendar("Mon-Fri 08:00-12:00,13:00-17:00")
    assert list(office.working_intervals(at("2026-11-20 11:00"), at("2026-11-23 08:30"))) == [
        (at("2026-11-20 11:00"), at("2026-11-20 12:00")),
        (at("2026-11-20 13:00"), at("2026-11-20 17:00")),
        (at("2026-11-23 08:00"), at("2026-11-23 08:30")),
    ]


@pytest.mark.parametrize(
    ("text", "weekday", "expected"),
    [
        ("Mon-Fri 08:00-12:00,13:00-17:00", 4, ((480, 720), (780, 1020))),
        ("Mon-Fri 08:00-12:00,13:00-17:00", 5, ()),
        ("Mon-Fri 09:00-18:00;Sat 10:00-14:00", 5, ((600, 840),)),
        ("Mon-Fri 09:00-18:00; Sat 10:00-14:00 ;", 5, ((600, 840),)),
        ("Mon,Wed-Thu 09:00-10:00", 2, ((540, 600),)),
        ("Mon,Wed-Thu 09:00-10:00", 1, ()),
        ("Sat-Mon 09:00-10:00", 0, ((540, 600),)),
        ("Mon 09:30-17:59", 0, ((570, 1079),)),
        ("Mon 09:00-12:00,11:00-13:00;Mon 13:00-14:00", 0, ((540, 840),)),
    ],
)
def test_hours_are_read_as_people_write_them(text, weekday, expected):
    assert parse_windows(text)[weekday] == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        ";",
        "Mon",
        "Mon-Fri",
        "Mon-Fri 9-17",
        "Mon-Fri 09:00-09:00",
        "Mon-Fri 22:00-06:00",
        "Mon-Fri 09:00-24:01",
        "Mon-Fri 09:60-10:00",
        "Moo 09:00-10:00",
        "Mon-Xyz 09:00-10:00",
        "09:00-10:00",
        "Mon-Fri 09:00-10:00,",
        "Mon-Fri 09:00-10:00 and more",
        "mon 09:00-10:00",
    ],
)
def test_what_are_no_hours_is_refused_with_an_example(text):
    with pytest.raises(Invalid) as refused:
        parse_windows(text)
    assert "Mon-Fri 09:00-17:00" in refused.value.faults["windows"]
