"""What the pages of reports show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.db import db
from portal.domain.clients import matching as clients_matching
from portal.domain.clients.models import Client
from portal.domain.errors import Invalid, Refused
from portal.domain.lifecycle.models import ClientService
from portal.domain.reports.facts import SlaReportFacts
from portal.domain.reports.models import SlaReport
from portal.domain.reports.reading import facts
from portal.domain.reports.rules import check_period
from portal.domain.staff import User

MOST_CLIENTS = 15


@dataclass(frozen=True)
class Preview:
    """The figures that a report would have now, or in words why there would be none."""

    facts: SlaReportFacts | None
    refusal: str = ""


def preview(*, client_id: int, service_id: int | None, start: date, end: date, at: datetime) -> Preview:
    """Of a report over [start, end): the same facts that the PDF is printed from. Raises NotFound."""
    try:
        period = check_period(start, end, today=clock.today())
        return Preview(facts(client_id=client_id, service_id=service_id, period=period, at=at))
    except (Invalid, Refused) as refusal:
        return Preview(None, refusal.message)


def listing() -> sa.Select[*tuple[Any, ...]]:
    """One row per report that was asked for; `file` is the size of its file, if there is one."""
    return (
        sa.select(
            SlaReport.id,
            Client.name.label("client"),
            ClientService.name.label("service"),
            SlaReport.period_start,
            (SlaReport.period_end - 1).label("last_day"),
            SlaReport.state,
            User.name.label("requested_by"),
            SlaReport.requested_at,
            SlaReport.size_bytes.label("file"),
            SlaReport.sha256,
        )
        .join(Client, Client.id == SlaReport.client_id)
        .outerjoin(ClientService, ClientService.id == SlaReport.client_service_id)
        .outerjoin(User, User.id == SlaReport.requested_by_id)
    )


def matching(entered: str) -> sa.ColumnElement[bool]:
    """Reports of clients whose code or name has words that begin so."""
    return SlaReport.client_id.in_(sa.select(Client.id).where(clients_matching(entered)))


def clients_like(entered: str) -> Sequence[Client]:
    """The first clients by name, or those that match what was typed."""
    found = sa.select(Client).order_by(Client.is_active.desc(), Client.name, Client.id).limit(MOST_CLIENTS)
    return db.session.scalars(found.where(clients_matching(entered)) if entered.strip() else found).all()


def services_of(client_id: int) -> Sequence[tuple[int, str]]:
    """(id, name) of a client's services that ran at some time, by name."""
    ran = sa.select(ClientService.id, ClientService.name).where(
        ClientService.client_id == client_id, ClientService.activated_at.is_not(None)
    )
    rows = db.session.execute(ran.order_by(ClientService.name, ClientService.id))
    return [(row.id, row.name) for row in rows]
