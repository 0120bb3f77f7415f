"""What needs somebody today, and how the business stands: the home page's figures, each with the list it counts."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.domain.billing.models import Invoice, RecurringBilling
from portal.domain.clients.models import Client
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import ProvisioningStatus, Status
from portal.domain.metrics.models import MrrMovement
from portal.domain.money import Money
from portal.domain.sla import queries as incidents
from portal.domain.sla.models import Incident
from portal.domain.sla.queries import Place
from portal.domain.staff.models import User
from portal.domain.staff.permissions import Permission, Role, may
from portal.domain.words import InvoiceKind, InvoiceStatus, ScheduleStatus

AT_RISK_BELOW = 60


@dataclass(frozen=True)
class Need:
    """Something that waits for this person: how many, in words ({s} for the plural), and where they are listed."""

    count: int
    words: str
    url: str
    icon: str
    is_urgent: bool = False

    @property
    def said(self) -> str:
        return self.words.format(s="" if self.count == 1 else "s")


@dataclass(frozen=True)
class Mrr:
    """Active services only; `change` is this month's movements."""

    total: Money
    change: Money
    at_risk: Money


def needs(user: User, *, today: date, at: datetime) -> list[Need]:
    """What waits for this person, by role; what is not there is left out."""
    table = _for_sales(user, today) + _for_hands_on(user) + _for_everybody(at) + _for_finance(user, today)
    return [each for each in table if each.count]


def mrr(month_start: date) -> list[Mrr]:
    """One figure per currency, never added up across them."""
    active = ClientService.status == Status.ACTIVE
    total = sa.func.sum(ClientService.monthly_cost_minor)
    risk = sa.func.coalesce(total.filter(ClientService.health_score < AT_RISK_BELOW), 0)
    rows = db.session.execute(
        sa.select(ClientService.currency, total, risk).where(active).group_by(ClientService.currency)
    )
    moved = dict(
        db.session.execute(
            sa.select(MrrMovement.currency, sa.func.sum(MrrMovement.amount_minor))
            .where(MrrMovement.on_date >= month_start)
            .group_by(MrrMovement.currency)
        ).all()
    )
    return [
        Mrr(
            Money(int(minor), currency),
            Money(int(moved.get(currency, 0)), currency),
            Money(int(at_risk), currency),
        )
        for currency, minor, at_risk in sorted(rows, key=lambda row: -row[1])
    ]


def sla_met(since: datetime, at: datetime) -> tuple[int, int]:
    """(targets met, targets judged) of incidents opened since; one that is open and not due is not judged."""
    done = sa.func.coalesce(Incident.resolved_at, at)
    met = sa.func.count().filter(Incident.resolved_at <= Incident.resolution_due_at)
    judged = sa.func.count().filter(
        sa.or_(Incident.resolved_at.is_not(None), Incident.resolution_due_at < done)
    )
    row = db.session.execute(
        sa.select(met, judged).where(Incident.opened_at >= since, Incident.resolution_due_at.is_not(None))
    ).one()
    return int(row[0]), int(row[1])


def median_days_to_provision(since: datetime) -> float | None:
    """From sold to provisioned, of the services provisioned since; None when there was none."""
    took = sa.func.extract("epoch", ClientService.provisioned_at - ClientService.created_at) / 86400.0
    median = sa.select(sa.func.percentile_cont(0.5).within_group(took)).where(
        ClientService.provisioned_at >= since, ClientService.provisioned_at > ClientService.created_at
    )
    days = db.session.scalar(median)
    return None if days is None else float(days)


def my_subjects(user: User) -> dict[str, Any]:
    """Ids whose events this person cares for: an account manager's clients, a technician's services, else all."""
    services = sa.select(ClientService.id)
    clients = sa.select(Client.id)
    if user.role is Role.ACCOUNT_MANAGER:
        clients = clients.where(Client.account_manager_id == user.id)
        services = services.where(ClientService.client_id.in_(clients))
    if user.role is Role.TECHNICIAN:
        services = services.where(_is_mine(user))
    return {"client_service": services, "client": clients}


def _is_mine(user: User) -> sa.ColumnElement[bool]:
    return sa.or_(ClientService.technician_id == user.id, ClientService.backup_technician_id == user.id)


def _for_sales(user: User, today: date) -> list[Need]:
    if not may(user, Permission.RENEW):
        return []
    running = ClientService.status.in_((Status.ACTIVE, Status.SUSPENDED))
    ended = _services(running, ClientService.end_date <= today, ClientService.cancel_on.is_(None))
    soon = _services(running, ClientService.end_date.between(today + timedelta(1), today + timedelta(30)))
    ready = _services(
        ClientService.status == Status.PENDING,
        ClientService.provisioning_status == ProvisioningStatus.COMPLETED,
    )
    return [
        Need(
            ended,
            "term{s} ended without a decision",
            "/services?renewal=overdue",
            "calendar-x",
            is_urgent=True,
        ),
        Need(soon, "term{s} to end within 30 days", "/services?renewal=30", "calendar-event"),
        Need(ready, "service{s} ready to activate", "/provisioning", "rocket"),
    ]


def _for_hands_on(user: User) -> list[Need]:
    if not may(user, Permission.WORK_PROVISIONING):
        return []
    pending = ClientService.status == Status.PENDING
    open_states = (ProvisioningStatus.PENDING, ProvisioningStatus.IN_PROGRESS)
    to_do = ClientService.provisioning_status.in_(open_states)
    failed = _services(pending, ClientService.provisioning_status == ProvisioningStatus.FAILED)
    return [
        Need(failed, "failed set-up{s}", "/provisioning", "alert-triangle", is_urgent=True),
        Need(_services(pending, to_do, _is_mine(user)), "service{s} of yours to set up", "/provisioning", "checklist"),
        Need(
            _services(pending, to_do, ClientService.technician_id.is_(None)),
            "service{s} to set up, by nobody yet", "/provisioning", "user-plus",
        ),
    ]  # fmt: skip


def _for_everybody(at: datetime) -> list[Need]:
    found = incidents.counts(at)
    in_time = found[Place.OPEN] + found[Place.WAITING]
    return [
        Need(
            found[Place.BREACHED], "open incident{s} past a target", "/incidents?state=breached", "alert-octagon",
            is_urgent=True,
        ),
        Need(
            found[Place.DUE_SOON], "incident{s} close to a target", "/incidents?state=due_soon", "clock", is_urgent=True
        ),
        Need(in_time, "open incident{s} in time", "/incidents?state=open&state=waiting", "alert-circle"),
    ]  # fmt: skip


def _for_finance(user: User, today: date) -> list[Need]:
    if not may(user, Permission.BILLING):
        return []
    overdue = (
        Invoice.kind == InvoiceKind.INVOICE,
        Invoice.status.in_((InvoiceStatus.ISSUED, InvoiceStatus.PARTLY_PAID)),
        Invoice.due_on < today,
    )
    parked = _count(RecurringBilling, RecurringBilling.status == ScheduleStatus.PARKED)
    return [
        Need(parked, "service{s} parked by billing", "/billing", "alert-triangle", is_urgent=True),
        Need(_count(Invoice, *overdue), "overdue invoice{s}", "/invoices?is_overdue=yes", "file-invoice"),
        Need(
            _count(Invoice, Invoice.status == InvoiceStatus.DRAFT),
            "draft{s} to issue", "/invoices?status=draft", "send",
        ),
    ]  # fmt: skip


def _services(*which: sa.ColumnElement[bool]) -> int:
    return _count(ClientService, *which)


def _count(model: Any, *which: sa.ColumnElement[bool]) -> int:
    return int(db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*which)) or 0)
