"""The first step of every verb on incidents, and what all of them say and ask."""

from typing import Any

from portal.db import lock
from portal.domain import fields
from portal.domain.errors import Invalid, StaleVersion
from portal.domain.sla.models import Incident
from portal.domain.sla.states import Command, state_of, why_nothing_to_do

WORDS = {"words": fields.text(2000, required=True, lines=True)}


def locked_for(command: Command, incident_id: int, version: int | None) -> tuple[Incident, bool]:
    """The locked incident, and whether there is something to do. Raises Refused, NotFound, StaleVersion."""
    incident = lock(Incident, incident_id)
    incident.already_done_message = why_nothing_to_do(command, state_of(incident))
    to_do = not incident.already_done_message
    if to_do and version is not None and version != incident.version:
        raise StaleVersion(theirs={"state": ("–", state_of(incident).label)})
    return incident, to_do


def about(incident: Incident) -> dict[str, Any]:
    return {"incident_id": incident.id, "title": incident.title}


def words_of(text: str, name: str) -> str:
    """What somebody had to say. Raises Invalid under the name that the field has."""
    try:
        return str(fields.check(WORDS, {"words": text})["words"])
    except Invalid as refusal:
        raise Invalid(faults={name: refusal.faults["words"]}) from None
