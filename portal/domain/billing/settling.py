"""Settling what was billed: payments, account credit, refunds. Who spends the credit of a client locks its account."""

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa

from portal import clock
from portal.db import db, fetch, lock
from portal.domain import events
from portal.domain.billing.accounts import account_credit, lock_accounts, sources, with_credit
from portal.domain.billing.allocating import ISSUED, Source, allocate, shares
from portal.domain.billing.models import Invoice
from portal.domain.billing.settling_models import Payment, Refund
from portal.domain.clients.models import Client
from portal.domain.company import setting
from portal.domain.errors import Invalid, Refused
from portal.domain.money import Money
from portal.domain.words import InvoiceKind
from portal.signals import send


def record_payment(
    *,
    amount: Money,
    received_on: date,
    invoice_id: int | None = None,
    client_id: int | None = None,
    method: str = "",
    reference: str = "",
    by: int | None = None,
    at: datetime,
) -> Payment:
    """Money received for an issued invoice, or in advance from a client. Raises Invalid, Refused.

    What is more than the invoice still asks for is credit of the client's account, and so is an advance.
    """
    owner, invoice = _payer(invoice_id, client_id)
    _check_money(amount, received_on, "received_on", invoice.currency if invoice else amount.currency)
    payment = Payment(
        client_id=owner,
        invoice_id=invoice_id,
        amount_minor=amount.minor,
        currency=amount.currency,
        received_on=received_on,
        method=method.strip(),
        reference=reference.strip(),
        recorded_by_id=by,
        recorded_at=at,
    )
    db.session.add(payment)
    db.session.flush()
    if invoice and invoice.open_amount:
        now_paid = min(amount, invoice.open_amount)
        allocate(Source(payment.id), now_paid.minor, invoice=invoice, by=by, at=at)
    send(_received(payment), by=by, at=at)
    return payment


def apply_credit(
    *, invoice_id: int, amount: Money | None = None, by: int | None = None, at: datetime
) -> Money:
    """Settle an invoice with credit of its client's account, as far as both go; what was applied.

    Raises Invalid for more than that, Refused when there is none.
    """
    invoice = _open_invoice(invoice_id)
    most = min(invoice.open_amount, account_credit(invoice.client_id, invoice.currency))
    if not most:
        raise Refused("There is no account credit that could settle this invoice.")
    wanted = most if amount is None else amount
    if wanted.currency != most.currency or not 0 < wanted.minor <= most.minor:
        raise Invalid(faults={"amount": f"Above nothing, and at most {most}."})
    _spend(invoice, wanted, by=by, at=at)
    return wanted


def refund(
    *,
    client_id: int,
    amount: Money,
    refunded_on: date,
    method: str = "",
    reference: str = "",
    by: int | None = None,
    at: datetime,
) -> Refund:
    """Account credit paid back to the client, never more than there is. Raises Invalid."""
    fetch(Client, client_id)
    lock_accounts([client_id])
    _check_money(amount, refunded_on, "refunded_on", amount.currency)
    most = account_credit(client_id, amount.currency)
    if amount.minor > most.minor:
        raise Invalid(faults={"amount": f"The account credit is {most}: no more can be paid back."})
    back = Refund(
        client_id=client_id,
        amount_minor=amount.minor,
        currency=amount.currency,
        refunded_on=refunded_on,
        method=method.strip(),
        reference=reference.strip(),
        recorded_by_id=by,
        recorded_at=at,
    )
    db.session.add(back)
    db.session.flush()
    for source, minor in shares(sources(client_id, amount.currency), amount.minor):
        allocate(source, minor, refund_id=back.id, by=by, at=at)
    paid_back = events.RefundRecorded(
        client_id=client_id, amount_minor=amount.minor, currency=amount.currency, reference=back.reference
    )
    send(paid_back, by=by, at=at)
    return back


def settle_new(document_ids: Sequence[int], *, by: int | None, at: datetime) -> None:
    """What was issued just now: credit notes that deduct, then account credit on new invoices (setting)."""
    db.session.expire_all()  # They were numbered in one statement, which the session has not seen.
    new = sa.select(Invoice).where(Invoice.id.in_(document_ids)).order_by(Invoice.id)
    deducting = new.where(Invoice.kind == InvoiceKind.CREDIT_NOTE, Invoice.deducts)
    notes = db.session.scalars(deducting).all()
    lock_accounts({note.client_id for note in notes})
    for note in notes:
        _deduct(note, by=by, at=at)
    if not setting("apply_account_credit"):
        return
    owners = sa.select(Invoice.client_id).where(Invoice.id.in_(document_ids)).distinct()
    rich = with_credit(db.session.scalars(owners).all())
    lock_accounts(rich)
    payable = new.where(
        Invoice.kind == InvoiceKind.INVOICE, Invoice.client_id.in_(rich), Invoice.total_minor > 0
    )
    for invoice in db.session.scalars(payable).all() if rich else ():
        credit = min(account_credit(invoice.client_id, invoice.currency), invoice.open_amount)
        if credit:
            _spend(invoice, credit, by=by, at=at)


def _received(payment: Payment) -> events.Event:
    if payment.invoice_id is not None:
        return events.PaymentRecorded(
            invoice_id=payment.invoice_id, amount_minor=payment.amount_minor, currency=payment.currency
        )
    return events.AdvanceRecorded(
        client_id=payment.client_id,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        reference=payment.reference,
    )


def _payer(invoice_id: int | None, client_id: int | None) -> tuple[int, Invoice | None]:
    """Whose money it is, and the locked invoice that it is for."""
    if invoice_id is None:
        if client_id is None:
            raise TypeError("A payment is for an invoice, or from a client.")
        owner = fetch(Client, client_id).id
        lock_accounts([owner])
        return owner, None
    lock_accounts([fetch(Invoice, invoice_id).client_id])
    invoice = lock(Invoice, invoice_id)
    if invoice.kind is not InvoiceKind.INVOICE or invoice.status not in ISSUED:
        raise Refused("Payments are recorded on issued invoices. Record an advance of the client instead.")
    return invoice.client_id, invoice


def _open_invoice(invoice_id: int) -> Invoice:
    lock_accounts([fetch(Invoice, invoice_id).client_id])
    invoice = lock(Invoice, invoice_id)
    if invoice.kind is not InvoiceKind.INVOICE or invoice.status not in ISSUED:
        raise Refused("Account credit settles issued invoices.")
    if not invoice.open_amount:
        raise Refused("Nothing is open on this invoice.")
    return invoice


def _check_money(amount: Money, on: date, field: str, currency: str) -> None:
    faults = {}
    if amount.currency != currency or amount.minor <= 0:
        faults["amount"] = f"An amount above nothing in {currency}."
    if on > clock.today():
        faults[field] = "A day up to today: what is still to come is recorded when it has come."
    if faults:
        raise Invalid(faults=faults)


def _deduct(note: Invoice, *, by: int | None, at: datetime) -> None:
    """Settle what is open on the corrected invoice with its credit note; the rest stays account credit."""
    corrected = lock(Invoice, note.corrects_invoice_id or 0)
    minor = min(-note.open_amount.minor, corrected.open_amount.minor)
    if minor > 0 and corrected.status in ISSUED:
        allocate(Source(None, note.id), minor, invoice=corrected, by=by, at=at)


def _spend(invoice: Invoice, amount: Money, *, by: int | None, at: datetime) -> None:
    """Settle an invoice with account credit. The account is locked and has that much."""
    for source, minor in shares(sources(invoice.client_id, invoice.currency, invoice.id), amount.minor):
        allocate(source, minor, invoice=invoice, by=by, at=at)
    applied = events.AccountCreditApplied(
        invoice_id=invoice.id, amount_minor=amount.minor, currency=amount.currency
    )
    send(applied, by=by, at=at)
