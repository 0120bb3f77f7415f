"""Taking a document back: an issued one is voided and keeps its number, a draft is deleted."""

from datetime import datetime

import sqlalchemy as sa

from portal import clock
from portal.db import db, fetch, lock
from portal.domain import events
from portal.domain.billing.accounts import lock_accounts
from portal.domain.billing.allocating import free
from portal.domain.billing.freeing import bill_again, billed_again, is_corrected, lock_services_on, reclaim
from portal.domain.billing.models import Invoice, InvoiceLine, InvoiceTax
from portal.domain.errors import Refused
from portal.domain.words import InvoiceKind, InvoiceStatus
from portal.signals import send


def void(*, invoice_id: int, reason: str, by: int | None = None, at: datetime) -> Invoice:
    """Take an issued document out of the books; it keeps its number.

    An invoice: what was paid on it becomes account credit, and its days are billed again by the next run. A credit
    note: its credit is taken back, unless it was spent. Raises Refused.
    """
    lock_services_on(invoice_id)
    lock_accounts([fetch(Invoice, invoice_id).client_id])
    document = lock(Invoice, invoice_id)
    if document.status is InvoiceStatus.VOID:
        return document
    _refuse_void(document, reason)
    freed = free(document, by=by, at=at)
    document.status, document.void_reason = InvoiceStatus.VOID, reason.strip()
    document.voided_on = clock.today()
    document.pdf_key = document.pdf_asked_at = None
    _take_back(document)
    db.session.execute(sa.update(InvoiceLine).filter_by(invoice_id=invoice_id).values(is_void=True))
    voided = events.InvoiceVoided(invoice_id=invoice_id, reason=document.void_reason, freed_minor=freed.minor)
    send(voided, by=by, at=at)
    return document


def delete_draft(*, invoice_id: int, by: int | None = None, at: datetime) -> None:
    """A draft that nobody was asked to pay goes; the days on it are billed again by the next run. Raises Refused."""
    lock_services_on(invoice_id)
    document = lock(Invoice, invoice_id)
    if document.status is not InvoiceStatus.DRAFT:
        raise Refused(
            "Only a draft can be deleted. An issued document is voided, or corrected by a credit note."
        )
    _refuse_corrected(document)
    _take_back(document)
    deleted = events.DraftDeleted(
        invoice_id=invoice_id,
        client_id=document.client_id,
        amount_minor=document.total_minor,
        currency=document.currency,
    )
    for rows in (InvoiceLine, InvoiceTax):
        db.session.execute(sa.delete(rows).filter_by(invoice_id=invoice_id))
    db.session.execute(sa.delete(Invoice).filter_by(id=invoice_id))
    db.session.expire_all()
    send(deleted, by=by, at=at)


def _take_back(document: Invoice) -> None:
    if document.kind is InvoiceKind.CREDIT_NOTE:
        reclaim(document)
    else:
        bill_again(billed_again(document))


def _refuse_void(document: Invoice, reason: str) -> None:
    if document.status is InvoiceStatus.DRAFT:
        raise Refused("A draft has no number to keep. Delete it instead.")
    if not reason.strip():
        raise Refused("Say why the document is voided: auditors will ask.")
    if document.kind is InvoiceKind.CREDIT_NOTE and document.paid_minor:
        raise Refused(
            "This credit settles an invoice or was paid back, so it cannot be taken back. Write an invoice instead."
        )
    _refuse_corrected(document)


def _refuse_corrected(document: Invoice) -> None:
    if is_corrected(document):
        raise Refused("A credit note corrects this invoice. Void or delete that one first.")
