"""What an SLA report says, computed completely before a line of it is set. Exact until it is printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from portal.domain.periods import Period
from portal.domain.reports.measures import SECOND, Clock, Compliance, Uptime, Verdict
from portal.domain.words import Severity, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFacts:
    """`number` counts within the service's section. `down`: counted downtime, None when it caused none."""

    number: int
    title: str
    severity: Severity
    source: Source
    opened_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    response: Clock
    resolution: Clock
    down: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityFacts:
    """The targets of one severity and how they were kept. Targets are in working time."""

    severity: Severity
    response_target: timedelta | None
    resolution_target: timedelta | None
    incidents: int
    response: Compliance
    resolution: Compliance


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFacts:
    day: date
    uptime: Uptime


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFacts:
    """A calendar month of the period with the days of it that lie in the period."""

    first: date
    uptime: Uptime
    days: tuple[DayFacts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageFacts:
    """`counted` is the part in measured time: agreed maintenance and hours outside the service's do not count."""

    started_at: datetime
    ended_at: datetime | None
    source: Source
    counted: timedelta
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceFacts:
    """`counts`: agreed before it began, so that it is not downtime."""

    title: str
    starts_at: datetime
    ends_at: datetime
    agreed_at: datetime
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthFacts:
    """Scores of the period, oldest first; `reasons` explain the last one."""

    scores: tuple[tuple[datetime, int], ...]
    status: str
    reasons: tuple[str, ...]

    @property
    def score(self) -> int:
        return self.scores[-1][1]

    @property
    def change(self) -> int:
        return self.score - self.scores[0][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """One service's section. `hours` says the SLA clocks' hours in words, `measured_hours` the availability's."""

    service_id: int
    name: str
    product: str
    level: str
    policy: str
    hours: str
    measured_hours: str
    terms: str
    technician: str
    monitored_from: datetime | None
    ended_at: datetime | None
    uptime: Uptime
    months: tuple[MonthFacts, ...]
    response: Compliance
    resolution: Compliance
    severities: tuple[SeverityFacts, ...]
    incidents: tuple[IncidentFacts, ...]
    carried_over: int
    outages: tuple[OutageFacts, ...]
    maintenance: tuple[MaintenanceFacts, ...]
    health: HealthFacts | None
    summary: str
    advice: tuple[str, ...]

    @property
    def breaches(self) -> list[tuple[IncidentFacts, str, Clock]]:
        """(incident, "Response" or "Resolution", its clock) of every target that was breached."""
        clocks = [
            (each, name, clock)
            for each in self.incidents
            for name, clock in (("Response", each.response), ("Resolution", each.resolution))
        ]
        return [found for found in clocks if found[2].is_breached]

    @property
    def verdict(self) -> Verdict:
        """Missed when any target was; unknown when none was judged."""
        verdicts = {self.uptime.verdict, self.response.verdict, self.resolution.verdict}
        return next((each for each in (Verdict.MISSED, Verdict.MET) if each in verdicts), Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaReportFacts:
    """A report of one service, or of all services of a client. Times are shown on the client's wall."""

    seller: str
    client: str
    client_code: str
    account_manager: str
    period: Period
    made_at: datetime
    ends_early: bool
    is_of_one_service: bool
    summary: str
    services: tuple[ServiceFacts, ...]
    timezone: str
    locale: str

    @property
    def response(self) -> Compliance:
        return _together(each.response for each in self.services)

    @property
    def resolution(self) -> Compliance:
        return _together(each.resolution for each in self.services)

    @property
    def uptimes(self) -> Compliance:
        """Services that met their availability target, of those that have one and were measured."""
        verdicts = [each.uptime.verdict for each in self.services]
        met = verdicts.count(Verdict.MET)
        return Compliance(met=met, judged=met + verdicts.count(Verdict.MISSED))

    @property
    def incidents(self) -> int:
        return sum(len(each.incidents) for each in self.services)

    @property
    def breaches(self) -> int:
        return sum(len(each.breaches) for each in self.services)


def _together(parts: Iterable[Compliance]) -> Compliance:
    parts = list(parts)
    return Compliance(met=sum(each.met for each in parts), judged=sum(each.judged for each in parts))


def as_json(fact: Any) -> Any:
    """Facts as JSON values: Fractions as "2/3", lengths of time in seconds, instants and dates in ISO."""
    if is_dataclass(fact):
        return {each.name: as_json(getattr(fact, each.name)) for each in fields(fact)}
    if isinstance(fact, tuple | list):
        return [as_json(each) for each in fact]
    if isinstance(fact, Fraction):
        return f"{fact.numerator}/{fact.denominator}"
    if isinstance(fact, timedelta):
        return fact // SECOND
    if isinstance(fact, date):
        return fact.isoformat()
    return fact
