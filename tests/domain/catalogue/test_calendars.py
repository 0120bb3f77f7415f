"""Business calendars: hours, public holidays, dated days off, and what the SLA clocks make of them."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import catalogue
from portal.domain.catalogue import days_off
from portal.domain.catalogue.models import Calendar
from portal.domain.catalogue.outlook import outlook, outlook_of
from portal.domain.errors import Invalid, NotFound, Refused, StaleVersion
from portal.outbox import EventRecord
from tests.factories import make_calendar, make_policy

pytestmark = pytest.mark.usefixtures("session", "clock")

BERLIN = {
    "name": "berlin",
    "timezone": "Europe/Berlin",
    "windows": "Mon-Fri 09:00-17:00",
    "holidays_country": "DE",
}
PARTY = [{"on_date": "2026-12-23", "name": "Staff party"}]


def act(verb, **facts):
    with transaction():
        return verb(**facts, by=None, at=portal_clock.now())


def edit(calendar, version=1, days=(), **values):
    facts = {"name": calendar.name} | values
    return act(catalogue.edit_calendar, calendar_id=calendar.id, version=version, days=days, **facts)


def told(calendar_id):
    rows = sa.select(EventRecord.payload).filter_by(subject_type="calendar", subject_id=calendar_id)
    return [(each["what"], each["changes"]) for each in db.session.scalars(rows.order_by(EventRecord.id))]


def hours(calendar, first, last):
    start, end = (datetime.combine(day, datetime.min.time(), UTC) for day in (first, last))
    return catalogue.calendar_of(calendar.id).working_seconds_between(start, end) / 3600


def test_the_sla_clock_reads_windows_public_and_dated_holidays():
    calendar = act(catalogue.create_calendar, days=PARTY, **BERLIN)
    week = date(2026, 12, 21)
    assert (
        hours(calendar, week, week + timedelta(days=7)) == 3 * 8
    )  # the party is off, and Friday is Christmas Day
    assert hours(calendar, date(2026, 12, 14), date(2026, 12, 21)) == 5 * 8


def test_the_rule_books_example_falls_due_on_monday():
    calendar = make_calendar(windows="Mon-Fri 09:00-17:00", timezone="UTC")
    due = catalogue.calendar_of(calendar.id).add_working(datetime(2026, 11, 20, 15, tzinfo=UTC), 4 * 3600)
    assert due == datetime(2026, 11, 23, 11, tzinfo=UTC)


def test_holidays_are_known_for_every_year_that_is_asked_about():
    calendar = make_calendar(holidays_country="US")
    known = catalogue.calendar_of(calendar.id).holidays
    assert [date(year, 7, 4) in known for year in (1999, 2024, 2031)] == [True] * 3


def test_the_next_days_off_come_with_their_names():
    calendar = act(catalogue.create_calendar, days=PARTY, **BERLIN)
    upcoming = outlook_of(calendar, since=date(2026, 11, 20)).days_off
    assert upcoming[0] == (date(2026, 12, 23), "Staff party")
    assert upcoming[1] == (date(2026, 12, 25), "Christmas Day")
    assert len(upcoming) == 5


def test_a_calendar_without_holidays_has_none():
    assert outlook_of(make_calendar(), since=date(2026, 11, 20)).days_off == []


@pytest.mark.parametrize(("entered", "stored"), [("de", "DE"), ("DE-by", "DE-BY"), ("", ""), (None, "")])
def test_a_country_or_a_region_of_it(entered, stored):
    assert days_off.country(entered) == stored


def test_a_region_has_holidays_of_its_own():
    epiphany = date(2027, 1, 6)
    assert epiphany in days_off.DaysOff("DE-BY", {})
    assert epiphany not in days_off.DaysOff("DE", {})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("windows", "nine to five"),
        ("windows", "Mon-Fri 17:00-09:00"),
        ("windows", ""),
        ("timezone", "Berlin"),
        ("holidays_country", "ZZ"),
        ("holidays_country", "DE-XX"),
        ("name", " "),
    ],
)
def test_a_calendar_that_cannot_be_read_is_refused_at_its_field(field, value):
    with pytest.raises(Invalid) as refusal:
        act(catalogue.create_calendar, **BERLIN | {field: value})
    assert refusal.value.faults.keys() == {field}


def test_a_day_off_that_is_no_date_is_refused_at_its_row():
    rows = [{}, {"on_date": "2026-02-30", "name": "Never"}, {"name": "No date"}]
    with pytest.raises(Invalid) as refusal:
        act(catalogue.create_calendar, days=rows, **BERLIN)
    assert refusal.value.faults.keys() == {"days-1", "days-2"}


def test_days_off_are_kept_in_order_and_a_date_once():
    rows = [
        {"on_date": "2027-03-01", "name": "Move"},
        *PARTY,
        {"on_date": "2027-03-01", "name": "Moving day"},
    ]
    calendar = act(catalogue.create_calendar, days=rows, **BERLIN)
    days = [(each.on_date, each.name) for each in calendar.holidays]
    assert days == [(date(2026, 12, 23), "Staff party"), (date(2027, 3, 1), "Moving day")]


def test_changed_days_off_count_as_a_version_and_are_told():
    calendar = act(catalogue.create_calendar, **BERLIN)
    edit(calendar, days=PARTY)
    assert db.session.get_one(Calendar, calendar.id).version == 2
    assert told(calendar.id)[1] == ("calendar changed", {"days_off": [[], ["2026-12-23 Staff party"]]})
    with pytest.raises(StaleVersion) as refusal:
        edit(calendar, days=())
    assert refusal.value.theirs == {"days_off": ("–", "2026-12-23 Staff party")}


def test_a_name_belongs_to_one_calendar():
    act(catalogue.create_calendar, **BERLIN)
    other = make_calendar()
    with pytest.raises(Invalid, match="name already"):
        edit(other, name="berlin")


def test_a_calendar_of_a_policy_stays():
    calendar = make_calendar(name="berlin")
    make_policy(name="gold", calendar=calendar)
    with pytest.raises(Refused, match="berlin is the calendar of gold"):
        act(catalogue.remove_calendar, calendar_id=calendar.id)


def test_an_unused_calendar_is_deleted_with_its_days():
    calendar_id = act(catalogue.create_calendar, days=PARTY, **BERLIN).id
    act(catalogue.remove_calendar, calendar_id=calendar_id)
    with pytest.raises(NotFound):
        catalogue.calendar_of(calendar_id)


def test_the_week_is_drawn_while_it_is_entered():
    entered = {
        "timezone": "UTC",
        "windows": "Mon-Fri 08:00-12:00,13:00-17:30;Sun 10:00-14:00",
        "holidays_country": "",
    }
    drawn = outlook(entered, PARTY, since=date(2026, 11, 20))
    assert drawn.hours == "46 h 30 min"
    assert [str(window) for window in drawn.week[0][1]] == ["08:00–12:00", "13:00–17:30"]
    assert drawn.week[5] == ("Sat", [])
    assert drawn.days_off == [(date(2026, 12, 23), "Staff party")]


def test_what_cannot_be_drawn_says_why():
    drawn = outlook({"timezone": "Mars", "windows": "nine"}, [{"on_date": "soon"}], since=date(2026, 11, 20))
    assert drawn.faults.keys() == {"timezone", "windows", "days-0"}
