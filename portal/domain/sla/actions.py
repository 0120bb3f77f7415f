"""Working on incidents (rule book 6): each verb locks the incident, asks the table, writes, and says what happened."""

from datetime import datetime
from typing import Any

from portal.db import db, fetch
from portal.domain import events, fields
from portal.domain.clients.models import Contact
from portal.domain.errors import Invalid, Refused
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.sla.acting import about, locked_for, words_of
from portal.domain.sla.breaches import raise_what_has_passed
from portal.domain.sla.models import Incident, IncidentPause
from portal.domain.sla.promises import hours_of, promised
from portal.domain.sla.remarks import end_downtime, link_downtime
from portal.domain.sla.rules import moved
from portal.domain.sla.states import Command
from portal.domain.words import Severity, Source
from portal.signals import send

RECORD: dict[str, fields.Cleaner] = {
    "title": fields.text(200, required=True),
    "description": fields.text(5000, lines=True),
    "severity": fields.one_of(Severity),
    "contact_id": fields.optional(fields.reference),
}


def open_incident(
    *,
    service_id: int,
    title: str,
    severity: Severity | str,
    description: str = "",
    contact_id: int | str | None = None,
    source: Source = Source.MANUAL,
    is_downtime: bool = False,
    by: int | None = None,
    at: datetime,
) -> Incident:
    """Something went wrong. Its targets are those of the service's policy now. Raises Invalid, Refused, NotFound."""
    service = fetch(ClientService, service_id)
    if service.status in (Status.CANCELLED, Status.COMPLETED):
        raise Refused("This service has ended: nothing can go wrong with it any more.")
    entered = {"title": title, "description": description, "severity": severity, "contact_id": contact_id}
    facts = fields.check(RECORD, entered)
    _refuse_contact(service, facts["contact_id"])
    targets = promised(service, facts["severity"], at)
    incident = Incident(client_service_id=service.id, source=source, opened_at=at, **facts, **targets)
    db.session.add(incident)
    db.session.flush()
    opened: dict[str, Any] = {"service_id": service.id, "severity": incident.severity.value}
    send(events.IncidentOpened(**about(incident), **opened, source=source.value), by=by, at=at)
    if is_downtime:
        link_downtime(incident_id=incident.id, started_at=at, by=by, at=at)
    return incident


def acknowledge(
    *, incident_id: int, version: int | None = None, by: int | None = None, at: datetime
) -> Incident:
    """Somebody has looked at it and works on it: the response clock has stopped."""
    incident, to_do = locked_for(Command.ACKNOWLEDGE, incident_id, version)
    if to_do:
        changes = _answer(incident, by=by, at=at)
        send(events.IncidentAcknowledged(**about(incident), changes=changes), by=by, at=at)
    return incident


def wait(
    *, incident_id: int, reason: str, version: int | None = None, by: int | None = None, at: datetime
) -> Incident:
    """Nothing can be done before the client answers: the resolution clock stands still. Asking them is an answer."""
    incident, to_do = locked_for(Command.WAIT, incident_id, version)
    if to_do:
        words = words_of(reason, "reason")
        changes = _answer(incident, by=by, at=at) if incident.acknowledged_at is None else {}
        raise_what_has_passed(incident, by=by, at=at)
        incident.waiting_since, incident.waiting_for = at, words
        send(events.IncidentWaiting(**about(incident), reason=words, changes=changes), by=by, at=at)
    return incident


def resume(*, incident_id: int, version: int | None = None, by: int | None = None, at: datetime) -> Incident:
    """The client has answered: the deadline moves by the working time that it waited."""
    incident, to_do = locked_for(Command.RESUME, incident_id, version)
    if to_do:
        changes = _end_pause(incident, at)
        send(events.IncidentResumed(**about(incident), changes=changes), by=by, at=at)
    return incident


def resolve(
    *, incident_id: int, resolution: str, version: int | None = None, by: int | None = None, at: datetime
) -> Incident:
    """It is over, and so is the downtime that it was. Who resolves it at the first touch has answered, too."""
    incident, to_do = locked_for(Command.RESOLVE, incident_id, version)
    if to_do:
        words = words_of(resolution, "resolution")
        changes = _answer(incident, by=by, at=at) if incident.acknowledged_at is None else {}
        if incident.waiting_since is not None:
            changes |= _end_pause(incident, at)
        raise_what_has_passed(incident, by=by, at=at)
        incident.resolved_at, incident.resolution = at, words
        end_downtime(incident, at)
        send(events.IncidentResolved(**about(incident), resolution=words, changes=changes), by=by, at=at)
    return incident


def reopen(
    *, incident_id: int, reason: str, version: int | None = None, by: int | None = None, at: datetime
) -> Incident:
    """It was not over after all. The time for which it was taken to be does not count."""
    incident, to_do = locked_for(Command.REOPEN, incident_id, version)
    if to_do and incident.resolved_at is not None:
        words = words_of(reason, "reason")
        changes = _pause(incident, since=incident.resolved_at, until=at, reason="Taken to be resolved")
        incident.resolved_at = None
        send(events.IncidentReopened(**about(incident), reason=words, changes=changes), by=by, at=at)
    return incident


def _answer(incident: Incident, *, by: int | None, at: datetime) -> fields.Changes:
    """The first answer; whoever gave it works on it from now on."""
    raise_what_has_passed(incident, by=by, at=at)
    return fields.assign(incident, {"acknowledged_at": at, "owner_id": by})


def _end_pause(incident: Incident, at: datetime) -> fields.Changes:
    since, why = incident.waiting_since or at, incident.waiting_for
    incident.waiting_since, incident.waiting_for = None, ""
    return _pause(incident, since=since, until=at, reason=why)


def _pause(incident: Incident, *, since: datetime, until: datetime, reason: str) -> fields.Changes:
    """One more pause of the resolution clock, which moves its deadline and its warning."""
    db.session.add(IncidentPause(incident_id=incident.id, began_at=since, ended_at=until, reason=reason))
    hours = hours_of(fetch(ClientService, incident.client_service_id))
    later = {
        name: moved(hours, instant, since=since, until=until)
        for name in ("resolution_due_at", "resolution_warn_at")
        if (instant := getattr(incident, name)) is not None
    }
    return fields.assign(incident, later)


def _refuse_contact(service: ClientService, contact_id: int | None) -> None:
    contact = db.session.get(Contact, contact_id) if contact_id is not None else None
    if contact_id is not None and (contact is None or contact.client_id != service.client_id):
        raise Invalid(faults={"contact_id": "Choose a contact of the client."})
