"""The facts of a report, read from the database in a fixed number of queries, whatever its size."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import joinedload, selectinload

from portal.db import db, fetch
from portal.domain.catalogue.models import Calendar, SlaPolicy
from portal.domain.catalogue.queries import business_hours
from portal.domain.clients.models import Client
from portal.domain.company.identity import identity
from portal.domain.errors import NotFound, Refused
from portal.domain.health.models import HealthCheck
from portal.domain.lifecycle.models import ClientService
from portal.domain.periods import Interval, Period
from portal.domain.reports.advice import verdict_on_all
from portal.domain.reports.facts import SlaReportFacts
from portal.domain.reports.rules import MOST_ROWS, TooLong, window_of
from portal.domain.reports.sections import Rows, section_of
from portal.domain.sla.models import Incident
from portal.domain.uptime.models import MaintenanceWindow, Outage

Row = TypeVar("Row", Incident, Outage, MaintenanceWindow, HealthCheck)


def facts(*, client_id: int, service_id: int | None = None, period: Period, at: datetime) -> SlaReportFacts:
    """The report of one service, or of all services that the client had in the period. Raises as `reportable`."""
    client = fetch(Client, client_id)
    zone = ZoneInfo(client.timezone)
    window = window_of(period, zone)
    services = reportable(client=client, service_id=service_id, period=period)
    sections = tuple(
        section_of(rows, period=period, zone=zone, window=window, now=at)
        for rows in _rows(services, window, period)
    )
    return SlaReportFacts(
        seller=identity().name,
        client=client.name,
        client_code=client.code,
        account_manager=client.account_manager.name if client.account_manager else "",
        period=period,
        made_at=at,
        ends_early=at < window[1],
        is_of_one_service=service_id is not None,
        summary=sections[0].summary if service_id else verdict_on_all(sections),
        services=sections,
        timezone=client.timezone,
        locale=client.locale,
    )


def reportable(*, client: Client, service_id: int | None, period: Period) -> Sequence[ClientService]:
    """The services of a report that can be made.

    Raises NotFound; Refused when there was no service; TooLong above MOST_ROWS rows.
    """
    window = window_of(period, ZoneInfo(client.timezone))
    services = [_service(client, service_id)] if service_id else _services(client, window)
    _refuse_too_long(_parts([each.id for each in services], window))
    return services


def _service(client: Client, service_id: int) -> ClientService:
    found = db.session.scalar(
        WHOLE.where(ClientService.id == service_id, ClientService.client_id == client.id)
    )
    if found is None:
        raise NotFound("This client has no such service.")
    return found


def _services(client: Client, window: Interval) -> Sequence[ClientService]:
    """Those that ran in the window or had an incident in it, by name."""
    start, end = window
    ended_at = sa.func.coalesce(ClientService.cancelled_at, ClientService.completed_at)
    ran = (ClientService.activated_at < end) & (ended_at.is_(None) | (ended_at > start))
    had_incident = sa.exists().where(
        Incident.client_service_id == ClientService.id, Incident.opened_at >= start, Incident.opened_at < end
    )
    mine = WHOLE.where(ClientService.client_id == client.id, ran | had_incident)
    services = db.session.scalars(mine.order_by(ClientService.name, ClientService.id)).all()
    if not services:
        raise Refused(f"{client.name} had no running service in this period. Choose another one.")
    return services


WHOLE = sa.select(ClientService).options(
    joinedload(ClientService.product),
    joinedload(ClientService.technician),
    joinedload(ClientService.sla_policy).options(
        selectinload(SlaPolicy.targets), joinedload(SlaPolicy.calendar).selectinload(Calendar.holidays)
    ),
)


def _rows(services: Sequence[ClientService], window: Interval, period: Period) -> list[Rows]:
    ids = [each.id for each in services]
    incidents, outages, maintenance = (_by_service(part) for part in _parts(ids, window))
    checks = _by_service(_checks(ids, window, period))
    carried_over = _carried_over(ids, window)
    calendars = {
        each.sla_policy.calendar_id: business_hours(each.sla_policy.calendar)
        for each in services
        if each.sla_policy
    }
    return [
        Rows(
            service=each,
            calendar=calendars[each.sla_policy.calendar_id] if each.sla_policy else None,
            incidents=incidents[each.id],
            outages=outages[each.id],
            maintenance=maintenance[each.id],
            checks=checks[each.id],
            carried_over=carried_over.get(each.id, 0),
        )
        for each in services
    ]


def _parts(
    ids: Sequence[int], window: Interval
) -> tuple[sa.Select[Incident], sa.Select[Outage], sa.Select[MaintenanceWindow]]:
    """Incidents that opened in the window; outages and maintenance that touch it."""
    start, end = window
    return (
        sa.select(Incident)
        .where(Incident.client_service_id.in_(ids), Incident.opened_at >= start, Incident.opened_at < end)
        .order_by(Incident.opened_at, Incident.id),
        sa.select(Outage)
        .where(
            Outage.client_service_id.in_(ids),
            Outage.started_at < end,
            Outage.ended_at.is_(None) | (Outage.ended_at > start),
        )
        .order_by(Outage.started_at, Outage.id),
        sa.select(MaintenanceWindow)
        .where(
            MaintenanceWindow.client_service_id.in_(ids),
            MaintenanceWindow.starts_at < end,
            MaintenanceWindow.ends_at > start,
        )
        .order_by(MaintenanceWindow.starts_at, MaintenanceWindow.id),
    )


def _refuse_too_long(parts: Iterable[sa.Select[*tuple[Any, ...]]]) -> None:
    """Counts before it reads."""
    counts = [sa.select(sa.func.count()).select_from(part.order_by(None).subquery()) for part in parts]
    rows = db.session.execute(sa.select(*(each.scalar_subquery() for each in counts))).one()
    if sum(rows) > MOST_ROWS:
        raise TooLong(sum(rows))


def _by_service(found: sa.Select[Row]) -> Mapping[int, list[Row]]:
    rows: dict[int, list[Row]] = defaultdict(list)
    for row in db.session.scalars(found):
        rows[row.client_service_id].append(row)
    return rows


def _checks(ids: Sequence[int], window: Interval, period: Period) -> sa.Select[HealthCheck]:
    """The last check of each day; of each week, when the period is longer than a quarter."""
    step = sa.func.date_trunc("day" if period.days <= 92 else "week", HealthCheck.checked_at)
    last = (
        sa.select(HealthCheck.id)
        .where(
            HealthCheck.client_service_id.in_(ids),
            HealthCheck.checked_at >= window[0],
            HealthCheck.checked_at < window[1],
        )
        .ext(distinct_on(HealthCheck.client_service_id, step))
        .order_by(HealthCheck.client_service_id, step, HealthCheck.checked_at.desc())
    )
    return sa.select(HealthCheck).where(HealthCheck.id.in_(last)).order_by(HealthCheck.checked_at)


def _carried_over(ids: Sequence[int], window: Interval) -> Mapping[int, int]:
    """How many incidents from before the window were still open when it ended."""
    start, end = window
    still_open = (
        sa.select(Incident.client_service_id, sa.func.count())
        .where(
            Incident.client_service_id.in_(ids),
            Incident.opened_at < start,
            Incident.resolved_at.is_(None) | (Incident.resolved_at >= end),
        )
        .group_by(Incident.client_service_id)
    )
    return {row[0]: row[1] for row in db.session.execute(still_open)}
