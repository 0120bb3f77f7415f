"""The whole story of one service, as it is stored: for whoever has to find out why something is as it is."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.db import db, fetch
from portal.domain.billing.models import Invoice, InvoiceLine, RecurringBilling
from portal.domain.clients.models import Client
from portal.domain.errors import NotFound
from portal.domain.lifecycle.models import ClientService
from portal.domain.metrics.models import MrrMovement
from portal.domain.notices.models import Notice
from portal.domain.staff.models import User
from portal.outbox import Delivery, EventRecord

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Story:
    """Each list has the oldest first; a row is {column: value}."""

    service: dict[str, Any]
    events: Rows
    schedules: Rows
    lines: Rows
    movements: Rows
    deliveries: Rows
    notices: Rows


def of_service(name: str) -> Story:
    """The story of a service, by its id or by the id it has in the book that it came from. Raises NotFound."""
    service_id = _id_of(name)
    events = sa.select(EventRecord.id).filter_by(subject_type="client_service", subject_id=service_id)
    return Story(
        service=_service(service_id),
        events=_rows(_events(service_id)),
        schedules=_rows(_schedules(service_id)),
        lines=_rows(_lines(service_id)),
        movements=_rows(_movements(service_id)),
        deliveries=_rows(_deliveries(events)),
        notices=_rows(_notices(events)),
    )


def _id_of(name: str) -> int:
    # A number in the book may be another service's id here: the id is what stands in the address.
    number = int(name) if name.isdecimal() and len(name) < 19 else 0
    found = db.session.scalar(sa.select(ClientService.id).filter_by(id=number)) or db.session.scalar(
        sa.select(ClientService.id).filter_by(external_id=name)
    )
    if found is None:
        raise NotFound(
            f"There is no service {name}. Take the number from its address, or its id in the book."
        )
    return found


def _service(service_id: int) -> dict[str, Any]:
    service = fetch(ClientService, service_id)
    client = fetch(Client, service.client_id)
    facts = {
        column.name: getattr(service, column.name)
        for column in ClientService.__table__.columns
        if column.computed is None
    }
    return {"client": f"{client.name} ({client.code})"} | {
        name: _plain(value) for name, value in facts.items()
    }


def _events(service_id: int) -> sa.Select[Any]:
    return (
        sa.select(
            EventRecord.id,
            EventRecord.occurred_at.label("at"),
            EventRecord.kind,
            User.name.label("by"),
            EventRecord.payload,
        )
        .outerjoin(User, User.id == EventRecord.actor_id)
        .where(EventRecord.subject_type == "client_service", EventRecord.subject_id == service_id)
        .order_by(EventRecord.id)
    )


def _schedules(service_id: int) -> sa.Select[Any]:
    schedule = RecurringBilling
    return (
        sa.select(
            schedule.id, Client.code.label("client"), schedule.status, schedule.amount_minor, schedule.currency,
            schedule.frequency, schedule.anchor_day, schedule.first_on, schedule.next_bill_date, schedule.paused_on,
            schedule.ends_on, schedule.parked_reason,
        )
        .join(Client, Client.id == schedule.client_id)
        .where(schedule.client_service_id == service_id)
        .order_by(schedule.id)
    )  # fmt: skip


def _lines(service_id: int) -> sa.Select[Any]:
    line = InvoiceLine
    return (
        sa.select(
            line.id, Invoice.id.label("invoice_id"), Invoice.number, Invoice.status, Invoice.issued_on, line.kind,
            line.period_start, line.period_end, line.amount_minor, Invoice.currency, line.description,
            line.corrects_line_id, line.is_void,
        )
        .join(Invoice, Invoice.id == line.invoice_id)
        .where(line.client_service_id == service_id)
        .order_by(line.id)
    )  # fmt: skip


def _movements(service_id: int) -> sa.Select[Any]:
    return (
        sa.select(MrrMovement.on_date, MrrMovement.kind, MrrMovement.amount_minor, MrrMovement.currency)
        .where(MrrMovement.client_service_id == service_id)
        .order_by(MrrMovement.on_date, MrrMovement.id)
    )


def _deliveries(events: sa.Select[tuple[int]]) -> sa.Select[Any]:
    delivery = Delivery
    return (
        sa.select(
            delivery.id, delivery.event_id, delivery.listener, delivery.queue, delivery.attempts,
            delivery.created_at, delivery.done_at, delivery.parked_at, delivery.gave_up_at, delivery.error,
        )
        .where(delivery.event_id.in_(events))
        .order_by(delivery.id)
    )  # fmt: skip


def _notices(events: sa.Select[tuple[int]]) -> sa.Select[Any]:
    return (
        sa.select(
            Notice.id, Notice.event_id, User.name.label("person"), Notice.channel, Notice.status, Notice.title,
            Notice.sent_at, Notice.read_at, Notice.error,
        )
        .join(User, User.id == Notice.user_id)
        .where(Notice.event_id.in_(events))
        .order_by(Notice.id)
    )  # fmt: skip


def _rows(question: sa.Select[Any]) -> Rows:
    found = db.session.execute(question).mappings()
    return [{name: _plain(value) for name, value in row.items()} for row in found]


def _plain(value: Any) -> Any:
    """As it goes into JSON: amounts, numbers and payloads as they are, the rest as text."""
    return value if value is None or isinstance(value, bool | int | float | dict | list) else str(value)
