"""What the page of one service shows beside its own row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.db import db
from portal.domain.billing.models import Invoice, InvoiceLine
from portal.domain.catalogue.models import SlaPolicy
from portal.domain.clients.models import Client
from portal.domain.errors import NotFound
from portal.domain.health.models import HealthCheck
from portal.domain.lifecycle.models import ClientService
from portal.domain.notices.models import Notice
from portal.domain.provisioning.models import ProvisioningTask
from portal.domain.sla.models import Incident
from portal.domain.staff.models import User
from portal.outbox.models import EventRecord

AT_MOST = 50


def whole(service_id: int) -> ClientService:
    """The service with everybody and everything that belongs to it, in one query. Raises NotFound."""
    everything = (
        joinedload(ClientService.client).joinedload(Client.account_manager),
        joinedload(ClientService.product),
        joinedload(ClientService.contract),
        joinedload(ClientService.technician),
        joinedload(ClientService.backup_technician),
        joinedload(ClientService.escalation_contact),
        joinedload(ClientService.sla_policy).joinedload(SlaPolicy.calendar),
    )
    found = db.session.scalar(sa.select(ClientService).filter_by(id=service_id).options(*everything))
    if found is None:
        raise NotFound("There is no such service.")
    return found


@dataclass(frozen=True)
class Health:
    """`reason`: the largest deduction, in words; `scores`: the last ones, oldest first."""

    reason: str
    scores: tuple[int, ...]

    @property
    def change(self) -> int:
        """Against the check before."""
        return self.scores[-1] - self.scores[-2] if len(self.scores) > 1 else 0


def health_of(service_id: int) -> Health | None:
    """None when the service was never checked."""
    latest = sa.select(HealthCheck).filter_by(client_service_id=service_id)
    checks = db.session.scalars(latest.order_by(HealthCheck.checked_at.desc()).limit(12)).all()
    if not checks:
        return None
    worst = next((reason for _, points, reason in checks[0].factors if float(points) < 0), "")
    return Health(worst, tuple(check.score for check in reversed(checks)))


def open_incidents_of(service_id: int) -> Sequence[Incident]:
    """Those that are not resolved, the one that falls due first on top."""
    found = sa.select(Incident).filter_by(client_service_id=service_id, resolved_at=None)
    return db.session.scalars(found.order_by(Incident.resolution_due_at.nulls_last()).limit(10)).all()


def incidents_of(service_id: int) -> Sequence[Incident]:
    """The latest, newest first."""
    found = sa.select(Incident).filter_by(client_service_id=service_id)
    latest = found.order_by(Incident.opened_at.desc(), Incident.id.desc())
    return db.session.scalars(latest.limit(AT_MOST)).all()


def invoices_of(service_id: int) -> Sequence[Any]:
    """(document, what of it is this service's, in minor units), the latest first."""
    share = sa.func.sum(InvoiceLine.amount_minor).label("share_minor")
    rows = (
        sa.select(Invoice, share)
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .where(InvoiceLine.client_service_id == service_id)
        .group_by(Invoice.id)
        .order_by(Invoice.id.desc())
    )
    return db.session.execute(rows.limit(AT_MOST)).all()


def tasks_of(service_id: int) -> Sequence[Any]:
    """(task, the name of who did it), in the order of the checklist."""
    rows = (
        sa.select(ProvisioningTask, User.name)
        .outerjoin(User, User.id == ProvisioningTask.done_by_id)
        .where(ProvisioningTask.client_service_id == service_id)
    )
    return db.session.execute(rows.order_by(ProvisioningTask.position)).all()


def notices_of(service_id: int) -> Sequence[Any]:
    """(message, the name of who was told) about this service, newest first."""
    rows = (
        sa.select(Notice, User.name)
        .join(EventRecord, EventRecord.id == Notice.event_id)
        .join(User, User.id == Notice.user_id)
        .where(EventRecord.subject_type == "client_service", EventRecord.subject_id == service_id)
    )
    return db.session.execute(rows.order_by(Notice.id.desc()).limit(AT_MOST)).all()
