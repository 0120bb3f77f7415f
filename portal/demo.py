"""The demo: the packaged book of business, people who can sign in, and some work in progress."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from flask import current_app

from portal.clock import now
from portal.db import db, transaction
from portal.domain import imports, provisioning, staff
from portal.domain.clients.models import Client
from portal.domain.errors import Refused
from portal.domain.imports import sources
from portal.domain.lifecycle import ClientService, Status
from portal.domain.provisioning.queries import tasks_of
from portal.domain.staff import Role, User

BOOK = Path(__file__).parent / "demo_book"
DEMO_PASSWORD = "try-the-portal"  # noqa: S105  (everybody may know it: production refuses it)
DEMO_LOGINS = (
    ("hugo.zhang@msp.example", Role.ADMIN),
    ("yara.costa@msp.example", Role.ACCOUNT_MANAGER),
    ("uma.costa@msp.example", Role.TECHNICIAN),
    ("qadir.fischer@msp.example", Role.FINANCE),
    ("sven.tanaka@msp.example", Role.VIEWER),
)
WORK_IN_PROGRESS = (1.0, 1.0, 0.75, 0.5, 0.5, 0.25, 0.0)
"""The share of the tasks that is done, of as many services that are to start next."""


def load() -> None:
    """Load the book into an empty portal. Refused in production, and where there are clients."""
    if current_app.extensions["settings"].production:
        raise Refused("The demo is not loaded in production: everybody knows its password.")
    at = now()
    with transaction():
        if db.session.scalar(sa.select(Client.id).limit(1)) is not None:
            raise Refused("There are clients in this portal. The demo goes into an empty one.")
        imports.load(sources.folder(BOOK), source="The demo book", by=None, at=at)
        staff.set_demo_password(password=DEMO_PASSWORD, by=None, at=at)
    with transaction():
        begin_to_set_up(at)


def begin_to_set_up(at: datetime) -> None:
    """The technicians have begun with the services that start next; one has met an obstacle."""
    upcoming = next_to_start(len(WORK_IN_PROGRESS) + 1)
    for service, share in zip(upcoming, WORK_IN_PROGRESS, strict=False):
        work_on(service, share, at)
    for service in upcoming[len(WORK_IN_PROGRESS) :]:
        provisioning.start(service_id=service.id, by=service.technician_id, at=at)
        provisioning.fail(
            service_id=service.id,
            reason="The client's firewall lets nothing of ours through.",
            by=service.technician_id,
            at=at,
        )


def next_to_start(count: int) -> Sequence[ClientService]:
    pending = sa.select(ClientService).where(
        ClientService.status == Status.PENDING, ClientService.technician_id.is_not(None)
    )
    return db.session.scalars(pending.order_by(ClientService.start_date, ClientService.id).limit(count)).all()


def work_on(service: ClientService, share: float, at: datetime) -> None:
    """Start, and do this share of the tasks; all of them completes it."""
    by = service.technician_id
    provisioning.start(service_id=service.id, by=by, at=at)
    tasks = tasks_of(service.id)
    for task in tasks[: int(len(tasks) * share)]:
        provisioning.check_task(service_id=service.id, task_id=task.id, done=True, by=by, at=at)
    if share == 1:
        provisioning.complete(service_id=service.id, by=by, at=at)


def logins() -> list[str]:
    """How to sign in to the demo, a line for each role; nothing once its people have passwords of their own."""
    usable = sa.select(User.email).where(User.has_demo_password, User.is_active)
    emails = set(db.session.scalars(usable))
    return [
        f"{role.label + ':':<17}{email} / {DEMO_PASSWORD}" for email, role in DEMO_LOGINS if email in emails
    ]
