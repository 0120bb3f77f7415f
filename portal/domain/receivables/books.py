"""The two views of the books that everything here reads: what moved an account, and what was open on a day.

Both are derived from documents, payments and refunds by their dates, so that they answer for past days too.
"""

from datetime import date
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.domain.billing.models import Invoice
from portal.domain.billing.queries import OPEN
from portal.domain.billing.settling_models import Allocation, Payment, Refund
from portal.domain.receivables.rules import BANDS
from portal.domain.words import EntryKind, InvoiceKind, InvoiceStatus

Rows = sa.Select[*tuple[Any, ...]]

CREDIT = "credit"
"""Where a band would stand: what is left of a credit note or a payment, and settles no invoice yet."""


def entries() -> sa.CompoundSelect[Any]:
    """(kind, source_id, on, client_id, currency, number, note, invoice_id, minor) of everything that was booked.

    A void document is two entries, on the day it was issued and on the day it was taken back, so that a statement
    of the time between stays as it was sent.
    """
    issued = sa.select(
        sa.cast(Invoice.kind, sa.Text).label("kind"),
        Invoice.id.label("source_id"),
        Invoice.issued_on.label("on"),
        Invoice.client_id,
        Invoice.currency,
        Invoice.number,
        sa.literal("").label("note"),
        Invoice.id.label("invoice_id"),
        Invoice.total_minor.label("minor"),
    ).where(Invoice.status != InvoiceStatus.DRAFT)
    voided = sa.select(
        sa.literal(EntryKind.VOID.value),
        Invoice.id,
        sa.func.coalesce(Invoice.voided_on, Invoice.issued_on),
        Invoice.client_id,
        Invoice.currency,
        Invoice.number,
        Invoice.void_reason,
        Invoice.id,
        -Invoice.total_minor,
    ).where(Invoice.status == InvoiceStatus.VOID)
    return sa.union_all(issued, voided, _money(Payment, EntryKind.PAYMENT), _money(Refund, EntryKind.REFUND))


def _money(model: type[Payment] | type[Refund], kind: EntryKind) -> Rows:
    """Payments lower a balance, refunds raise it."""
    came = model is Payment
    return sa.select(
        sa.literal(kind.value),
        model.id,
        Payment.received_on if came else Refund.refunded_on,
        model.client_id,
        model.currency,
        model.reference,
        model.method,
        Payment.invoice_id if came else sa.null(),
        -model.amount_minor if came else model.amount_minor,
    )


def open_items(day: date) -> sa.CompoundSelect[Any]:
    """What was open at the end of that day, by what was booked up to it: invoices, and credits below zero.

    (id, client_id, currency, kind, number, on, due_on, days_late, band, total_minor, open_minor); payments
    and refunds have ids below zero.
    """
    return sa.union_all(_open_documents(day), _unused_payments(day), _early_refunds(day))


def _open_documents(day: date) -> Rows:
    """What is open now, and what was settled since, make what was open then."""
    since = _settled_after(day)
    left = Invoice.total_minor - Invoice.paid_minor + sa.func.coalesce(since.c.minor, 0)
    late = sa.literal(day, sa.Date) - Invoice.due_on
    there: sa.ColumnElement[bool] = Invoice.status.in_(OPEN)
    if day < clock.today():
        there = sa.or_(there, since.c.document_id.is_not(None), Invoice.voided_on > day)
    return (
        sa.select(
            Invoice.id,
            Invoice.client_id,
            Invoice.currency,
            sa.cast(Invoice.kind, sa.Text).label("kind"),
            Invoice.number,
            Invoice.issued_on.label("on"),
            Invoice.due_on,
            late.label("days_late"),
            sa.case((Invoice.kind == InvoiceKind.CREDIT_NOTE, CREDIT), else_=_band(late)).label("band"),
            Invoice.total_minor,
            sa.cast(left, sa.BigInteger).label("open_minor"),
        )
        .outerjoin(since, since.c.document_id == Invoice.id)
        .where(there, Invoice.issued_on <= day, left != 0)
    )


def _unused_payments(day: date) -> Rows:
    by_payment = _given(day).subquery("given")
    left = Payment.amount_minor - sa.func.coalesce(by_payment.c.minor, 0)
    return (
        sa.select(
            -Payment.id,
            Payment.client_id,
            Payment.currency,
            sa.literal(EntryKind.PAYMENT.value),
            Payment.reference,
            Payment.received_on,
            sa.null(),
            sa.literal(0),
            sa.literal(CREDIT),
            -Payment.amount_minor,
            sa.cast(-left, sa.BigInteger),
        )
        .outerjoin(by_payment, by_payment.c.payment_id == Payment.id)
        .where(Payment.received_on <= day, left != 0)
    )


def _given(day: date) -> Rows:
    """(payment_id, minor): what each payment has settled or paid back; today, without a look at days, all of it."""
    if day >= clock.today():
        given = sa.select(Allocation.payment_id, sa.func.sum(Allocation.amount_minor).label("minor"))
        return given.where(Allocation.payment_id.is_not(None)).group_by(Allocation.payment_id)
    used = _moves().subquery("used")
    before = sa.select(used.c.payment_id, sa.func.sum(used.c.minor).label("minor")).where(used.c.on <= day)
    return before.group_by(used.c.payment_id)


def _early_refunds(day: date) -> Rows:
    """Refunds dated before the money that they gave back: until it came, the client owed it."""
    move = _moves().subquery("move")
    covered = sa.select(sa.func.coalesce(sa.func.sum(move.c.minor), 0)).where(
        move.c.refund_id == Refund.id, move.c.on <= day
    )
    left = Refund.amount_minor - covered.correlate(Refund).scalar_subquery()
    return sa.select(
        sa.literal(-(2**40)) - Refund.id,
        Refund.client_id,
        Refund.currency,
        sa.literal(EntryKind.REFUND.value),
        Refund.reference,
        Refund.refunded_on,
        sa.null(),
        sa.literal(0),
        sa.literal(CREDIT),
        Refund.amount_minor,
        sa.cast(left, sa.BigInteger),
    ).where(Refund.refunded_on <= day, left != 0)


def _settled_after(day: date) -> sa.Subquery:
    """(document_id, minor): what later settlements took off an invoice, and what credit notes gave (below zero)."""
    later = _moves().where(Allocation.allocated_on > day).subquery("later")
    taken = sa.select(later.c.invoice_id.label("document_id"), later.c.minor).where(
        later.c.on > day, later.c.invoice_id.is_not(None)
    )
    given = sa.select(later.c.credit_note_id, -later.c.minor).where(
        later.c.on > day, later.c.credit_note_id.is_not(None)
    )
    both = sa.union_all(taken, given).subquery("both")
    return (
        sa.select(both.c.document_id, sa.func.sum(both.c.minor).label("minor"))
        .group_by(both.c.document_id)
        .subquery("since")
    )


def _moves() -> Rows:
    """Allocations with the day that they count from: never after the day they were made.

    A payment settles the invoice that it was made for on the day it came, whenever it was entered. Any other credit
    settles on the day somebody, or the portal, used it for that. Neither comes before the documents it is about.
    """
    note, target = sa.orm.aliased(Invoice), sa.orm.aliased(Invoice)
    is_meant = (Payment.invoice_id == Allocation.invoice_id) & (Allocation.amount_minor > 0)
    used_on = sa.case(
        (is_meant, Payment.received_on),
        (Allocation.refund_id.is_not(None), Refund.refunded_on),
        else_=Allocation.allocated_on,
    )
    # greatest() passes over what is NULL: an allocation has one source and one target.
    days = (used_on, Payment.received_on, note.issued_on, target.issued_on, Refund.refunded_on)
    return (
        sa.select(
            Allocation.payment_id,
            Allocation.credit_note_id,
            Allocation.invoice_id,
            Allocation.refund_id,
            sa.func.greatest(*days).label("on"),
            Allocation.amount_minor.label("minor"),
        )
        .select_from(Allocation)
        .outerjoin(Payment, Payment.id == Allocation.payment_id)
        .outerjoin(note, note.id == Allocation.credit_note_id)
        .outerjoin(target, target.id == Allocation.invoice_id)
        .outerjoin(Refund, Refund.id == Allocation.refund_id)
    )


def _band(late: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    bounds = [(late <= band.high, band.key) for band in BANDS if band.high is not None]
    return sa.case(*bounds, else_=BANDS[-1].key)
