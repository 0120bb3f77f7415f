"""What a person changes on a draft: its words, and lines of adjustment. Drafts that a person begins."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from portal import clock
from portal.db import db, fetch, lock
from portal.domain import events, fields
from portal.domain.billing.issuing import add_totals
from portal.domain.billing.models import Invoice, InvoiceLine
from portal.domain.clients.models import Client
from portal.domain.errors import Invalid, NotFound, Refused
from portal.domain.money import Money
from portal.domain.words import InvoiceKind, InvoiceStatus, LineKind
from portal.signals import send

WORDS = {"po_number": fields.text(60), "notes": fields.text(2000, lines=True)}
LINE = {"words": fields.text(300, required=True), "tax_rate_percent": fields.percent()}


def new_draft(*, client_id: int, currency: str | None = None, by: int | None = None, at: datetime) -> Invoice:
    """An empty invoice for a client, in its currency unless another is named; lines are added to it."""
    client = fetch(Client, client_id)
    invoice = Invoice(
        client_id=client.id,
        currency=fields.currency(currency or client.currency),
        drafted_on=clock.today(),
        po_number=client.po_number,
    )
    db.session.add(invoice)
    db.session.flush()
    _tell(invoice, {"client": ("", client.name)}, by=by, at=at)
    return invoice


def edit_draft(
    *, invoice_id: int, version: int | None = None, by: int | None = None, at: datetime, **entered: Any
) -> Invoice:
    """Change the order number and the notes that the document prints. Raises Invalid, StaleVersion, Refused."""
    invoice = _draft(invoice_id)
    values = fields.check(WORDS, entered)
    if version is not None:
        fields.refuse_stale(invoice, version, fields.differences(invoice, values))
    changes = fields.assign(invoice, values)
    if changes:
        _tell(invoice, changes, by=by, at=at)
    return invoice


def add_line(
    *,
    invoice_id: int,
    words: str,
    amount: Money,
    tax_rate_percent: Decimal | str | None = None,
    by: int | None = None,
    at: datetime,
) -> InvoiceLine:
    """A charge, or below zero a discount, on a draft invoice; taxed as the client is unless a rate is named.

    Raises Invalid: no draft may come to less than nothing, and who is exempt is not taxed.
    """
    invoice = _draft(invoice_id)
    if invoice.kind is not InvoiceKind.INVOICE:
        raise Refused("Lines are added to invoices. A credit note says what is left of an invoice's lines.")
    client = invoice.client
    usual = Decimal(0) if client.tax_exempt else client.tax_rate_percent
    asked = {
        "words": words,
        "tax_rate_percent": usual if tax_rate_percent in (None, "") else tax_rate_percent,
    }
    clean = fields.check(LINE, asked, faults=_faults_of(invoice, amount))
    if client.tax_exempt and clean["tax_rate_percent"]:
        raise Invalid(faults={"tax_rate_percent": f"{client.name} is exempt from tax."})
    line = InvoiceLine(
        invoice_id=invoice_id,
        kind=LineKind.ADJUSTMENT,
        description=clean["words"],
        amount_minor=amount.minor,
        tax_rate_percent=clean["tax_rate_percent"],
    )
    db.session.add(line)
    _sum_up(invoice, {"line": ("", f"{clean['words']}: {amount}")}, by=by, at=at)
    return line


def remove_line(*, invoice_id: int, line_id: int, by: int | None = None, at: datetime) -> None:
    """Take an adjustment off a draft. Billed days go only with the whole draft, which bills them again."""
    invoice = _draft(invoice_id)
    line = db.session.get(InvoiceLine, line_id)
    if line is None or line.invoice_id != invoice_id:
        raise NotFound("There is no such line on this draft.")
    if line.kind is not LineKind.ADJUSTMENT:
        raise Refused("Only adjustments can be taken off. Delete the draft to bill its days again.")
    amount = Money(line.amount_minor, invoice.currency)
    if invoice.subtotal_minor - amount.minor < 0:
        raise Refused(
            "Without this line the draft would come to less than nothing. Take the discount off first."
        )
    db.session.delete(line)
    _sum_up(invoice, {"line": (f"{line.description}: {amount}", "")}, by=by, at=at)


def _draft(invoice_id: int) -> Invoice:
    invoice = lock(Invoice, invoice_id)
    if invoice.status is not InvoiceStatus.DRAFT:
        raise Refused("It is issued and cannot change any more. A credit note corrects it.")
    return invoice


def _faults_of(invoice: Invoice, amount: Money) -> dict[str, str]:
    if amount.currency != invoice.currency or not amount:
        return {"amount": f"An amount in {invoice.currency}; a discount has a minus before it."}
    if invoice.subtotal_minor + amount.minor < 0:
        left = Money(invoice.subtotal_minor, invoice.currency)
        return {"amount": f"No invoice comes to less than nothing: take off at most {left}."}
    return {}


def _sum_up(invoice: Invoice, changes: dict[str, tuple[Any, Any]], *, by: int | None, at: datetime) -> None:
    db.session.flush()
    add_totals([invoice.id])
    invoice.version += 1
    _tell(invoice, changes, by=by, at=at)


def _tell(invoice: Invoice, changes: dict[str, tuple[Any, Any]], *, by: int | None, at: datetime) -> None:
    send(events.DraftEdited(invoice_id=invoice.id, changes=changes), by=by, at=at)
