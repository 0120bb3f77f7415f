"""Scores of many services at once: the rules of `rules.py` as one statement (rule book 6).

`rules.py` stays the truth: a test compares both on services to which anything may have happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from portal import clock
from portal.db import db
from portal.domain.catalogue.models import Calendar as CalendarRow
from portal.domain.catalogue.models import SlaPolicy
from portal.domain.clients.models import Client
from portal.domain.errors import Invalid
from portal.domain.events import ServiceHealthDegraded
from portal.domain.health.rules import DEGRADED_BY_MORE_THAN
from portal.domain.health.statement import REHEARSE, STORE
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.sla.hours import Calendar, parse_windows
from portal.signals import send_each

PAGE = 25_000
LAST_ID = 2**63 - 1
UPTIME_OVER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Checked:
    """How many services were scored, and how many of them fell by more than ten points."""

    services: int = 0
    degraded: int = 0

    def __add__(self, other: Checked) -> Checked:
        return Checked(self.services + other.services, self.degraded + other.degraded)


def run(*, as_of: datetime, at: datetime) -> Checked:
    """Score every active, monitored service in one transaction; the calendar does it page by page."""
    after: int | None = 0
    checked = Checked()
    while after is not None:
        page, after = run_page(after=after, at=as_of, told_at=at)
        checked += page
    return checked


def run_page(
    *, after: int, at: datetime, told_at: datetime | None = None, size: int = PAGE
) -> tuple[Checked, int | None]:
    """Score the next services by id, as of that instant; and the id from which to go on, None after the last one.

    A service that was scored for this very instant keeps that score: running twice changes nothing.
    """
    found = _execute(STORE, after=after, upto=LAST_ID, size=size, at=at)
    _tell(found, told_at or at)
    db.session.expire_all()
    last = found["last_id"] if found["services"] == size else None
    return Checked(found["services"], len(found["degraded"] or ())), last


def score(*, service_id: int, at: datetime) -> int | None:
    """Score one service anew and keep it with its reasons; None for one that is not active or not monitored."""
    db.session.flush()
    found = _execute(STORE, after=service_id - 1, upto=service_id, size=1, at=at)
    _tell(found, at)
    service = db.session.get(ClientService, service_id)
    if service is None or not found["services"]:
        return None
    db.session.refresh(service, ["health_score", "last_health_check_at"])
    return service.health_score


def rehearse(*, at: datetime) -> Checked:
    """What a run would find, without keeping it."""
    found = _execute(REHEARSE, after=0, upto=LAST_ID, size=LAST_ID, at=at)
    return Checked(found["services"], found["degraded"])


def _execute(statement: sa.TextClause, *, at: datetime, **bounds: int) -> Mapping[str, Any]:
    """The one row that comes back: how many services, the last id, and what fell."""
    db.session.execute(sa.text("SET LOCAL statement_timeout = '300s'"))
    today = at.astimezone(clock.company_zone()).date()
    facts = {"at": at, "today": today, "zone": clock.company_zone().key, "drop": DEGRADED_BY_MORE_THAN}
    return dict(db.session.execute(statement, {**facts, **bounds, **_agreed_hours(at)}).mappings().one())


def _tell(found: Mapping[str, Any], at: datetime) -> None:
    """Tell of each service that fell: {"service_id": 7, "score_before": 84, "score": 60}."""
    if not found["degraded"]:
        return
    fell = sa.func.jsonb_to_recordset(sa.literal(found["degraded"], JSONB)).table_valued(
        sa.column("service_id", sa.BigInteger), sa.column("score_before", sa.Integer), sa.column("score", sa.Integer),
        name="fell",
    ).render_derived(with_types=True)  # fmt: skip
    send_each(ServiceHealthDegraded, sa.select(fell).order_by(fell.c.service_id), by=None, at=at)


def _agreed_hours(at: datetime) -> dict[str, list[str]]:
    """The hours that services agreed on in words, with what they are in the last 30 days; each kind once.

    {"hours": ["Mon-Fri 09:00-17:00"], "zones": ["Europe/Berlin"], "spans": ["{[2026-11-20T08:00:00+00:00,…),…}"]}.
    Words that no clock can read are left out: such a service is measured around the clock.
    """
    zone = sa.func.coalesce(CalendarRow.timezone, Client.timezone)
    kinds = (
        sa.select(ClientService.service_hours, zone)
        .join(Client, Client.id == ClientService.client_id)
        .outerjoin(SlaPolicy, SlaPolicy.id == ClientService.sla_policy_id)
        .outerjoin(CalendarRow, CalendarRow.id == SlaPolicy.calendar_id)
        .where(
            ClientService.status == Status.ACTIVE,
            ClientService.monitoring_enabled,
            ClientService.service_hours != "",
        )
        .distinct()
    )
    found = [(words, name, _spans(words, name, at)) for words, name in db.session.execute(kinds)]
    read = [each for each in found if each[2]]
    return {
        "hours": [words for words, _, _ in read],
        "zones": [name for _, name, _ in read],
        "spans": [spans for _, _, spans in read],
    }


def _spans(words: str, timezone: str, at: datetime) -> str:
    """These hours of the last 30 days as PostgreSQL writes a set of ranges; nothing when they cannot be read."""
    try:
        hours = Calendar(timezone, parse_windows(words))
    except Invalid:
        return ""
    ranges = hours.working_intervals(at - UPTIME_OVER, at)
    return "{" + ",".join(f"[{start.isoformat()},{end.isoformat()})" for start, end in ranges) + "}"
