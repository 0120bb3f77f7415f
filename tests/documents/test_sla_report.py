"""The SLA report as it prints, and how it says lengths of time, days and months."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from portal import documents
from portal.documents import charts, formats
from portal.documents.pages import page
from portal.domain.periods import Period
from portal.domain.reports.facts import DayFacts, MonthFacts
from portal.domain.reports.measures import Clock, Compliance, Uptime
from portal.domain.sla.rules import Judgement
from tests.documents import facts
from tests.documents.reading import text, words_of

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def printed(*services, **changes) -> str:
    """The words of its page, before it is set."""
    return words_of(page("sla_report", facts.sla_report(*services, **changes)))


def test_a_report_says_what_was_kept_and_what_was_missed():
    words = printed()
    for each in (
        "Quarry Dental 株式会社", "1 – 31 Oct 2026", "Account manager: Ana Reyes", "Missed: availability.",
        "99.59 %", "Target 99.9 % – 180 min down, 44 min allowed",
        "Response in time 100.0 % Met 1 of 1", "Resolution in time 0.0 % Missed 0 of 1",
        "Oct 2026", "Disk full", "Firmware", "Backup job failed", "Met, 30 min of 1 h", "Missed, 5 h of 4 h",
        "Score 84 of 100", "By telephone.", "Agree on a date.", "How these figures are made",
    ):  # fmt: skip
        assert each in words, each


def test_the_pdf_holds_the_figures():
    words = text(documents.render("sla_report", facts.sla_report()))
    for each in ("99.59 %", "100.0 %", "Cloud Backup – Quarry", "Missed, 5 h of 4 h", "Page 1 of 2"):
        assert each in words.replace("\u00a0", " "), each


def test_times_are_those_of_the_clients_wall():
    assert "5 Oct 2026, 11:00" in printed()
    assert "5 Oct 2026, 02:00" in printed(timezone="America/Los_Angeles")


def test_nothing_measured_and_nothing_judged_read_na_and_never_100():
    none = Compliance(met=0, judged=0)
    nothing = Uptime(measured=timedelta(), down=timedelta(), target=Fraction(999, 1000))
    words = printed(
        facts.service(
            incidents=0, uptime=nothing, months=(), outages=(), health=None, response=none, resolution=none,
            monitored_from=None, severities=(),
        )
    )  # fmt: skip
    assert words.count("n/a Not judged") == 3
    assert "100" not in words.partition("How these figures")[0]


def test_a_share_is_cut_and_never_rounded_up():
    almost = Uptime(measured=100_000 * MINUTE, down=4 * MINUTE, target=Fraction(1))
    assert "99.99 % Missed" in printed(facts.service(uptime=almost))


def test_a_report_of_many_services_begins_with_all_of_them():
    words = printed(facts.service(), facts.service(name="Firewall – Quarry", down=timedelta()))
    cover = words.partition("Response and resolution")[0]
    assert "1 of 2" in cover and "Firewall – Quarry" in cover and "Cloud Backup – Quarry" in cover
    assert words.count("Response and resolution") == 2


@pytest.mark.parametrize("incidents", [0, 60])
def test_every_incident_stands_in_the_report(incidents):
    rows = tuple(facts.incident(n, title=f"Event-{n:03}") for n in range(1, incidents + 1))
    words = printed(replace(facts.service(incidents=incidents), incidents=rows))
    assert all(f"Event-{n:03}" in words for n in range(1, incidents + 1))
    assert ("No incident was opened in this period." in words) == (incidents == 0)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (None, "n/a"),
        (timedelta(), "0 min"),
        (timedelta(seconds=59), "< 1 min"),
        (timedelta(minutes=45, seconds=59), "45 min"),
        (4 * HOUR, "4 h"),
        (3 * HOUR + 5 * MINUTE, "3 h 05 min"),
        (50 * HOUR, "50 h"),
    ],
)
def test_lengths_of_time_are_said_in_hours_and_minutes(length, words):
    assert formats.say_length(length) == words


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (date(2026, 11, 1), date(2026, 11, 2), "1 Nov 2026"),
        (date(2026, 11, 1), date(2026, 12, 1), "1 – 30 Nov 2026"),
        (date(2012, 3, 2), date(2012, 4, 2), "2 Mar – 1 Apr 2012"),
        (date(2026, 12, 1), date(2027, 12, 1), "1 Dec 2026 – 30 Nov 2027"),
    ],
)
def test_periods_are_said_with_their_last_day(start, end, words):
    assert formats.say_span(Period(start, end)) == words


def test_an_instant_is_said_on_the_wall_of_its_reader():
    instant = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)
    assert formats.say_instant(instant, zone=ZoneInfo("Europe/Berlin")) == "1 Nov 2026, 00:30"


@pytest.mark.parametrize(
    ("judgement", "words"),
    [
        (Judgement.MET, "Met, 5 h of 4 h"),
        (Judgement.BREACHED, "Missed, 5 h of 4 h"),
        (Judgement.OPEN, "Open, 5 h of 4 h"),
        (None, "No target"),
    ],
)
def test_a_clock_says_its_outcome_with_used_and_allowed(judgement, words):
    assert formats.say_outcome(Clock(target=4 * HOUR, used=5 * HOUR, judgement=judgement)) == words


def month(*downs: timedelta, measured: timedelta = 24 * HOUR) -> MonthFacts:
    days = tuple(
        DayFacts(
            day=date(2026, 10, n), uptime=Uptime(measured=measured, down=down, target=Fraction(999, 1000))
        )
        for n, down in enumerate(downs, start=1)
    )
    whole = Uptime(measured=measured * len(downs), down=sum(downs, timedelta()), target=Fraction(999, 1000))
    return MonthFacts(first=date(2026, 10, 1), uptime=whole, days=days)


def test_days_have_the_colour_of_what_happened_on_them():
    days = month(timedelta(), MINUTE, HOUR).days
    unknown = month(timedelta(), measured=timedelta()).days
    assert [charts.state_of(each.uptime) for each in (*days, *unknown)] == ["up", "brief", "down", "none"]
    grouped = charts.days_by_state(days)
    assert [(state, len(found)) for state, found in grouped] == [("up", 1), ("brief", 1), ("down", 1)]


def test_a_chart_of_days_has_a_bar_for_each_and_round_lines():
    chart = charts.downtime_chart([month(timedelta(), 90 * MINUTE, timedelta(), 15 * MINUTE)])
    assert [bar.height for bar in chart.bars] == [0, 1, 0, pytest.approx(1 / 6)]
    assert [words for _, words in chart.ticks] == ["0 min", "30 min", "1 h", "1 h 30 min"]
    assert chart.words == "most on 2 Oct 2026, 1 h 30 min"


def test_a_long_period_is_drawn_by_month_and_no_downtime_is_not_drawn():
    months = [replace(month(*[HOUR] * 28), first=date(2026, n, 1)) for n in (1, 2, 3)]
    assert charts.downtime_chart(months).title == "Time down by month"
    assert charts.downtime_chart([month(timedelta())]) is None
