"""The availability of one service over the last days, for its page: by the arithmetic of the reports."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from portal.db import db
from portal.domain.catalogue.queries import business_hours
from portal.domain.lifecycle.models import ClientService
from portal.domain.periods import Period
from portal.domain.reports.facts import DayFacts
from portal.domain.reports.measures import Uptime
from portal.domain.reports.rules import window_of
from portal.domain.reports.sections import Rows, section_of
from portal.domain.uptime.models import MaintenanceWindow, Outage

DAYS = 90


@dataclass(frozen=True)
class Recent:
    uptime: Uptime
    days: tuple[DayFacts, ...]


def availability_of(service: ClientService, *, at: datetime) -> Recent | None:
    """The last 90 days on the client's wall, today included; None when the service was never monitored."""
    if service.monitored_from is None:
        return None
    zone = ZoneInfo(service.client.timezone)
    tomorrow = at.astimezone(zone).date() + timedelta(days=1)
    period = Period(tomorrow - timedelta(days=DAYS), tomorrow)
    start, end = window = window_of(period, zone)
    outages = sa.select(Outage).where(
        Outage.client_service_id == service.id,
        Outage.started_at < end,
        Outage.ended_at.is_(None) | (Outage.ended_at > start),
    )
    maintenance = sa.select(MaintenanceWindow).where(
        MaintenanceWindow.client_service_id == service.id,
        MaintenanceWindow.starts_at < end,
        MaintenanceWindow.ends_at > start,
    )
    rows = Rows(
        service=service,
        calendar=business_hours(service.sla_policy.calendar) if service.sla_policy else None,
        incidents=(),
        outages=db.session.scalars(outages.order_by(Outage.started_at)).all(),
        maintenance=db.session.scalars(maintenance.order_by(MaintenanceWindow.starts_at)).all(),
        checks=(),
        carried_over=0,
    )
    section = section_of(rows, period=period, zone=zone, window=window, now=at)
    return Recent(section.uptime, tuple(day for month in section.months for day in month.days))
