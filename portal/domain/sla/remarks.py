"""What is put down about an incident beside its work: comments, the downtime that it was, a breach by hand."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from portal.db import db, lock
from portal.domain import events, fields
from portal.domain.errors import Invalid, Refused
from portal.domain.sla.acting import about, locked_for, words_of
from portal.domain.sla.breaches import raise_what_has_passed
from portal.domain.sla.models import Incident, IncidentComment
from portal.domain.sla.rules import Target
from portal.domain.sla.states import Command
from portal.domain.uptime.models import Outage
from portal.signals import send


def comment(*, incident_id: int, text: str, by: int | None = None, at: datetime) -> IncidentComment:
    """Write something down for those who work on it next; in any state."""
    incident = lock(Incident, incident_id)
    note = IncidentComment(incident_id=incident.id, user_id=by, written_at=at, text=words_of(text, "text"))
    db.session.add(note)
    db.session.flush()
    send(events.IncidentCommented(**about(incident), comment_id=note.id), by=by, at=at)
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
    incident, _ = locked_for(Command.LINK_DOWNTIME, incident_id, version)
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
        send(events.IncidentDowntimeLinked(**about(incident), changes=changes), by=by, at=at)
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
    incident, _ = locked_for(Command.RECORD_BREACH, incident_id, version)
    which = fields.check({"target": fields.one_of(Target)}, {"target": target})["target"]
    words = words_of(reason, "reason")
    if getattr(incident, f"{which}_breached_at") is not None:
        raise Refused(f"The {which} target of this incident is breached already. A breach counts once.")
    incident.breach_reason = words
    send(events.IncidentBreachRecorded(**about(incident), target=which.value, reason=words), by=by, at=at)
    raise_what_has_passed(incident, by_hand={which: at}, by=by, at=at)
    return incident


def end_downtime(incident: Incident, at: datetime) -> None:
    still_down = sa.update(Outage).where(Outage.incident_id == incident.id, Outage.ended_at.is_(None))
    db.session.execute(still_down.values(ended_at=sa.func.greatest(Outage.started_at, at)))


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
