"""Telling that a term is about to end: each stage once, a missed day made up, all services in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db import batch_lock, db
from portal.domain import company
from portal.domain.clients.models import Client, Contact
from portal.domain.events import RenewalMailDue, ServiceDueForRenewal
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.money import Money
from portal.domain.periods import Cycle
from portal.domain.receivables.rules import steps_of
from portal.domain.renewals.models import RenewalReminder
from portal.domain.renewals.prices import price_of
from portal.domain.words import ContactRole, RenewalDecision
from portal.signals import send_each

RUNNING = (Status.ACTIVE, Status.SUSPENDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """What the mail to the client says. `renews`: without anybody doing anything."""

    client: str
    service: str
    renewal_date: date
    months: int
    price: Money
    per: str
    renews: bool
    manager: str
    reply_to: str


def stages() -> tuple[int, ...]:
    """The stages in force (setting), in days before the renewal date; empty when nobody is reminded."""
    return steps_of(company.setting("renewal_reminder_days"))


def remind(*, as_of: date, by: int | None = None, at: datetime) -> int:
    """Have every reminder sent that has come due; how many. Of several late stages only the most urgent."""
    batch_lock("renewal reminders")
    if not stages():
        return 0
    columns = ["client_service_id", "term_start", "stage_days", "reminded_at"]
    reminded = insert(RenewalReminder).from_select(columns, _due(as_of, at))
    made = db.session.scalars(reminded.on_conflict_do_nothing().returning(RenewalReminder.id)).all()
    if made:
        send_each(ServiceDueForRenewal, _told(made), by=by, at=at)
        send_each(RenewalMailDue, _mails(made), by=by, at=at)
    return len(made)


def due_to_remind(as_of: date, at: datetime) -> int:
    """How many reminders `remind` would have sent."""
    if not stages():
        return 0
    return int(db.session.scalar(sa.select(sa.func.count()).select_from(_due(as_of, at).subquery())) or 0)


def to_send(*, service_id: int, renewal_date: date) -> Reminder | None:
    """What the mail is to say; None when it is not to be sent any more."""
    service = db.session.get_one(ClientService, service_id)
    client, manager = service.client, service.client.account_manager
    if not _is_open(service, renewal_date) or not client.wants_renewal_notices:
        return None
    return Reminder(
        client=client.name,
        service=service.name,
        renewal_date=renewal_date,
        months=service.renewal_term_months,
        price=price_of(service).price,
        per=service.billing_cycle.per,
        renews=service.auto_renewal or service.renewal_decision is RenewalDecision.APPROVED,
        manager=manager.name if manager else "",
        reply_to=manager.email if manager else "",
    )


def _is_open(service: ClientService, renewal_date: date) -> bool:
    return (
        service.renewal_date == renewal_date
        and service.status in RUNNING
        and not service.has_scheduled_cancellation
        and service.renewal_decision is not RenewalDecision.DENIED
    )


def _due(as_of: date, at: datetime) -> sa.Select[*tuple[Any, ...]]:
    """(service id, term start, stage, at) of what is to be told of now."""
    stage = sa.func.unnest(sa.cast(list(stages()), sa.ARRAY(sa.Integer)))
    step = stage.table_valued("days", name="step").render_derived()
    service = ClientService
    come = sa.select(sa.func.min(step.c.days)).where(service.renewal_date - step.c.days <= as_of)
    urgent = come.correlate(service).scalar_subquery()
    told = sa.exists().where(
        RenewalReminder.client_service_id == service.id,
        RenewalReminder.term_start == service.renewal_date,
        RenewalReminder.stage_days <= urgent,
    )
    return sa.select(
        service.id, service.renewal_date, urgent, sa.literal(at, sa.DateTime(timezone=True))
    ).where(
        service.status.in_(RUNNING),
        service.billing_cycle != Cycle.ONE_TIME,
        service.renewal_date.between(as_of, sa.literal(as_of, sa.Date) + max(stages())),
        service.cancel_on.is_(None),
        service.renewal_decision != RenewalDecision.DENIED,
        ~told,
    )  # fmt: skip


def _told(reminder_ids: Sequence[int]) -> sa.Select[*tuple[Any, ...]]:
    reminder = RenewalReminder
    return sa.select(
        reminder.client_service_id.label("service_id"),
        reminder.term_start.label("renewal_date"),
        reminder.stage_days,
    ).where(reminder.id == sa.func.any(sa.cast(list(reminder_ids), sa.ARRAY(sa.BigInteger))))


def _mails(reminder_ids: Sequence[int]) -> sa.Select[*tuple[Any, ...]]:
    """One row for each of these reminders and each contact for renewals of a client who wants to be told."""
    recipient = sa.func.lower(Contact.email).label("recipient")
    return (
        _told(reminder_ids)
        .join(ClientService, ClientService.id == RenewalReminder.client_service_id)
        .join(Client, sa.and_(Client.id == ClientService.client_id, Client.wants_renewal_notices))
        .join(Contact, Contact.client_id == Client.id)
        .where(Contact.is_active, sa.literal(ContactRole.RENEWAL.value) == sa.func.any(Contact.roles))
        .add_columns(recipient)
        .distinct()
    )
