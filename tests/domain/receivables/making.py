"""Documents and money of an account, made through the domain on the day that the clock shows."""

from datetime import date
from typing import Any

from portal import clock
from portal.db import db, transaction
from portal.domain import billing
from portal.domain.billing.issuing import add_totals, issue_each
from portal.domain.billing.models import Invoice, InvoiceLine
from portal.domain.billing.settling_models import Payment, Refund
from portal.domain.clients.models import Client
from portal.domain.money import Money
from portal.domain.words import InvoiceKind, LineKind


def act(verb: Any, **facts: Any) -> Any:
    with transaction():
        return verb(**facts, by=None, at=clock.now())


def bill(client: Client, *amounts: int, rate: int = 0, service_id: int | None = None) -> Invoice:
    """An issued invoice with a line for each amount, in minor units before tax."""
    return _issued(client.id, client.currency, amounts, rate, service_id)


def credit(invoice: Invoice, minor: int, *, deducts: bool = False) -> Invoice:
    """An issued credit note over that much of the invoice, at no tax."""
    facts = {"kind": InvoiceKind.CREDIT_NOTE, "corrects_invoice_id": invoice.id, "deducts": deducts}
    return _issued(invoice.client_id, invoice.currency, (-minor,), 0, None, LineKind.CREDIT, **facts)


def pay(invoice: Invoice, minor: int, *, on: date | None = None, **facts: Any) -> Payment:
    amount = Money(minor, invoice.currency)
    return act(
        billing.record_payment,
        invoice_id=invoice.id,
        amount=amount,
        received_on=on or clock.today(),
        **facts,
    )


def advance(client: Client, minor: int, *, on: date | None = None) -> Payment:
    amount = Money(minor, client.currency)
    return act(billing.record_payment, client_id=client.id, amount=amount, received_on=on or clock.today())


def refund(client: Client, minor: int, *, on: date | None = None) -> Refund:
    amount = Money(minor, client.currency)
    return act(billing.refund, client_id=client.id, amount=amount, refunded_on=on or clock.today())


def void(invoice: Invoice) -> Invoice:
    return act(billing.void, invoice_id=invoice.id, reason="a mistake")


def _issued(
    client_id: int,
    currency: str,
    amounts: tuple[int, ...],
    rate: int,
    service_id: int | None,
    line_kind: LineKind = LineKind.ADJUSTMENT,
    **facts: Any,
) -> Invoice:
    with transaction():
        invoice = Invoice(client_id=client_id, currency=currency, drafted_on=clock.today(), **facts)
        db.session.add(invoice)
        db.session.flush()
        for minor in amounts:
            line = {"description": "Work", "amount_minor": minor, "tax_rate_percent": rate}
            db.session.add(
                InvoiceLine(invoice_id=invoice.id, client_service_id=service_id, kind=line_kind, **line)
            )
        db.session.flush()
        add_totals([invoice.id])
        issue_each(invoice_ids=[invoice.id], at=clock.now())
        invoice_id = invoice.id
    return db.session.get_one(Invoice, invoice_id)
