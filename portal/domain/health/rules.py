"""The health of a service: 100 plus factors, cut to 0–100, each factor with its reason in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from portal.domain.money import round_half_up
from portal.domain.uptime.rules import percent_text

FIRST_REVIEW_DAYS = 90
DEGRADED_BY_MORE_THAN = 10
ENDING_SOON_DAYS = 30
MANY_BREACHES = 3
LOW_SCORE = 50


class HealthStatus(StrEnum):
    HEALTHY = "healthy"
    FAIR = "fair"
    POOR = "poor"
    CRITICAL = "critical"

    @property
    def label(self) -> str:
        return self.value.capitalize()


# The lowest score of each status, best first.
THRESHOLDS = (
    (80, HealthStatus.HEALTHY),
    (60, HealthStatus.FAIR),
    (40, HealthStatus.POOR),
    (0, HealthStatus.CRITICAL),
)


@dataclass(frozen=True, kw_only=True)
class HealthFacts:
    """What a score is made of. None is unknown: no satisfaction given, nothing measured, no target."""

    breaches_90_days: int = 0
    satisfaction: int | None = None
    review_overdue: bool = False
    severe_incidents_30_days: int = 0  # critical or high ones, open or opened in the last 30 days
    uptime_30_days: Fraction | None = None
    uptime_target: Fraction | None = None

    @property
    def points_below_target(self) -> Fraction:
        """Percentage points of uptime that are missing; both shares run from 0 to 1."""
        if self.uptime_30_days is None or self.uptime_target is None:
            return Fraction(0)
        return max(Fraction(0), (self.uptime_target - self.uptime_30_days) * 100)


@dataclass(frozen=True)
class Factor:
    """One reason for a score; `points` is exact and may be above zero."""

    name: str
    points: Fraction
    reason: str


@dataclass(frozen=True)
class _Rule:
    name: str
    points: Callable[[HealthFacts], Fraction | int]
    at_most: int
    reason: Callable[[HealthFacts], str]


RULES = (
    _Rule(
        "sla_breaches",
        lambda facts: -5 * facts.breaches_90_days,
        30,
        lambda facts: f"{_count(facts.breaches_90_days, 'SLA breach', 'es')} in the last 90 days",
    ),
    _Rule(
        "satisfaction",
        # A straight line through 1 → −20, 5.5 → 0 and 10 → +20.
        lambda facts: 0 if facts.satisfaction is None else Fraction(40 * facts.satisfaction - 220, 9),
        20,
        lambda facts: f"client satisfaction {facts.satisfaction} of 10",
    ),
    _Rule(
        "review",
        lambda facts: -20 if facts.review_overdue else 0,
        20,
        lambda facts: "review overdue",
    ),
    _Rule(
        "incidents",
        lambda facts: -3 * facts.severe_incidents_30_days,
        15,
        lambda facts: (
            f"{_count(facts.severe_incidents_30_days, 'severe incident')} open or in the last 30 days"
        ),
    ),
    _Rule(
        "uptime",
        lambda facts: -10 * facts.points_below_target,
        25,
        lambda facts: (
            f"uptime {_percent(facts.uptime_30_days)} against {_percent(facts.uptime_target)} agreed"
        ),
    ),
)


@dataclass(frozen=True)
class Health:
    """A score with its reasons, the largest deduction first; factors that change nothing are left out."""

    score: int
    factors: tuple[Factor, ...]

    @property
    def status(self) -> HealthStatus:
        return status_of(self.score)


def health_of(facts: HealthFacts) -> Health:
    factors = [factor for rule in RULES if (factor := _factor(rule, facts)).points]
    score = round_half_up(100 + sum((factor.points for factor in factors), Fraction(0)))
    return Health(min(100, max(0, score)), tuple(sorted(factors, key=lambda factor: factor.points)))


def status_of(score: int) -> HealthStatus:
    return next(status for lowest, status in THRESHOLDS if score >= lowest)


def has_degraded(*, before: int | None, score: int) -> bool:
    """A first score is no drop."""
    return before is not None and before - score > DEGRADED_BY_MORE_THAN


def review_overdue(
    *, next_review_date: date | None, last_review_date: date | None, activated_on: date | None, today: date
) -> bool:
    """The next review is past, or there was none 90 days after activation."""
    if next_review_date is not None and next_review_date < today:
        return True
    if last_review_date is not None or activated_on is None:
        return False
    return activated_on + timedelta(days=FIRST_REVIEW_DAYS) <= today


def alerts(
    *,
    end_date: date | None,
    renewal_date: date | None,
    today: date,
    breaches: int,
    is_review_overdue: bool,
    score: int | None,
) -> list[str]:
    """What an active service needs somebody to look at, in words."""
    soon = today + timedelta(days=ENDING_SOON_DAYS)
    found = (
        (end_date is not None and end_date <= soon, f"ends on {end_date}"),
        (renewal_date is not None and renewal_date <= soon, f"renewal due on {renewal_date}"),
        (breaches > MANY_BREACHES, f"{breaches} SLA breaches"),
        (is_review_overdue, "review overdue"),
        (score is not None and score < LOW_SCORE, f"health score {score}"),
    )
    return [words for applies, words in found if applies]


def _factor(rule: _Rule, facts: HealthFacts) -> Factor:
    points = Fraction(rule.points(facts))
    limited = max(Fraction(-rule.at_most), min(Fraction(rule.at_most), points))
    return Factor(rule.name, limited, rule.reason(facts) if limited else "")


def _count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number} {noun}{'' if number == 1 else plural}"


def _percent(share: Fraction | None) -> str:
    return "n/a" if share is None else f"{percent_text(share)} %"
