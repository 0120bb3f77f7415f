"""Documents by mail: to the client's billing contacts when they are issued, once, and again when asked for."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db import db, fetch, lock
from portal.domain import events
from portal.domain.billing.models import Invoice
from portal.domain.billing.settling_models import InvoiceMail
from portal.domain.clients.models import Client, Contact
from portal.domain.company import setting
from portal.domain.errors import Refused
from portal.domain.words import ContactRole, InvoiceStatus
from portal.signals import send, send_each


def mail_new(document_ids: Sequence[int], *, at: datetime) -> None:
    """Queue a mail for each of these whose client wants its documents by mail (its own choice, else the setting)."""
    wants = sa.func.coalesce(Client.email_invoices, sa.literal(bool(setting("email_invoices"))))
    wanted = (
        sa.select(Invoice.id, recipients(), sa.literal(at, sa.DateTime(timezone=True)))
        .join(Client, Client.id == Invoice.client_id)
        .where(Invoice.id.in_(document_ids), wants, recipients().is_not(None))
    )
    rows = insert(InvoiceMail).from_select(["invoice_id", "recipients", "asked_at"], wanted)
    queued = db.session.scalars(rows.on_conflict_do_nothing().returning(InvoiceMail.id)).all()
    if queued:
        mails = sa.select(InvoiceMail.id.label("mail_id"), InvoiceMail.invoice_id)
        send_each(events.InvoiceMailQueued, mails.where(InvoiceMail.id.in_(queued)), by=None, at=at)


def mail_again(*, invoice_id: int, by: int, at: datetime) -> InvoiceMail:
    """Send an issued document once more, on a person's word. Raises Refused without an address."""
    invoice = lock(Invoice, invoice_id)
    if invoice.status is InvoiceStatus.DRAFT:
        raise Refused("A draft may still change. Issue it, then send it.")
    to = db.session.scalar(sa.select(recipients()).select_from(Client).where(Client.id == invoice.client_id))
    if not to:
        raise Refused("The client has no address for invoices. Add one, or a contact for billing.")
    mail = InvoiceMail(invoice_id=invoice_id, recipients=to, asked_at=at, asked_by_id=by)
    db.session.add(mail)
    db.session.flush()
    send(events.InvoiceMailQueued(invoice_id=invoice_id, mail_id=mail.id), by=by, at=at)
    return mail


def recipients() -> sa.ScalarSelect[str]:
    """The address for invoices and those of the billing contacts, with commas between; null when there is none."""
    contacts = sa.select(Contact.email).where(
        Contact.client_id == Client.id, Contact.is_active, Contact.roles.contains([ContactRole.BILLING.value])
    )
    own = sa.select(Client.billing_email).where(Client.billing_email != "")
    every = sa.union(contacts.correlate(Client), own.correlate(Client)).subquery("addresses")
    return sa.select(sa.func.string_agg(every.c.email, ", ")).scalar_subquery()


def unsent(mail_id: int) -> InvoiceMail | None:
    """The mail, unless it went out already."""
    mail = fetch(InvoiceMail, mail_id)
    return None if mail.sent_at else mail


def mark_sent(*, mail_id: int, at: datetime) -> None:
    lock(InvoiceMail, mail_id).sent_at = at


def mails_of(invoice_id: int) -> Sequence[InvoiceMail]:
    """What was sent of a document, oldest first."""
    rows = sa.select(InvoiceMail).filter_by(invoice_id=invoice_id).order_by(InvoiceMail.id)
    return db.session.scalars(rows).all()
