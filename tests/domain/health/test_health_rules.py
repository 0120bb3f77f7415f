"""Rule book 6: the factor table of the health score, row by row."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.health.rules import (
    HealthFacts,
    HealthStatus,
    alerts,
    has_degraded,
    health_of,
    review_overdue,
    status_of,
)

TODAY = date(2026, 11, 20)


def day(text):
    return text and date.fromisoformat(text)


def uptime(measured, target="99.5"):
    return {"uptime_30_days": Fraction(measured) / 100, "uptime_target": Fraction(target) / 100}


@pytest.mark.parametrize(
    ("facts", "score", "reason"),
    [
        ({}, 100, None),
        ({"breaches_90_days": 1}, 95, "1 SLA breach in the last 90 days"),
        ({"breaches_90_days": 6}, 70, "6 SLA breaches in the last 90 days"),
        ({"breaches_90_days": 60}, 70, "60 SLA breaches in the last 90 days"),
        ({"satisfaction": 1}, 80, "client satisfaction 1 of 10"),
        ({"satisfaction": 5}, 98, "client satisfaction 5 of 10"),
        ({"satisfaction": 3}, 89, "client satisfaction 3 of 10"),
        ({"satisfaction": 10}, 100, "client satisfaction 10 of 10"),
        ({"review_overdue": True}, 80, "review overdue"),
        ({"severe_incidents_30_days": 1}, 97, "1 severe incident open or in the last 30 days"),
        ({"severe_incidents_30_days": 5}, 85, "5 severe incidents open or in the last 30 days"),
        ({"severe_incidents_30_days": 50}, 85, "50 severe incidents open or in the last 30 days"),
        (uptime("98.5"), 90, "uptime 98.50 % against 99.50 % agreed"),
        (uptime("99.0"), 95, "uptime 99.00 % against 99.50 % agreed"),
        (uptime("50"), 75, "uptime 50.00 % against 99.50 % agreed"),
        (uptime("99.5"), 100, None),
        (uptime("100"), 100, None),
        ({"uptime_30_days": Fraction(1, 2)}, 100, None),
        ({"uptime_target": Fraction(1)}, 100, None),
    ],
)
def test_each_factor_costs_what_the_table_says_and_names_its_reason(facts, score, reason):
    health = health_of(HealthFacts(**facts))
    assert health.score == score
    assert [factor.reason for factor in health.factors] == ([reason] if reason else [])


def test_satisfaction_is_a_straight_line_and_makes_up_for_other_points():
    health = health_of(HealthFacts(satisfaction=10, breaches_90_days=6))
    assert health.score == 90
    assert [factor.points for factor in health.factors] == [-30, 20]
    assert health_of(HealthFacts(satisfaction=8, breaches_90_days=6)).score == 81  # 100 + 11.1 − 30


def test_everything_bad_at_once_ends_at_zero():
    worst = HealthFacts(
        breaches_90_days=9, satisfaction=1, review_overdue=True, severe_incidents_30_days=9, **uptime("1")
    )
    health = health_of(worst)
    assert health.score == 0
    assert [factor.name for factor in health.factors] == [
        "sla_breaches",
        "uptime",
        "satisfaction",
        "review",
        "incidents",
    ]


@given(
    st.builds(
        HealthFacts,
        breaches_90_days=st.integers(0, 99),
        satisfaction=st.none() | st.integers(1, 10),
        review_overdue=st.booleans(),
        severe_incidents_30_days=st.integers(0, 99),
        uptime_30_days=st.none() | st.fractions(0, 1),
        uptime_target=st.none() | st.fractions(0, 1),
    )
)
def test_a_score_is_its_factors_and_stays_from_0_to_100(facts):
    health = health_of(facts)
    exact = 100 + sum(factor.points for factor in health.factors)
    assert type(health.score) is int
    assert abs(health.score - min(100, max(0, exact))) <= Fraction(1, 2)
    assert [factor.points for factor in health.factors] == sorted(factor.points for factor in health.factors)


@pytest.mark.parametrize(
    ("score", "status"),
    [
        (100, "healthy"),
        (80, "healthy"),
        (79, "fair"),
        (60, "fair"),
        (59, "poor"),
        (40, "poor"),
        (39, "critical"),
        (0, "critical"),
    ],
)
def test_a_score_has_a_status(score, status):
    assert status_of(score) is HealthStatus(status)
    assert HealthStatus(status).label == status.capitalize()


@pytest.mark.parametrize(
    ("before", "score", "degraded"), [(90, 80, False), (90, 79, True), (79, 90, False), (None, 0, False)]
)
def test_a_drop_of_more_than_ten_points_is_told(before, score, degraded):
    assert has_degraded(before=before, score=score) is degraded


@pytest.mark.parametrize(
    ("upcoming", "last", "activated", "overdue"),
    [
        ("2026-11-19", "2026-08-01", "2025-01-01", True),
        ("2026-11-20", "2026-08-01", "2025-01-01", False),
        (None, "2020-08-01", "2020-01-01", False),
        (None, None, "2026-08-22", True),
        (None, None, "2026-08-23", False),
        ("2027-01-01", None, "2026-08-22", True),
        (None, None, None, False),
    ],
)
def test_a_review_is_overdue_when_its_day_is_past_or_none_came_in_90_days(upcoming, last, activated, overdue):
    answer = review_overdue(
        next_review_date=day(upcoming), last_review_date=day(last), activated_on=day(activated), today=TODAY
    )
    assert answer is overdue


def alerts_of(**facts):
    quiet = {"end_date": None, "renewal_date": None, "breaches": 0, "is_review_overdue": False, "score": 100}
    return alerts(today=TODAY, **{**quiet, **facts})


@pytest.mark.parametrize(
    ("facts", "alert"),
    [
        ({"end_date": date(2026, 12, 20)}, "ends on 2026-12-20"),
        ({"end_date": date(2026, 12, 21)}, None),
        ({"renewal_date": date(2026, 11, 1)}, "renewal due on 2026-11-01"),
        ({"renewal_date": date(2026, 12, 20)}, "renewal due on 2026-12-20"),
        ({"renewal_date": date(2026, 12, 21)}, None),
        ({"breaches": 3}, None),
        ({"breaches": 4}, "4 SLA breaches"),
        ({"is_review_overdue": True}, "review overdue"),
        ({"score": 50}, None),
        ({"score": 49}, "health score 49"),
        ({"score": None}, None),
    ],
)
def test_alerts_name_what_somebody_should_look_at(facts, alert):
    assert alerts_of(**facts) == ([alert] if alert else [])
