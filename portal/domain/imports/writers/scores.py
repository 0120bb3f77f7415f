"""The first health score of each new service that runs and is watched, with its reasons."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from portal import clock
from portal.db import db
from portal.domain.health.models import HealthCheck
from portal.domain.health.rules import HealthFacts, health_of, review_overdue
from portal.domain.imports.desk import Desk
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.sla.models import Incident
from portal.domain.uptime.models import MaintenanceWindow, Outage
from portal.domain.uptime.rules import Maintenance, NothingMeasured, availability, ended, measured_time
from portal.domain.words import Severity

BREACHES_COUNT_FOR = timedelta(days=90)
LOOKED_AT = timedelta(days=30)


@dataclass(slots=True)
class Lately:
    """What happened to one service in the days that a score looks at."""

    breaches: int = 0
    severe: int = 0
    outages: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    maintenance: list[Maintenance] = field(default_factory=list)


def write_scores(desk: Desk) -> None:
    services = [
        service
        for service in desk.created["services"]
        if service.status is Status.ACTIVE and service.monitoring_enabled
    ]
    if not services:
        return
    lately = _lately([service.id for service in services], desk.at)
    checks = [_check(service, lately[service.id], desk) for service in services]
    db.session.execute(sa.insert(HealthCheck), checks)
    db.session.execute(STORE, {"at": desk.at, "services": [each["client_service_id"] for each in checks]})


STORE = sa.text("""
    UPDATE client_services SET health_score = checked.score, last_health_check_at = checked.checked_at
    FROM health_checks AS checked
    WHERE checked.client_service_id = client_services.id AND checked.checked_at = :at
      AND client_services.id = ANY(:services)
""")


def _check(service: ClientService, lately: Lately, desk: Desk) -> dict[str, Any]:
    started = service.activated_at
    overdue = review_overdue(
        next_review_date=service.next_review_date,
        last_review_date=service.last_review_date,
        activated_on=started.astimezone(clock.company_zone()).date() if started else None,
        today=desk.today,
    )
    target = service.availability_target
    health = health_of(
        HealthFacts(
            breaches_90_days=lately.breaches,
            satisfaction=service.client_satisfaction,
            review_overdue=overdue,
            severe_incidents_30_days=lately.severe,
            uptime_30_days=_uptime(service, lately, desk.at),
            uptime_target=None if target is None else Fraction(target) / 100,
        )
    )
    factors = [[factor.name, round(float(factor.points), 2), factor.reason] for factor in health.factors]
    return {
        "client_service_id": service.id,
        "checked_at": desk.at,
        "score": health.score,
        "factors": factors,
    }


def _uptime(service: ClientService, lately: Lately, at: datetime) -> Fraction | None:
    measured = measured_time(
        window=(at - LOOKED_AT, at),
        monitored_from=service.monitored_from,
        now=at,
        maintenance=lately.maintenance,
    )
    try:
        return availability(ended(lately.outages, at), measured)
    except NothingMeasured:
        return None


def _lately(services: Sequence[int], at: datetime) -> Mapping[int, Lately]:
    found: dict[int, Lately] = defaultdict(Lately)
    ids = sa.any_(sa.literal(services, ARRAY(sa.BigInteger)))
    for incident in db.session.execute(_recent_incidents(ids, at)):
        its = found[incident.client_service_id]
        its.breaches += sum(
            1
            for each in (incident.response_breached_at, incident.resolution_breached_at)
            if each and each > at - BREACHES_COUNT_FOR
        )
        its.severe += incident.is_severe
    since = at - LOOKED_AT
    outages = sa.select(Outage).where(
        Outage.client_service_id == ids, sa.func.coalesce(Outage.ended_at, at) > since
    )
    for outage in db.session.scalars(outages):
        found[outage.client_service_id].outages.append((outage.started_at, outage.ended_at))
    windows = sa.select(MaintenanceWindow).where(
        MaintenanceWindow.client_service_id == ids, MaintenanceWindow.ends_at > since
    )
    for window in db.session.scalars(windows):
        agreed = Maintenance(window.starts_at, window.ends_at, window.agreed_at)
        found[window.client_service_id].maintenance.append(agreed)
    return found


def _recent_incidents(ids: sa.ColumnElement[Any], at: datetime) -> sa.Executable:
    """Incidents with a breach in 90 days, or open, or opened in 30 days: one of those counts when severe."""
    lately = sa.or_(Incident.resolved_at.is_(None), Incident.opened_at > at - LOOKED_AT)
    severe = lately & Incident.severity.in_((Severity.CRITICAL, Severity.HIGH))
    since = at - BREACHES_COUNT_FOR
    breached = sa.or_(Incident.response_breached_at > since, Incident.resolution_breached_at > since)
    return sa.select(
        Incident.client_service_id,
        Incident.response_breached_at,
        Incident.resolution_breached_at,
        severe.label("is_severe"),
    ).where(Incident.client_service_id == ids, sa.or_(breached, severe))
