"""Which money settles what: the allocations, and what they make of the documents at both ends."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from portal import clock
from portal.db import db, lock
from portal.domain.billing.models import Invoice
from portal.domain.billing.settling_models import Allocation
from portal.domain.money import Money
from portal.domain.words import InvoiceStatus

ISSUED = (InvoiceStatus.ISSUED, InvoiceStatus.PARTLY_PAID, InvoiceStatus.PAID)


class Source(NamedTuple):
    """Where money comes from: one of the two."""

    payment_id: int | None = None
    credit_note_id: int | None = None


def shares(rows: Iterable[sa.Row[Any]], minor: int) -> list[tuple[Source, int]]:
    """What each source gives, in their order, until the amount is reached."""
    shares = []
    for row in rows:
        part = min(int(row.left_minor), minor)
        if part:
            shares.append((Source(row.payment_id, row.credit_note_id), part))
        minor -= part
    return shares


def allocate(
    source: Source,
    minor: int,
    *,
    invoice: Invoice | None = None,
    refund_id: int | None = None,
    by: int | None,
    at: datetime,
) -> None:
    """Write the allocation, and count it on the documents at both ends."""
    db.session.add(
        Allocation(
            payment_id=source.payment_id,
            credit_note_id=source.credit_note_id,
            invoice_id=invoice.id if invoice else None,
            refund_id=refund_id,
            amount_minor=minor,
            allocated_on=clock.today(),
            allocated_at=at,
            allocated_by_id=by,
        )
    )
    if invoice:
        _count(invoice, minor)
    if source.credit_note_id:
        _count(lock(Invoice, source.credit_note_id), -minor)
    db.session.flush()


def free(document: Invoice, *, by: int | None, at: datetime) -> Money:
    """Give what settled a document back to where it came from; how much. The account is locked."""
    net = sa.func.sum(Allocation.amount_minor)
    rows = db.session.execute(
        sa.select(Allocation.payment_id, Allocation.credit_note_id, net.label("minor"))
        .where(Allocation.invoice_id == document.id)
        .group_by(Allocation.payment_id, Allocation.credit_note_id)
        .having(net > 0)
    ).all()
    for row in rows:
        source = Source(row.payment_id, row.credit_note_id)
        allocate(source, -int(row.minor), invoice=document, by=by, at=at)
    return Money(sum(int(row.minor) for row in rows), document.currency)


def _count(document: Invoice, minor: int) -> None:
    """Its state follows from what is settled; its PDF says so when it is printed again."""
    document.paid_minor += minor
    if document.status in ISSUED:
        settled = InvoiceStatus.PAID if not document.open_amount else InvoiceStatus.PARTLY_PAID
        document.status = settled if document.paid_minor else InvoiceStatus.ISSUED
    document.pdf_key = document.pdf_asked_at = None
