"""What a service's SLA policy promises of an incident, as the columns that are copied when it opens."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from portal.db import db
from portal.domain.catalogue.models import Calendar as CalendarRow
from portal.domain.catalogue.models import SlaPolicy
from portal.domain.catalogue.queries import business_hours
from portal.domain.lifecycle.models import ClientService
from portal.domain.sla.hours import ALWAYS, Calendar
from portal.domain.sla.rules import WARNING_SHARE, Target
from portal.domain.words import Severity

AROUND_THE_CLOCK = Calendar("UTC", ALWAYS)


def targets_of(hours: Calendar, minutes: tuple[int, int], opened_at: datetime) -> dict[str, Any]:
    """Columns of an incident that opens now: {"response_minutes": 60, "response_due_at": …, "response_warn_at": …}.

    minutes: (response, resolution) in minutes of these business hours. Raises NoWorkingTime.
    """
    columns: dict[str, Any] = {}
    for target, length in zip(Target, minutes, strict=True):
        seconds = length * 60
        columns[f"{target}_minutes"] = length
        columns[f"{target}_due_at"] = hours.add_working(opened_at, seconds)
        columns[f"{target}_warn_at"] = hours.add_working(opened_at, int(seconds * WARNING_SHARE))
    return columns


def promised(service: ClientService, severity: Severity, opened_at: datetime) -> dict[str, Any]:
    """The targets that the service's policy sets for this severity; none without a policy."""
    policy = _policy_of(service)
    minutes = (
        {each.severity: (each.response_minutes, each.resolution_minutes) for each in policy.targets}
        if policy
        else {}
    )
    if policy is None or severity not in minutes:
        return {}
    return targets_of(business_hours(policy.calendar), minutes[severity], opened_at)


def hours_of(service: ClientService) -> Calendar:
    """The business hours that the service's clocks count; every hour without a policy."""
    policy = _policy_of(service)
    return business_hours(policy.calendar) if policy else AROUND_THE_CLOCK


def _policy_of(service: ClientService) -> SlaPolicy | None:
    whole = sa.select(SlaPolicy).options(
        selectinload(SlaPolicy.targets), joinedload(SlaPolicy.calendar).selectinload(CalendarRow.holidays)
    )
    return db.session.scalar(whole.where(SlaPolicy.id == service.sla_policy_id))
