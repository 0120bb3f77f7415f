"""Working on incidents (rule book 6): each verb locks the incident, asks the table, writes, and says what happened."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal.db import db, fetch, lock
from portal.domain import events, fields
from portal.domain.clients.models import Contact
from portal.domain.errors import Invalid, Refused, StaleVersion
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.sla.breaches import raise_what_has_passed
from portal.domain.sla.models import Incident, IncidentComment, IncidentPause
from portal.domain.sla.promises import hours_of, promised
from portal.domain.sla.rules import Target, moved
from portal.domain.sla.states import Command, state_of, why_nothing_to_do
from portal.domain.uptime.models import Outage
from portal.domain.words import Severity, Source
from portal.signals import send

RECORD: dict[str, fields.Cleaner] = {
    "title": fields.text(200, required=True),
    "description": fields.text(5000, lines=True),
    "severity": fields.one_of(Severity),
    "contact_id": fields.optional(fields.reference),
}
WORDS = {"words": fields.text(2000, required=True, lines=True)}


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
    send(events.IncidentOpened(**_about(incident), **opened, source=source.value), by=by, at=at)
    if is_downtime:
        link_downtime(incident_id=incident.id, started_at=at, by=by, at=at)
    return incident


def acknowledge(
    *, incident_id: int, version: int | None = None, by: int | None = None, at: datetime
) -> Incident:
    """Somebody has looked at it and works on it: the response clock has stopped."""
    incident, to_do = _locked_for(Command.ACKNOWLEDGE, incident_id, version)
    if to_do:
        changes = _answer(incident, by=by, at=at)
        send(events.IncidentAcknowledged(**_about(incident), changes=changes), by=by, at=at)
    return incident


def wait(
    *, incident_id: int, reason: str, version: int | None = None, by: int | None = None, at: datetime
) -> Incident:
    """Nothing can be done before the client answers: the resolution clock stands still. Asking them is an answer."""
    incident, to_do = _locked_for(Command.WAIT, incident_id, version)
    if to_do:
        words = _words(reason, "reason")
        changes = _answer(incident, by=by, at=at) if incident.acknowledged_at is None else {}
        raise_what_has_passed(incident, by=by, at=at)
        incident.waiting_since, incident.waiting_for = at, words
        send(events.IncidentWaiting(**_about(incident), reason=words, changes=changes), by=by, at=at)
    return incident


def resume(*, incident_id: int, version: int | None = None, by: int | None = None, at: datetime) -> Incident:
    """The client has answered: the deadline moves by the working time that it waited."""
    incident, to_do = _locked_for(Command.RESUME, incident_id, version)
    if to_do:
        changes = _end_pause(incident, at)
        send(events.IncidentResumed(**_about(incident), changes=changes), by=by, at=at)
    return incident


def resolve(
    *, incident_id: int, resolution: str, version: int | None = None, by: int | None = None, at: datetime
) -> Incident:
    """It is over, and so is the downtime that it was. Who resolves it at the first touch has answered, too."""
    incident, to_do = _locked_for(Command.RESOLVE, incident_id, version)
    if to_do:
        words = _words(resolution, "resolution")
        changes = _answer(incident, by=by, at=at) if incident.acknowledged_at is None else {}
        if incident.waiting_since is not None:
            changes |= _end_pause(incident, at)
        raise_what_has_passed(incident, by=by, at=at)
        incident.resolved_at, incident.resolution = at, words
        _end_downtime(incident, at)
        send(events.IncidentResolved(**_about(incident), resolution=words, changes=changes), by=by, at=at)
    return incident


def reopen(
    *, incident_id: int, reason: str, version: int | None = None, by: int | None = None, at: datetime
) -> Incident:
    """It was not over after all. The time for which it was taken to be does not count."""
    incident, to_do = _locked_for(Command.REOPEN, incident_id, version)
    if to_do and incident.resolved_at is not None:
        words = _words(reason, "reason")
        changes = _pause(incident, since=incident.resolved_at, until=at, reason="Taken to be resolved")
        incident.resolved_at = None
        send(events.IncidentReopened(**_about(incident), reason=words, changes=changes), by=by, at=at)
    return incident


def comment(*, incident_id: int, text: str, by: int | None = None, at: datetime) -> IncidentComment:
    """Write something down for those who work on it next; in any state."""
    incident = lock(Incident, incident_id)
    note = IncidentComment(incident_id=incident.id, user_id=by, written_at=at, text=_words(text, "text"))
    db.session.add(note)
    db.session.flush()
    send(events.IncidentCommented(**_about(incident), comment_id=note.id), by=by, at=at)
    return note


def link_downtime(
    *,
    incident_id: int,
    started_at: datetime,
    ended_at: datetime | None = None,
    version: int | None = None,
    by: int | None = None,
    at: datetime,
) -> Incident:
    """The service was down because of it, [started_at, ended_at). What was said before about it is replaced."""
    incident, _ = _locked_for(Command.LINK_DOWNTIME, incident_id, version)
    ended_at = ended_at or incident.resolved_at
    _refuse_span(started_at, ended_at, at)
    found = db.session.scalar(sa.select(Outage).filter_by(incident_id=incident.id))
    outage = found or Outage(
        client_service_id=incident.client_service_id, incident_id=incident.id, source=incident.source
    )
    changes = fields.assign(outage, {"started_at": started_at, "ended_at": ended_at})
    db.session.add(outage)
    incident.is_downtime = True
    if changes:
        send(events.IncidentDowntimeLinked(**_about(incident), changes=changes), by=by, at=at)
    return incident


def record_breach(
    *,
    incident_id: int,
    reason: str,
    target: Target | str = Target.RESOLUTION,
    version: int | None = None,
    by: int | None = None,
    at: datetime,
) -> Incident:
    """A promise was broken, whatever the clocks say; once for each target. Raises Refused for a second time."""
    incident, _ = _locked_for(Command.RECORD_BREACH, incident_id, version)
    which = fields.check({"target": fields.one_of(Target)}, {"target": target})["target"]
    words = _words(reason, "reason")
    if getattr(incident, f"{which}_breached_at") is not None:
        raise Refused(f"The {which} target of this incident is breached already. A breach counts once.")
    incident.breach_reason = words
    send(events.IncidentBreachRecorded(**_about(incident), target=which.value, reason=words), by=by, at=at)
    raise_what_has_passed(incident, by_hand={which: at}, by=by, at=at)
    return incident


def _locked_for(command: Command, incident_id: int, version: int | None) -> tuple[Incident, bool]:
    """The locked incident, and whether there is something to do. Raises Refused, NotFound, StaleVersion."""
    incident = lock(Incident, incident_id)
    incident.already_done_message = why_nothing_to_do(command, state_of(incident))
    to_do = not incident.already_done_message
    if to_do and version is not None and version != incident.version:
        raise StaleVersion(
            "Somebody else has worked on this incident since you opened this page, so nothing was changed."
            " Look at it again."
        )
    return incident, to_do


def _about(incident: Incident) -> dict[str, Any]:
    return {"incident_id": incident.id, "title": incident.title}


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


def _end_downtime(incident: Incident, at: datetime) -> None:
    still_down = sa.update(Outage).where(Outage.incident_id == incident.id, Outage.ended_at.is_(None))
    db.session.execute(still_down.values(ended_at=sa.func.greatest(Outage.started_at, at)))


def _words(text: str, name: str) -> str:
    """What somebody had to say. Raises Invalid under the name that the field has."""
    try:
        return str(fields.check(WORDS, {"words": text})["words"])
    except Invalid as refusal:
        raise Invalid(faults={name: refusal.faults["words"]}) from None


def _refuse_contact(service: ClientService, contact_id: int | None) -> None:
    contact = db.session.get(Contact, contact_id) if contact_id is not None else None
    if contact_id is not None and (contact is None or contact.client_id != service.client_id):
        raise Invalid(faults={"contact_id": "Choose a contact of the client."})


def _refuse_span(started_at: datetime, ended_at: datetime | None, at: datetime) -> None:
    faults: Mapping[str, str] = {
        name: words
        for name, words, is_wrong in (
            ("started_at", "It cannot have begun after now.", started_at > at),
            ("ended_at", "It cannot have ended before it began.", ended_at is not None and ended_at < started_at),
            ("ended_at", "It cannot have ended after now.", ended_at is not None and ended_at > at),
        )
        if is_wrong
    }  # fmt: skip
    if faults:
        raise Invalid(faults=faults)
