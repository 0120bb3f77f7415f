"""The technicians' board: what to set up next (screens: /provisioning)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.domain.clients.models import Client
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import ProvisioningStatus, Status
from portal.domain.provisioning.models import ProvisioningTask
from portal.domain.staff.models import User
from portal.domain.staff.permissions import GRANTS, Permission

CARDS_A_COLUMN = 50


@dataclass(frozen=True)
class Card:
    """One service to set up. `blocker`: what stands in the way, in words, or nothing."""

    id: int
    name: str
    client: str
    technician: str | None
    days_waiting: int
    tasks_done: int
    tasks: int
    blocker: str


@dataclass(frozen=True)
class Column:
    key: str
    title: str
    empty: str
    cards: tuple[Card, ...]
    count: int


def columns(user_id: int, at: datetime) -> list[Column]:
    """Unassigned, mine, waiting (others'), failed, ready to activate; the longest waiting first."""
    pending = ClientService.provisioning_status.in_(
        (ProvisioningStatus.PENDING, ProvisioningStatus.IN_PROGRESS)
    )
    mine = sa.or_(ClientService.technician_id == user_id, ClientService.backup_technician_id == user_id)
    unassigned = ClientService.technician_id.is_(None)
    table = (
        ("unassigned", "Unassigned", "Everything has somebody.", pending & unassigned),
        ("mine", "Mine", "Nothing of yours waits.", pending & mine),
        ("waiting", "With others", "Nobody else is at work.", pending & ~unassigned & ~mine),
        ("failed", "Failed", "Nothing has failed.", ClientService.provisioning_status == ProvisioningStatus.FAILED),
        (
            "ready", "Ready to activate", "Nothing waits for activation.",
            ClientService.provisioning_status == ProvisioningStatus.COMPLETED,
        ),
    )  # fmt: skip
    return [_column(key, title, empty, which, at) for key, title, empty, which in table]


def technicians() -> Sequence[User]:
    """Active people who set services up, by name."""
    roles = GRANTS[Permission.WORK_PROVISIONING]
    return db.session.scalars(
        sa.select(User).where(User.is_active, User.role.in_(roles)).order_by(User.name)
    ).all()


def _column(key: str, title: str, empty: str, which: sa.ColumnElement[bool], at: datetime) -> Column:
    of_service = ProvisioningTask.client_service_id == ClientService.id
    tasks = sa.select(sa.func.count()).where(of_service).scalar_subquery()
    done = (
        sa.select(sa.func.count()).where(of_service, ProvisioningTask.done_at.is_not(None)).scalar_subquery()
    )
    rows = db.session.execute(
        sa.select(
            ClientService.id, ClientService.name, Client.name, User.name, ClientService.created_at,
            done, tasks, ClientService.provisioning_status, ClientService.provisioning_failed_reason,
            ClientService.sla_policy_id, sa.func.count().over(),
        )
        .join(Client, Client.id == ClientService.client_id)
        .outerjoin(User, User.id == ClientService.technician_id)
        .where(ClientService.status == Status.PENDING, which)
        .order_by(ClientService.created_at, ClientService.id)
        .limit(CARDS_A_COLUMN)
    ).all()  # fmt: skip
    return Column(key, title, empty, tuple(_card(row, at) for row in rows), rows[0][10] if rows else 0)


def _card(row: sa.Row[*tuple[Any, ...]], at: datetime) -> Card:
    service_id, name, client, technician, created_at, done, tasks, state, reason, policy_id, _ = row
    blockers = (
        (state is ProvisioningStatus.FAILED, reason),
        (technician is None, "needs a technician"),
        (state is ProvisioningStatus.PENDING, "not started"),
        (policy_id is None, "needs an SLA"),
        (state is ProvisioningStatus.IN_PROGRESS and done < tasks, f"{tasks - done} tasks to do"),
    )
    blocker = next((words for applies, words in blockers if applies), "")
    return Card(service_id, name, client, technician, (at - created_at).days, done, tasks, blocker)
