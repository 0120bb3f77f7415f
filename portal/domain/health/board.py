"""The wall of services: who is in trouble, what that is worth, and whether it is getting worse."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from portal.db import db
from portal.domain.clients.models import Client
from portal.domain.health.models import HealthCheck
from portal.domain.health.rules import THRESHOLDS, HealthStatus
from portal.domain.lifecycle.board import of_technicians
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.money import Money
from portal.domain.staff.models import User
from portal.domain.words import Word

Condition = sa.ColumnElement[bool]
AT_RISK_BELOW = 60
MOST_TILES = 2000


class Grouping(Word):
    CLIENT = "client"
    TYPE = "type"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which services of the wall; what is None narrows nothing. manager: of the client's account manager."""

    status: HealthStatus | None = None
    technician: int | None = None
    manager: int | None = None

    def conditions(self) -> list[Condition]:
        asked: list[Condition] = [
            ClientService.status == Status.ACTIVE,
            ClientService.monitoring_enabled.is_(True),
        ]
        if self.status is not None:
            asked.append(_has_status(ClientService.health_score, self.status))
        if self.technician is not None:
            asked.append(of_technicians([self.technician]))
        if self.manager is not None:
            theirs = sa.select(Client.id).where(Client.account_manager_id == self.manager)
            asked.append(ClientService.client_id.in_(theirs))
        return asked


@dataclass(frozen=True, slots=True)
class Tile:
    """One service. `change`: against the check before; `reason`: the largest deduction, in words."""

    id: int
    name: str
    client: str
    group: str
    score: int | None
    change: int
    reason: str


@dataclass(frozen=True, slots=True)
class Figure:
    """How many services have this status now, and how many more than a day ago; None: none was checked then."""

    status: HealthStatus
    count: int
    change: int | None


def tiles(scope: Scope, *, grouping: Grouping | None = None) -> Sequence[Tile]:
    """The worst first, at most MOST_TILES; a service without a score comes last.

    One row: 7, "Backup – Acme", "Acme Inc.", backup_services, 45, [{"score": 45, "factors": …}, {"score": 60, …}].
    """
    shown = (
        sa.select(ClientService)
        .where(*scope.conditions())
        .order_by(ClientService.health_score.nulls_last(), ClientService.name, ClientService.id)
        .limit(MOST_TILES)
        .subquery("shown")
    )
    last = (
        sa.select(HealthCheck.score, HealthCheck.factors, HealthCheck.checked_at)
        .where(HealthCheck.client_service_id == shown.c.id)
        .order_by(HealthCheck.checked_at.desc())
        .limit(2)
        .correlate(shown)
        .subquery("last")
    )
    check = sa.func.jsonb_build_object("score", last.c.score, "factors", last.c.factors)
    newest_first = sa.func.jsonb_agg(aggregate_order_by(check, last.c.checked_at.desc()))
    checks = sa.select(newest_first).select_from(last).correlate(shown).scalar_subquery()
    rows = (
        sa.select(
            shown.c.id, shown.c.name, shown.c.service_type, shown.c.health_score, Client.name.label("client"),
            checks.label("checks"),
        )
        .join(Client, Client.id == shown.c.client_id)
        .order_by(shown.c.health_score.nulls_last(), shown.c.name, shown.c.id)
    )  # fmt: skip
    return [_tile(row, grouping) for row in db.session.execute(rows)]


def _tile(row: Any, grouping: Grouping | None) -> Tile:
    checks = row.checks or []
    reasons = [reason for _, points, reason in checks[0]["factors"] if points < 0] if checks else []
    groups = {None: "", Grouping.CLIENT: row.client, Grouping.TYPE: row.service_type.label}
    return Tile(
        id=row.id,
        name=row.name,
        client=row.client,
        group=groups[grouping],
        score=row.health_score,
        change=checks[0]["score"] - checks[1]["score"] if len(checks) > 1 else 0,
        reason=reasons[0] if reasons else "",
    )


def figures(scope: Scope, *, at: datetime) -> list[Figure]:
    """Counts by status of everybody in scope, whatever status it asks for, the best first."""
    everybody = Scope(technician=scope.technician, manager=scope.manager)
    yesterday = (
        sa.select(HealthCheck.score)
        .where(
            HealthCheck.client_service_id == ClientService.id,
            HealthCheck.checked_at <= at - timedelta(days=1),
        )
        .order_by(HealthCheck.checked_at.desc())
        .limit(1)
        .correlate(ClientService)
        .scalar_subquery()
    )
    scores = (
        sa.select(ClientService.health_score.label("now"), yesterday.label("before"))
        .where(*everybody.conditions())
        .subquery("scores")
    )
    counted = [
        sa.func.count().filter(_has_status(column, status))
        for _, status in THRESHOLDS
        for column in (scores.c.now, scores.c.before)
    ]
    found = db.session.execute(sa.select(*counted).select_from(scores)).one()
    pairs = zip(found[::2], found[1::2], strict=True)
    was_checked = any(found[1::2])
    return [
        Figure(status, now, now - before if was_checked else None)
        for (_, status), (now, before) in zip(THRESHOLDS, pairs, strict=True)
    ]


def at_risk(scope: Scope) -> list[Money]:
    """What the services below 60 bring in a month, per currency, the largest first."""
    value = sa.func.sum(ClientService.monthly_cost_minor)
    rows = (
        sa.select(ClientService.currency, value)
        .where(*scope.conditions(), ClientService.health_score < AT_RISK_BELOW)
        .group_by(ClientService.currency)
        .order_by(value.desc())
    )
    return [Money(int(total), currency) for currency, total in db.session.execute(rows)]


def state_of(scope: Scope) -> str:
    """Changes whenever a tile or a figure may have changed: one cheap look, for walls that ask every half minute."""
    service = ClientService
    row = db.session.execute(
        sa.select(
            sa.func.count(),
            sa.func.sum(service.version),
            sa.func.sum(service.health_score),
            sa.func.max(service.last_health_check_at),
        ).where(*scope.conditions())
    ).one()
    checked = f"{row[3].timestamp():.0f}" if row[3] else ""
    return f"{row[0]}-{row[1] or 0}-{row[2] or 0}-{checked}"


def managers() -> Sequence[tuple[int, str]]:
    """Everybody who looks after a client, by name."""
    manager = aliased(User)
    rows = sa.select(manager.id, manager.name).where(
        manager.is_active, sa.exists().where(Client.account_manager_id == manager.id)
    )
    return [(row.id, row.name) for row in db.session.execute(rows.order_by(manager.name, manager.id))]


def _has_status(score: Any, status: HealthStatus) -> Condition:
    least = next(lowest for lowest, each in THRESHOLDS if each is status)
    most = next((lowest - 1 for lowest, _ in reversed(THRESHOLDS) if lowest > least), 100)
    between: Condition = score.between(least, most)
    return between
