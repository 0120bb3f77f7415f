"""Incidents with their clocks as they ran, and the downtime that they were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from portal.db import db
from portal.domain import fields
from portal.domain.catalogue.models import Calendar, SlaPolicy
from portal.domain.catalogue.queries import business_hours
from portal.domain.fields import Changes
from portal.domain.imports.checking import Row
from portal.domain.imports.desk import Columns, Desk, stored_by
from portal.domain.imports.writers.downtime import add_outages, import_key, lengthen_outages
from portal.domain.lifecycle.models import ClientService
from portal.domain.sla.breaches import count_breaches
from portal.domain.sla.hours import Calendar as BusinessHours
from portal.domain.sla.models import Incident
from portal.domain.sla.promises import targets_of
from portal.domain.sla.rules import Judgement, Target, judge
from portal.domain.words import Severity

DONE_AT = ("acknowledged_at", "resolved_at")
NO_TARGETS: Columns = dict.fromkeys(
    f"{target}_{name}" for target in Target for name in ("minutes", "due_at", "warn_at")
)


@dataclass(frozen=True, slots=True)
class Promise:
    """An SLA policy as the clocks need it: (response, resolution) in minutes of its business hours."""

    hours: BusinessHours | None
    minutes: Mapping[Severity, tuple[int, int]]

    def targets(self, severity: Severity, opened_at: datetime) -> Columns:
        if self.hours is None or severity not in self.minutes:
            return NO_TARGETS
        return targets_of(self.hours, self.minutes[severity], opened_at)


def write_incidents(desk: Desk) -> None:
    """Stored ones learn what the file knows since; a blank does not undo what was done in the portal."""
    services = stored_by(ClientService.external_id, desk.keys("incidents", "service_external_id"))
    stored = stored_by(Incident.import_key, map(import_key, desk.rows["incidents"]), to_change=True)
    promises = _promises()

    def facts(row: Row) -> Columns:
        known = stored.get(import_key(row))
        times = {column: row[column] or getattr(known, column, None) for column in DONE_AT}
        return {"severity": row["severity"], "source": row["source"], **times}

    kept = desk.keep(
        "incidents",
        Incident,
        stored,
        key=import_key,
        facts=facts,
        born=lambda row: _birth(row, services[row["service_external_id"]], promises, desk.at),
        touched=lengthen_outages(desk, stored),
    )
    add_outages(kept)
    policies = {service.id: service.sla_policy_id for service in services.values()}
    raised = [(incident, instant) for _, incident in kept.created for instant in _breaches(incident)]
    for _, incident, changes in kept.changed:
        promise = promises[policies[incident.client_service_id]]
        raised += [(incident, instant) for instant in _learn(incident, changes, promise, desk.at)]
    _count(raised)


def _birth(row: Row, service: ClientService, promises: Mapping[int | None, Promise], at: datetime) -> Columns:
    targets = promises[service.sla_policy_id].targets(row["severity"], row["opened_at"])
    return targets | {
        "client_service_id": service.id,
        "title": row["title"],
        "opened_at": row["opened_at"],
        "is_downtime": row["downtime_start"] is not None,
        "import_key": import_key(row),
        "response_breached_at": breached_at(
            targets["response_due_at"], row["acknowledged_at"] or row["resolved_at"], at
        ),
        "resolution_breached_at": breached_at(targets["resolution_due_at"], row["resolved_at"], at),
    }


def breached_at(due_at: datetime | None, done_at: datetime | None, at: datetime) -> datetime | None:
    """A target that passed was breached at that very instant; where none was promised, none was breached."""
    if due_at is None or judge(due_at=due_at, done_at=done_at, now=at) is not Judgement.BREACHED:
        return None
    return due_at


def _learn(incident: Incident, changes: Changes, promise: Promise, at: datetime) -> list[datetime]:
    """A new severity brings new targets; a breach that was raised stays one. The breaches that are new."""
    before = _breaches(incident)
    if "severity" in changes:
        fields.assign(incident, promise.targets(incident.severity, incident.opened_at))
    responded_at = incident.acknowledged_at or incident.resolved_at
    incident.response_breached_at = incident.response_breached_at or breached_at(
        incident.response_due_at, responded_at, at
    )
    incident.resolution_breached_at = incident.resolution_breached_at or breached_at(
        incident.resolution_due_at, incident.resolved_at, at
    )
    return [instant for instant in _breaches(incident) if instant not in before]


def _breaches(incident: Incident) -> list[datetime]:
    return [each for each in (incident.response_breached_at, incident.resolution_breached_at) if each]


def _count(raised: Sequence[tuple[Incident, datetime]]) -> None:
    db.session.flush()
    services = [incident.client_service_id for incident, _ in raised]
    count_breaches(services, [instant for _, instant in raised])


def _promises() -> dict[int | None, Promise]:
    """By policy id; None, of a service without a policy, promises nothing."""
    policies = sa.select(SlaPolicy).options(
        selectinload(SlaPolicy.targets), joinedload(SlaPolicy.calendar).selectinload(Calendar.holidays)
    )
    promises: dict[int | None, Promise] = {None: Promise(None, {})}
    for policy in db.session.scalars(policies):
        minutes = {each.severity: (each.response_minutes, each.resolution_minutes) for each in policy.targets}
        promises[policy.id] = Promise(business_hours(policy.calendar), minutes)
    return promises
