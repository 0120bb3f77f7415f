"""What settled a document, for those who show it."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.domain.billing.models import Invoice
from portal.domain.billing.settling_models import Allocation, Payment
from portal.domain.words import InvoiceKind


def settled_by(invoice_id: int) -> Sequence[sa.Row[*tuple[Any, ...]]]:
    """(day, reference of the payment, number of the credit note, minor units) of what settled an invoice.

    Money that a void set free again has left nothing behind.
    """
    net, first = sa.func.sum(Allocation.amount_minor), sa.func.min(Allocation.allocated_on)
    return db.session.execute(
        sa.select(first, Payment.reference, Invoice.number, net)
        .outerjoin(Payment, Payment.id == Allocation.payment_id)
        .outerjoin(Invoice, Invoice.id == Allocation.credit_note_id)
        .where(Allocation.invoice_id == invoice_id)
        .group_by(Allocation.payment_id, Allocation.credit_note_id, Payment.reference, Invoice.number)
        .having(net > 0)
        .order_by(first, sa.func.min(Allocation.id))
    ).all()


def settlements_of(document: Invoice) -> Sequence[Allocation]:
    """What settled an invoice, or what a credit note has settled, oldest first; what a void took back included."""
    end = Allocation.invoice_id if document.kind is InvoiceKind.INVOICE else Allocation.credit_note_id
    rows = sa.select(Allocation).where(end == document.id).order_by(Allocation.id)
    return db.session.scalars(rows).all()
