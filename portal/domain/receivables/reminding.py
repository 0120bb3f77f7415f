"""Reminding clients of overdue invoices: each step once, a missed day made up, all clients in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db import batch_lock, db, lock
from portal.domain import company
from portal.domain.billing.models import Invoice
from portal.domain.billing.queries import OPEN
from portal.domain.clients.models import Client, Contact
from portal.domain.events import PaymentReminderDue, PaymentReminderSent
from portal.domain.money import Money
from portal.domain.receivables.models import PaymentReminder
from portal.domain.receivables.rules import steps_of
from portal.domain.words import ContactRole, InvoiceKind
from portal.signals import send, send_each


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """What the mail says. `is_last`: no further step follows."""

    recipient: str
    client: str
    number: str
    total: Money
    open_amount: Money
    issued_on: date
    due_on: date
    days_late: int
    po_number: str
    how_to_pay: str
    is_last: bool


def steps() -> tuple[int, ...]:
    """The steps in force (setting), rising; empty when nobody is reminded."""
    return steps_of(company.setting("reminder_steps"))


def remind(*, as_of: date, by: int | None = None, at: datetime) -> int:
    """Have every reminder sent that has come due; how many. Of several late steps only the most urgent.

    A client whom no mail reaches gets no reminder, which leaves it due until somebody enters an address.
    """
    batch_lock("payment reminders")
    reminded = insert(PaymentReminder).from_select(
        ["invoice_id", "step_days", "days_late", "asked_at"], _due(as_of, at)
    )
    made = db.session.scalars(reminded.on_conflict_do_nothing().returning(PaymentReminder.id)).all()
    if made:
        send_each(PaymentReminderDue, _to_tell(made), by=by, at=at)
    return len(made)


def _to_tell(reminder_ids: Sequence[int]) -> sa.Select[*tuple[Any, ...]]:
    """One row for each of these reminders and each address that it goes to."""
    address = _addresses()
    return (
        sa.select(
            PaymentReminder.invoice_id,
            PaymentReminder.id.label("reminder_id"),
            PaymentReminder.step_days,
            PaymentReminder.days_late,
            address.c.recipient,
        )
        .join(Invoice, Invoice.id == PaymentReminder.invoice_id)
        .join(address, address.c.client_id == Invoice.client_id)
        .where(PaymentReminder.id == sa.func.any(sa.cast(list(reminder_ids), sa.ARRAY(sa.BigInteger))))
        .order_by(PaymentReminder.id, address.c.recipient)
    )


def to_send(*, reminder_id: int, recipient: str) -> Reminder | None:
    """What the mail is to say; None when it is not to be sent any more: paid, void, or not wanted meanwhile."""
    reminder = db.session.get_one(PaymentReminder, reminder_id)
    invoice = reminder.invoice
    if invoice.status not in OPEN or not invoice.client.wants_payment_reminders:
        return None
    assert invoice.number and invoice.issued_on and invoice.due_on
    return Reminder(
        recipient=recipient,
        client=invoice.client.name,
        number=invoice.number,
        total=invoice.total,
        open_amount=invoice.open_amount,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        days_late=reminder.days_late,
        po_number=invoice.po_number,
        how_to_pay=invoice.party["how_to_pay"],
        is_last=reminder.step_days >= max(steps(), default=0),
    )


def keep_sent(*, reminder_id: int, recipient: str, at: datetime) -> None:
    """The mail went out."""
    reminder = lock(PaymentReminder, reminder_id)
    reminder.sent_at = reminder.sent_at or at
    sent = PaymentReminderSent(
        invoice_id=reminder.invoice_id,
        step_days=reminder.step_days,
        days_late=reminder.days_late,
        recipient=recipient,
    )
    send(sent, by=None, at=at)


def unreachable(as_of: date) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """(code, name) of clients who would be reminded if anybody there got mail about invoices."""
    first = min(steps(), default=None)
    if first is None:
        return []
    late = _late(as_of, first).where(~_is_reachable())
    rows = sa.select(Client.code, Client.name).where(Client.id.in_(late.with_only_columns(Invoice.client_id)))
    return db.session.execute(rows.order_by(Client.name, Client.id)).all()


def _due(as_of: date, at: datetime) -> sa.Select[*tuple[Any, ...]]:
    """(invoice id, step, days late, at) of what is to be reminded of now."""
    step = (
        sa.func.unnest(sa.cast(list(steps()), sa.ARRAY(sa.Integer)))
        .table_valued("days", name="step")
        .render_derived()
    )
    come = sa.select(sa.func.max(step.c.days)).where(Invoice.due_on + step.c.days <= as_of)
    reached = sa.select(sa.func.coalesce(sa.func.max(PaymentReminder.step_days), 0)).where(
        PaymentReminder.invoice_id == Invoice.id
    )
    urgent = come.correlate(Invoice).scalar_subquery()
    return (
        _late(as_of, min(steps(), default=1))
        .with_only_columns(
            Invoice.id, urgent, sa.literal(as_of, sa.Date) - Invoice.due_on, sa.literal(at, sa.DateTime(True))
        )
        .where(urgent > reached.correlate(Invoice).scalar_subquery(), _is_reachable())
        .order_by(Invoice.id)
    )


def _late(as_of: date, days: int) -> sa.Select[*tuple[Any, ...]]:
    """Open invoices at least that late, of clients who want to be reminded."""
    return (
        sa.select(Invoice.id)
        .join(Client, Client.id == Invoice.client_id)
        .where(
            Invoice.kind == InvoiceKind.INVOICE,
            Invoice.status.in_(OPEN),
            Invoice.total_minor > Invoice.paid_minor,
            Invoice.due_on + days <= as_of,
            Client.wants_payment_reminders,
        )
    )


def _is_reachable() -> sa.ColumnElement[bool]:
    address = _addresses()
    return sa.exists().where(address.c.client_id == Client.id).correlate(Client)


def _addresses() -> sa.Subquery:
    """(client_id, recipient): the contacts for billing and the address for invoices, each address once."""
    people = sa.select(Contact.client_id, Contact.email.label("recipient")).where(
        Contact.is_active, sa.literal(ContactRole.BILLING.value) == sa.func.any(Contact.roles)
    )
    offices = sa.select(Client.id, Client.billing_email).where(Client.billing_email != "")
    either = sa.union_all(people, offices).subquery("either")
    return (
        sa.select(either.c.client_id, sa.func.lower(either.c.recipient).label("recipient"))
        .distinct()
        .subquery("address")
    )
