"""Reading incidents: the board, sorted by the time that is left, and what waits on it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload, selectinload

from portal.db import db
from portal.domain.clients.models import Client
from portal.domain.errors import NotFound
from portal.domain.lifecycle import board
from portal.domain.lifecycle.models import ClientService
from portal.domain.search import matches
from portal.domain.sla.breaches import is_close, is_late
from portal.domain.sla.models import Incident, IncidentComment
from portal.domain.sla.rules import Target
from portal.domain.staff.models import User
from portal.domain.uptime.models import Outage
from portal.domain.words import Word

Condition = sa.ColumnElement[bool]
SOON = timedelta(hours=1)
# What has no next target comes after everything that has one.
FAR = datetime(9000, 1, 1, tzinfo=UTC)


class Place(Word):
    """Where an incident stands on the board, the most urgent first."""

    BREACHED = "breached"
    DUE_SOON = "due_soon"
    OPEN = "open"
    WAITING = "waiting"
    RESOLVED = "resolved"


def next_due_at() -> sa.ColumnElement[Any]:
    """The next target whose clock runs; null for what is resolved, or only waits."""
    response = sa.case((Incident.acknowledged_at.is_(None), Incident.response_due_at))
    resolution = sa.case((Incident.waiting_since.is_(None), Incident.resolution_due_at))
    return sa.case((Incident.resolved_at.is_(None), sa.func.least(response, resolution)))


def place_of(at: datetime) -> sa.ColumnElement[Any]:
    """Breached: a target that still runs has passed, or the resolution is breached. Due soon: three quarters of one,
    or all but an hour of it, have passed.
    """
    late = sa.or_(*(is_late(target, at) for target in Target), Incident.resolution_breached_at.is_not(None))
    close = sa.or_(*(is_close(target, at) for target in Target), next_due_at() < at + SOON)
    return sa.case(
        (Incident.resolved_at.is_not(None), Place.RESOLVED.value),
        (late, Place.BREACHED.value),
        (Incident.waiting_since.is_not(None), Place.WAITING.value),
        (close, Place.DUE_SOON.value),
        else_=Place.OPEN.value,
    )


def listing(at: datetime) -> sa.Select[*tuple[Any, ...]]:
    """Every incident with its service and who works on it; `state`: its Place."""
    owner, technician = aliased(User), aliased(User)
    breached = sa.or_(
        Incident.response_breached_at.is_not(None), Incident.resolution_breached_at.is_not(None)
    )
    answers_next = Incident.acknowledged_at.is_(None) & (next_due_at() == Incident.response_due_at)
    return (
        sa.select(
            Incident.id,
            Incident.title,
            Incident.severity,
            place_of(at).label("state"),
            next_due_at().label("next_due_at"),
            sa.case((answers_next, Target.RESPONSE.value), else_=Target.RESOLUTION.value).label("target"),
            Incident.opened_at,
            Incident.acknowledged_at,
            Incident.waiting_since,
            Incident.resolved_at,
            Incident.resolution_due_at,
            breached.label("breached"),
            Incident.is_downtime,
            ClientService.id.label("service_id"),
            ClientService.name.label("service"),
            Client.name.label("client"),
            Client.code.label("client_code"),
            sa.func.coalesce(owner.name, technician.name).label("owner"),
        )
        .join(ClientService, ClientService.id == Incident.client_service_id)
        .join(Client, Client.id == ClientService.client_id)
        .outerjoin(technician, technician.id == ClientService.technician_id)
        .outerjoin(owner, owner.id == Incident.owner_id)
    )


def by_urgency() -> sa.ColumnElement[Any]:
    """What the board is sorted by: the time that is left to the next target."""
    return sa.func.coalesce(next_due_at(), sa.literal(FAR, sa.DateTime(timezone=True)))


def unresolved() -> Condition:
    return Incident.resolved_at.is_(None)


def in_places(places: Sequence[Place], at: datetime) -> Condition:
    """Unresolved ones are found by their index, unless resolved ones are asked for too."""
    chosen: Condition = place_of(at).in_([each.value for each in places])
    return chosen if Place.RESOLVED in places else chosen & unresolved()


def of_technicians(ids: Sequence[int], *, unassigned: bool = False) -> Condition:
    """Those that one of these people works on, or whose service is theirs."""
    services = sa.select(ClientService.id).where(board.of_technicians(ids, unassigned=unassigned))
    return Incident.owner_id.in_(ids) | Incident.client_service_id.in_(services)


def matching(entered: str) -> Condition:
    """Incidents whose title, or whose service or client, has words that begin so."""
    services = sa.select(ClientService.id).where(board.matching(entered))
    return sa.or_(
        matches(sa.func.to_tsvector("simple", Incident.title), entered),
        Incident.client_service_id.in_(services),
    )


def counts(at: datetime) -> dict[Place, int]:
    """How many unresolved ones stand in each place."""
    place = place_of(at)
    rows = sa.select(place, sa.func.count()).where(unresolved()).group_by(place)
    found = {Place(name): int(count) for name, count in db.session.execute(rows)}
    return {each: found.get(each, 0) for each in Place if each is not Place.RESOLVED}


def whole(incident_id: int) -> Incident:
    """The incident with everything around it. Raises NotFound."""
    around = (
        joinedload(Incident.service).joinedload(ClientService.client),
        joinedload(Incident.owner),
        joinedload(Incident.contact),
        selectinload(Incident.pauses),
        selectinload(Incident.comments).joinedload(IncidentComment.user),
    )
    found = db.session.scalar(sa.select(Incident).filter_by(id=incident_id).options(*around))
    if found is None:
        raise NotFound("There is no such incident.")
    return found


def outage_of(incident_id: int) -> Outage | None:
    return db.session.scalar(sa.select(Outage).filter_by(incident_id=incident_id))


def services_called(entered: str, *, at_most: int = 12) -> Sequence[Any]:
    """(id, name, client) of running services to choose one from, by name."""
    running = ClientService.status.in_(board.LIVING)
    rows = (
        sa.select(ClientService.id, ClientService.name, Client.name.label("client"))
        .join(Client, Client.id == ClientService.client_id)
        .where(running, board.matching(entered))
    )
    return db.session.execute(rows.order_by(ClientService.name, ClientService.id).limit(at_most)).all()
