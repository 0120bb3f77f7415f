"""Reading the books."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.db import db
from portal.domain.billing.models import BillingFailure, BillingRun, Invoice, RecurringBilling
from portal.domain.billing.settling_models import Payment
from portal.domain.clients.models import Client
from portal.domain.lifecycle.models import ClientService
from portal.domain.money import amounts_like
from portal.domain.words import InvoiceKind, InvoiceStatus, ScheduleStatus

OPEN = (InvoiceStatus.ISSUED, InvoiceStatus.PARTLY_PAID)


def listing() -> sa.Select[*tuple[Any, ...]]:
    """Every document; `is_overdue` is derived from the due date, not stored."""
    return sa.select(
        Invoice.id,
        Invoice.number,
        Invoice.kind,
        Invoice.status,
        Invoice.currency,
        Invoice.issued_on,
        Invoice.due_on,
        Invoice.total_minor,
        (Invoice.total_minor - Invoice.paid_minor).label("open_minor"),
        is_overdue().label("is_overdue"),
        Client.name.label("client"),
        Client.code.label("client_code"),
    ).join(Client, Client.id == Invoice.client_id)


def is_overdue() -> sa.ColumnElement[bool]:
    """Issued, not fully paid, and past its due date."""
    return sa.and_(
        Invoice.status.in_(OPEN), Invoice.kind == InvoiceKind.INVOICE, Invoice.due_on < clock.today()
    )


def matching(text: str) -> sa.ColumnElement[bool]:
    """Documents with this number or this total, or of clients with this name or code."""
    clients = sa.select(Client.id).where(
        Client.name.icontains(text, autoescape=True) | Client.code.icontains(text, autoescape=True)
    )
    found = Invoice.number.icontains(text, autoescape=True) | Invoice.client_id.in_(clients)
    return found | sa.func.abs(Invoice.total_minor).in_(amounts_like(text))


def due_by_currency(as_of: date) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """(currency, schedules that are due, clients): what the next run will look at."""
    due = sa.select(
        RecurringBilling.currency,
        sa.func.count().label("schedules"),
        sa.func.count(RecurringBilling.client_id.distinct()).label("clients"),
    ).where(RecurringBilling.status == ScheduleStatus.ACTIVE, RecurringBilling.next_bill_date <= as_of)
    return db.session.execute(
        due.group_by(RecurringBilling.currency).order_by(RecurringBilling.currency)
    ).all()


def parked() -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """Services whose schedule waits for a person, with the reason."""
    rows = (
        sa.select(
            ClientService.id, ClientService.name, Client.name.label("client"), RecurringBilling.parked_reason
        )
        .join(ClientService, ClientService.id == RecurringBilling.client_service_id)
        .join(Client, Client.id == RecurringBilling.client_id)
        .where(RecurringBilling.status == ScheduleStatus.PARKED)
    )
    return db.session.execute(rows.order_by(Client.name, ClientService.name).limit(200)).all()


def drafts() -> int:
    """How many documents wait to be issued."""
    waiting = sa.select(sa.func.count(Invoice.id)).where(Invoice.status == InvoiceStatus.DRAFT)
    return int(db.session.scalar(waiting) or 0)


def runs(limit: int = 10) -> Sequence[BillingRun]:
    """The last runs, newest first."""
    return db.session.scalars(sa.select(BillingRun).order_by(BillingRun.id.desc()).limit(limit)).all()


def runs_with_drafts() -> set[int]:
    """Runs of which drafts wait for approval."""
    waiting = sa.select(Invoice.run_id).where(Invoice.status == InvoiceStatus.DRAFT).distinct()
    return {run_id for run_id in db.session.scalars(waiting) if run_id is not None}


def failures_of(run_id: int) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """What a run could not bill: (service id, its name, reason, when it was settled)."""
    rows = (
        sa.select(ClientService.id, ClientService.name, BillingFailure.reason, BillingFailure.settled_at)
        .join(ClientService, ClientService.id == BillingFailure.client_service_id)
        .where(BillingFailure.run_id == run_id)
    )
    return db.session.execute(rows.order_by(ClientService.name)).all()


def payments_of(invoice_id: int) -> Sequence[Payment]:
    """Money received for a document, oldest first."""
    of_invoice = sa.select(Payment).filter_by(invoice_id=invoice_id)
    return db.session.scalars(of_invoice.order_by(Payment.received_on, Payment.id)).all()


def corrections_of(invoice_id: int) -> Sequence[Invoice]:
    """Credit notes that correct an invoice."""
    notes = sa.select(Invoice).filter_by(corrects_invoice_id=invoice_id)
    return db.session.scalars(notes.order_by(Invoice.id)).all()
