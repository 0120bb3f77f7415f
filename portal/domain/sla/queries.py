"""Reading incidents."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal.domain.clients.models import Client
from portal.domain.lifecycle import board
from portal.domain.lifecycle.models import ClientService
from portal.domain.search import matches
from portal.domain.sla.models import Incident
from portal.domain.staff.models import User


def listing(at: datetime) -> sa.Select[*tuple[Any, ...]]:
    """Every incident with its service; `state`: open, late (open past its target), or resolved."""
    state = sa.case(
        (Incident.resolved_at.is_not(None), "resolved"),
        (Incident.resolution_due_at < at, "late"),
        else_="open",
    )
    breached = sa.or_(
        Incident.response_breached_at.is_not(None), Incident.resolution_breached_at.is_not(None)
    )
    return (
        sa.select(
            Incident.id,
            Incident.title,
            Incident.severity,
            state.label("state"),
            Incident.opened_at,
            Incident.acknowledged_at,
            Incident.resolved_at,
            Incident.resolution_due_at,
            breached.label("breached"),
            Incident.is_downtime,
            ClientService.id.label("service_id"),
            ClientService.name.label("service"),
            Client.name.label("client"),
            Client.code.label("client_code"),
            User.name.label("technician"),
        )
        .join(ClientService, ClientService.id == Incident.client_service_id)
        .join(Client, Client.id == ClientService.client_id)
        .outerjoin(User, User.id == ClientService.technician_id)
    )


def matching(entered: str) -> sa.ColumnElement[bool]:
    """Incidents whose title, or whose service or client, has words that begin so."""
    services = sa.select(ClientService.id).where(board.matching(entered))
    return sa.or_(
        matches(sa.func.to_tsvector("simple", Incident.title), entered),
        Incident.client_service_id.in_(services),
    )
