"""One service's section of a report: from its rows to its facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from portal.domain.catalogue.models import SlaTarget
from portal.domain.errors import Invalid
from portal.domain.health.models import HealthCheck
from portal.domain.health.rules import review_overdue, status_of
from portal.domain.lifecycle.models import ClientService
from portal.domain.periods import Interval, Period
from portal.domain.reports.advice import advice_on, verdict_on
from portal.domain.reports.facts import (
    HealthFacts,
    IncidentFacts,
    MaintenanceFacts,
    OutageFacts,
    ServiceFacts,
)
from portal.domain.reports.measures import Compliance, Uptime
from portal.domain.reports.rules import by_severity, clock_of, months_of
from portal.domain.sla.hours import ALWAYS, Calendar, parse_windows
from portal.domain.sla.models import Incident
from portal.domain.uptime.models import MaintenanceWindow, Outage
from portal.domain.uptime.rules import Maintenance, duration, ended, intersect, measured_time
from portal.domain.words import Severity

AROUND_THE_CLOCK = "Around the clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What happened to one service in the window, each list in order. `checks`: at most one health check a day."""

    service: ClientService
    calendar: Calendar | None
    incidents: Sequence[Incident]
    outages: Sequence[Outage]
    maintenance: Sequence[MaintenanceWindow]
    checks: Sequence[HealthCheck]
    carried_over: int


def section_of(
    rows: Rows, *, period: Period, zone: ZoneInfo, window: Interval, now: datetime
) -> ServiceFacts:
    """`zone`: the client's, whose days the months are made of."""
    service = rows.service
    time = _time_of(rows, window=window, zone=zone, now=now)
    incidents = _incidents(rows, time.down_by_incident, now)
    section = ServiceFacts(
        service_id=service.id,
        name=service.name,
        product=service.product.name,
        level=service.service_level.label,
        policy=service.sla_policy.name if service.sla_policy else "",
        hours=_hours_in_words(rows),
        measured_hours=service.service_hours or AROUND_THE_CLOCK,
        terms=service.sla_terms or (service.sla_policy.terms if service.sla_policy else ""),
        technician=service.technician.name if service.technician else "",
        monitored_from=service.monitored_from,
        ended_at=_ended_at(service),
        uptime=Uptime(measured=duration(time.measured), down=duration(time.down), target=_target_of(service)),
        months=months_of(period, zone, measured=time.measured, down=time.down, target=_target_of(service)),
        response=Compliance.of(each.response for each in incidents),
        resolution=Compliance.of(each.resolution for each in incidents),
        severities=by_severity(incidents, _targets_of(service)),
        incidents=incidents,
        carried_over=rows.carried_over,
        outages=_outages(rows, time, now),
        maintenance=tuple(_maintenance(each) for each in rows.maintenance),
        health=_health(rows.checks),
        summary="",
        advice=(),
    )
    advice = advice_on(section, review_overdue=_review_overdue(service, zone, now))
    return replace(section, summary=verdict_on(section), advice=advice)


@dataclass(frozen=True, slots=True)
class _Time:
    """Of the window, merged: what was measured, and what of it was down; and how much each incident brought down."""

    measured: list[Interval]
    down: list[Interval]
    down_by_incident: Mapping[int, timedelta]


def _time_of(rows: Rows, *, window: Interval, zone: ZoneInfo, now: datetime) -> _Time:
    measured = measured_time(
        window=window,
        monitored_from=rows.service.monitored_from,
        now=min(now, _ended_at(rows.service) or now),
        service_hours=_agreed_hours(rows, window, zone),
        maintenance=[Maintenance(each.starts_at, each.ends_at, each.agreed_at) for each in rows.maintenance],
    )
    down = intersect(ended([(each.started_at, each.ended_at) for each in rows.outages], now), measured)
    by_incident = {
        each.incident_id: duration(intersect(ended([(each.started_at, each.ended_at)], now), measured))
        for each in rows.outages
        if each.incident_id is not None
    }
    return _Time(measured, down, by_incident)


def _agreed_hours(rows: Rows, window: Interval, zone: ZoneInfo) -> list[Interval] | None:
    """The hours in which the service was to be up; None for around the clock.

    Hours that are agreed in words which no clock can read are printed and not counted: the whole day is measured.
    """
    try:
        windows = parse_windows(rows.service.service_hours)
    except Invalid:
        return None
    timezone = rows.calendar.timezone if rows.calendar else zone.key
    return list(Calendar(timezone, windows).working_intervals(*window))


def _incidents(rows: Rows, down: Mapping[int, timedelta], now: datetime) -> tuple[IncidentFacts, ...]:
    return tuple(
        _incident(number, each, rows.calendar, down.get(each.id), now)
        for number, each in enumerate(rows.incidents, start=1)
    )


def _incident(
    number: int, incident: Incident, calendar: Calendar | None, down: timedelta | None, now: datetime
) -> IncidentFacts:
    return IncidentFacts(
        number=number,
        title=incident.title,
        severity=incident.severity,
        source=incident.source,
        opened_at=incident.opened_at,
        acknowledged_at=incident.acknowledged_at,
        resolved_at=incident.resolved_at,
        response=clock_of(
            calendar=calendar,
            minutes=incident.response_minutes,
            opened_at=incident.opened_at,
            # Resolved at the first touch is answered, too.
            done_at=incident.acknowledged_at or incident.resolved_at,
            due_at=incident.response_due_at,
            breached_at=incident.response_breached_at,
            now=now,
        ),
        resolution=clock_of(
            calendar=calendar,
            minutes=incident.resolution_minutes,
            opened_at=incident.opened_at,
            done_at=incident.resolved_at,
            due_at=incident.resolution_due_at,
            breached_at=incident.resolution_breached_at,
            now=now,
        ),
        down=down,
    )


def _outages(rows: Rows, time: _Time, now: datetime) -> tuple[OutageFacts, ...]:
    titles = {each.id: each.title for each in rows.incidents}
    return tuple(
        OutageFacts(
            started_at=each.started_at,
            ended_at=each.ended_at,
            source=each.source,
            counted=duration(intersect(ended([(each.started_at, each.ended_at)], now), time.measured)),
            cause=titles.get(each.incident_id or 0, ""),
        )
        for each in rows.outages
    )


def _maintenance(row: MaintenanceWindow) -> MaintenanceFacts:
    agreed = Maintenance(row.starts_at, row.ends_at, row.agreed_at)
    return MaintenanceFacts(
        title=row.title,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        agreed_at=row.agreed_at,
        counts=agreed.counts,
    )


def _health(checks: Sequence[HealthCheck]) -> HealthFacts | None:
    if not checks:
        return None
    return HealthFacts(
        scores=tuple((each.checked_at, each.score) for each in checks),
        status=status_of(checks[-1].score).label,
        reasons=tuple(str(reason) for _, _, reason in checks[-1].factors),
    )


def _ended_at(service: ClientService) -> datetime | None:
    return service.cancelled_at or service.completed_at


def _target_of(service: ClientService) -> Fraction | None:
    """The availability promised, from 0 to 1: the service's own, else the policy's."""
    percent: Decimal | None = service.availability_target
    if percent is None and service.sla_policy:
        percent = service.sla_policy.availability_target
    return None if percent is None else Fraction(percent) / 100


def _targets_of(service: ClientService) -> dict[Severity, tuple[timedelta, timedelta]]:
    targets: Sequence[SlaTarget] = service.sla_policy.targets if service.sla_policy else ()
    return {
        each.severity: (timedelta(minutes=each.response_minutes), timedelta(minutes=each.resolution_minutes))
        for each in targets
    }


def _hours_in_words(rows: Rows) -> str:
    """“Mon-Fri 09:00-17:00, Europe/London”."""
    if rows.service.sla_policy is None:
        return ""
    calendar = rows.service.sla_policy.calendar
    if rows.calendar and rows.calendar.windows == ALWAYS and not calendar.holidays_country:
        return AROUND_THE_CLOCK
    words = calendar.windows.replace(";", "; ").replace(",", ", ").replace("-", "–")
    closed = " except public holidays" if calendar.holidays_country else ""
    return f"{words} {calendar.timezone.replace('_', ' ')}{closed}"


def _review_overdue(service: ClientService, zone: ZoneInfo, now: datetime) -> bool:
    return review_overdue(
        next_review_date=service.next_review_date,
        last_review_date=service.last_review_date,
        activated_on=service.activated_at.astimezone(zone).date() if service.activated_at else None,
        today=now.astimezone(zone).date(),
    )
