"""What a report makes of its rows: days, months, verdicts, sentences."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.errors import Invalid
from portal.domain.periods import Period
from portal.domain.reports.advice import advice_on, listed, verdict_on, verdict_on_all
from portal.domain.reports.facts import as_json
from portal.domain.reports.measures import Clock, Compliance, Uptime, Verdict
from portal.domain.reports.rules import by_severity, check_period, clock_of, months_of, split, window_of
from portal.domain.sla.hours import ALWAYS, Calendar
from portal.domain.sla.rules import Judgement
from portal.domain.uptime.rules import availability, duration, merge
from portal.domain.words import Severity
from tests.documents import facts

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
START = datetime(2026, 10, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def test_a_period_is_refused_before_it_begins_when_it_ends_early_and_beyond_three_years():
    today = date(2026, 11, 20)
    assert check_period(date(2026, 10, 1), date(2026, 11, 1), today=today).days == 31
    for start, end, field in (
        (date(2026, 11, 1), date(2026, 11, 1), "period_end"),
        (date(2026, 11, 21), date(2026, 12, 1), "period_start"),
        (date(2023, 11, 1), date(2026, 11, 2), "period_end"),
    ):
        with pytest.raises(Invalid) as refusal:
            check_period(start, end, today=today)
        assert list(refusal.value.faults) == [field]


def test_the_window_runs_from_midnight_to_midnight_on_the_clients_wall():
    window = window_of(Period(date(2026, 10, 1), date(2026, 11, 1)), BERLIN)
    assert window == (datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC))


def test_the_day_on_which_the_clock_is_put_back_has_25_hours():
    period = Period(date(2026, 10, 24), date(2026, 10, 27))
    window = window_of(period, BERLIN)
    (month,) = months_of(period, BERLIN, measured=[window], down=[], target=None)
    assert [each.uptime.measured / HOUR for each in month.days] == [24, 25, 24]


def test_days_add_up_to_their_month_and_months_to_the_period():
    period = Period(date(2026, 9, 20), date(2026, 11, 3))
    window = window_of(period, BERLIN)
    down = [(window[0] + 30 * HOUR, window[0] + 50 * HOUR), (window[1] - 5 * HOUR, window[1])]
    months = months_of(period, BERLIN, measured=[window], down=down, target=Fraction(999, 1000))
    assert [each.first for each in months] == [date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)]
    assert [len(each.days) for each in months] == [11, 31, 2]
    for month in months:
        assert month.uptime.down == sum((each.uptime.down for each in month.days), timedelta())
    assert sum((each.uptime.down for each in months), timedelta()) == 25 * HOUR
    assert sum((each.uptime.measured for each in months), timedelta()) == window[1] - window[0]


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=12), st.integers(1, 9))
def test_parts_add_up_to_the_whole_however_it_is_split(pairs, days):
    intervals = merge((at(min(pair)), at(max(pair))) for pair in pairs)
    edges = [*(at(200 // days * n) for n in range(days)), at(200)]
    assert sum(split(intervals, edges), timedelta()) == duration(intervals)


def test_the_share_is_that_of_the_rules():
    """Rule book 6: 30 days, outages 10:00–12:00 and 11:00–13:00 on one day → 180 minutes → 99.583 %."""
    outages = merge([(at(10), at(12)), (at(11), at(13))])
    measured = [(START, START + 30 * DAY)]
    uptime = Uptime(measured=30 * DAY, down=duration(outages), target=Fraction(999, 1000))
    assert uptime.share == availability(outages, measured) == Fraction(43_020, 43_200)
    assert (uptime.down_minutes, uptime.allowed, uptime.verdict) == (
        180,
        timedelta(seconds=2592),
        Verdict.MISSED,
    )


def test_exactly_on_target_is_met_and_nothing_measured_is_not_judged():
    exact = Uptime(measured=1000 * MINUTE, down=MINUTE, target=Fraction(999, 1000))
    assert exact.verdict is Verdict.MET
    nothing = Uptime(measured=timedelta(), down=timedelta(), target=Fraction(999, 1000))
    assert (nothing.share, nothing.allowed, nothing.verdict) == (None, None, Verdict.UNKNOWN)
    without_target = Uptime(measured=DAY, down=DAY, target=None)
    assert (without_target.share, without_target.verdict) == (0, Verdict.UNKNOWN)


def test_only_what_was_judged_counts():
    clocks = [
        Clock(target=HOUR, used=HOUR, judgement=judgement)
        for judgement in (Judgement.MET, Judgement.MET, Judgement.BREACHED, Judgement.OPEN, None)
    ]
    compliance = Compliance.of(clocks)
    assert (compliance.met, compliance.judged, compliance.share) == (2, 3, Fraction(2, 3))
    assert Compliance.of(clocks[3:]).share is None


def clock(**changes) -> Clock:
    usual = {
        "calendar": Calendar("UTC", ALWAYS),
        "minutes": 60,
        "opened_at": at(0),
        "done_at": at(0.5),
        "due_at": at(1),
        "breached_at": None,
        "now": at(100),
    }
    return clock_of(**(usual | changes))


def test_a_clock_says_what_was_used_of_its_target():
    assert clock() == Clock(target=HOUR, used=HOUR / 2, judgement=Judgement.MET)
    late = clock(done_at=at(3))
    assert (late.judgement, late.over) == (Judgement.BREACHED, 2 * HOUR)
    assert clock(done_at=None, now=at(0.5)).judgement is Judgement.OPEN
    assert clock(calendar=None, minutes=None, due_at=None) == Clock(target=None, used=None, judgement=None)


def test_a_breach_recorded_by_hand_stays_one():
    by_hand = clock(breached_at=at(0.2))
    assert (by_hand.judgement, by_hand.over) == (Judgement.BREACHED, None)
    assert clock(minutes=None, due_at=None, breached_at=at(0.2)).judgement is Judgement.BREACHED


def test_severities_stand_with_the_most_severe_first_and_unused_ones_without_targets_are_left_out():
    rows = [facts.incident(severity=Severity.LOW), facts.incident(severity=Severity.HIGH)]
    found = by_severity(rows, {Severity.CRITICAL: (HOUR, 4 * HOUR)})
    assert [(each.severity, each.incidents) for each in found] == [
        (Severity.CRITICAL, 0),
        (Severity.HIGH, 1),
        (Severity.LOW, 1),
    ]


MET, MISSED, NONE = Compliance(met=1, judged=1), Compliance(met=0, judged=1), Compliance(met=0, judged=0)


@pytest.mark.parametrize(
    ("down", "response", "resolution", "words"),
    [
        (0, MET, MET, "Every target that came due was met: availability, response and resolution."),
        (0, NONE, NONE, "Every target that came due was met: availability."),
        (9, MET, MISSED, "Missed: availability and resolution. Met: response."),
        (9, MISSED, MISSED, "Missed: availability, response and resolution."),
    ],
)
def test_the_verdict_names_what_was_met_and_what_was_missed(down, response, resolution, words):
    service = facts.service(
        uptime=Uptime(measured=DAY, down=down * HOUR, target=Fraction(999, 1000)),
        response=response,
        resolution=resolution,
    )
    assert verdict_on(service) == words


def test_nothing_judged_is_said_as_such():
    nothing = facts.service(
        uptime=Uptime(measured=timedelta(), down=timedelta(), target=None), response=NONE, resolution=NONE
    )
    assert "nothing was judged" in verdict_on(nothing)
    assert "nothing was judged" in verdict_on_all([nothing])


def test_the_verdict_on_a_client_names_the_services_that_missed():
    kept = facts.service(
        down=timedelta(), resolution=MET, uptime=Uptime(measured=DAY, down=timedelta(), target=None)
    )
    assert verdict_on_all([kept, kept]) == "Every service met every target that came due."
    missed = facts.service(name="Firewall")
    assert verdict_on_all([kept, missed]) == (
        "1 of 2 services met every target that came due. Missed by: Firewall."
    )
    assert "5 services, shown below" in verdict_on_all([kept, *[missed] * 5])


def test_advice_follows_from_the_figures():
    service = facts.service(incidents=3, carried_over=2, monitored_from=None)
    advice = advice_on(service, review_overdue=True)
    assert len(advice) == 6
    for words in (
        "Availability missed its target",
        "3 resolutions came too late, all of them at high severity",
        "“Backup job failed” came up 3 times",
        "2 incidents from before this period are still open",
        "Nothing measures this service yet",
        "The review with the client is overdue",
    ):
        assert any(each.startswith(words) for each in advice), words


def test_when_all_is_well_there_is_no_advice():
    fine = facts.service(incidents=0, uptime=Uptime(measured=DAY, down=timedelta(), target=Fraction(1)))
    assert advice_on(fine, review_overdue=False) == ()


def test_names_are_listed_as_people_do():
    assert [listed(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


def test_facts_are_kept_as_json_without_losing_exactness():
    kept = as_json(facts.sla_report())
    assert kept["period"] == {"start": "2026-10-01", "end": "2026-11-01"}
    uptime = kept["services"][0]["uptime"]
    assert uptime == {"measured": 31 * 86_400, "down": 10_800, "target": "999/1000"}
    assert kept["services"][0]["incidents"][0]["response"]["judgement"] == "met"
