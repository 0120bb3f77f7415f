"""An invoice or a credit note as it prints: its words and figures, computed before they are set."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import joinedload, selectinload

from portal.db import db
from portal.domain import company
from portal.domain.billing.models import Invoice, InvoiceLine
from portal.domain.billing.settled import settled_by
from portal.domain.clients.models import Client
from portal.domain.company.identity import identity
from portal.domain.errors import NotFound
from portal.domain.money import Money
from portal.domain.periods import Period
from portal.domain.words import InvoiceKind, InvoiceStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One side of the document."""

    name: str
    address: str = ""
    tax_id: str = ""
    email: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One charge or credit, without tax. `description` says a part of a period in words: "9 of 31 days"."""

    description: str
    period: Period | None
    quantity: int
    tax_rate_percent: Decimal
    amount: Money
    unit_price: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What settled a part of the document: a payment, a credit note, or what one of these was set free from."""

    on: date
    words: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """Tax of one rate, rounded once on the document."""

    rate_percent: Decimal
    base: Money
    tax: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFacts:
    """`number` is None on a draft. `corrects`, `corrects_on`: the invoice that a credit note corrects."""

    kind: InvoiceKind
    status: InvoiceStatus
    number: str | None
    drafted_on: date
    issued_on: date | None
    due_on: date | None
    terms_days: int
    seller: Party
    client: Party
    po_number: str
    notes: str
    void_reason: str
    how_to_pay: str
    corrects: str | None
    corrects_on: date | None
    lines: tuple[Line, ...]
    taxes: tuple[Tax, ...]
    subtotal: Money
    tax: Money
    total: Money
    paid: Money
    locale: str
    timezone: str
    settlements: tuple[Settlement, ...] = ()

    @property
    def is_credit_note(self) -> bool:
        return self.kind is InvoiceKind.CREDIT_NOTE

    @property
    def is_draft(self) -> bool:
        return self.status is InvoiceStatus.DRAFT

    @property
    def is_void(self) -> bool:
        return self.status is InvoiceStatus.VOID

    @property
    def open_amount(self) -> Money:
        return self.total - self.paid

    @property
    def has_quantities(self) -> bool:
        return any(line.quantity != 1 for line in self.lines)

    @property
    def has_unit_prices(self) -> bool:
        return any(line.unit_price is not None and line.quantity != 1 for line in self.lines)

    @property
    def title(self) -> str:
        """“Invoice INV-0012”, “Draft credit note”."""
        words = self.kind.label if self.number else f"draft {self.kind.label.lower()}".capitalize()
        return f"{words} {self.number}" if self.number else words


def facts(invoice_id: int) -> InvoiceFacts:
    """The document of one invoice. Raises NotFound."""
    invoice = _whole(invoice_id)
    told = invoice.party or party(invoice.client, company.all_settings())
    corrected = db.session.get(Invoice, invoice.corrects_invoice_id) if invoice.corrects_invoice_id else None
    return InvoiceFacts(
        kind=invoice.kind,
        status=invoice.status,
        number=invoice.number,
        drafted_on=invoice.drafted_on,
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        terms_days=told["terms_days"],
        seller=Party(**told["seller"]),
        client=Party(**told["client"]),
        po_number=invoice.po_number,
        notes=invoice.notes,
        void_reason=invoice.void_reason,
        how_to_pay=told["how_to_pay"],
        corrects=corrected.number if corrected else None,
        corrects_on=corrected.issued_on if corrected else None,
        lines=tuple(_line(line, invoice.currency) for line in invoice.lines),
        taxes=_taxes(invoice),
        subtotal=Money(invoice.subtotal_minor, invoice.currency),
        tax=Money(invoice.tax_minor, invoice.currency),
        total=invoice.total,
        paid=Money(invoice.paid_minor, invoice.currency),
        locale=told["locale"],
        timezone=told["timezone"],
        settlements=_settlements(invoice),
    )


# What a document says of the client, and what it needs to know of it: its own word → the client's column.
OF_CLIENT = {
    "name": "name",
    "address": "address",
    "tax_id": "tax_id",
    "email": "billing_email",
    "code": "code",
}
AROUND = {"terms_days": "payment_terms_days", "locale": "locale", "timezone": "timezone"}


def party(client: Client, ours: dict[str, Any]) -> dict[str, Any]:
    """What a document says of both sides as of now; `ours`: the settings. Issuing keeps it in `Invoice.party`."""
    theirs = {word: getattr(client, column) for word, column in OF_CLIENT.items()}
    return _our_side(ours) | {"client": theirs} | {w: getattr(client, column) for w, column in AROUND.items()}


def party_of_each(ours: dict[str, Any]) -> sa.ColumnElement[Any]:
    """The same in SQL, for each client of a statement."""
    theirs = _as_json(OF_CLIENT)
    around = sa.func.jsonb_build_object("client", theirs).op("||")(_as_json(AROUND))
    return sa.literal(_our_side(ours), JSONB).op("||")(around)


def _our_side(ours: dict[str, Any]) -> dict[str, Any]:
    seller = {
        "name": identity().name,
        "address": ours["company_address"],
        "tax_id": ours["company_tax_id"],
    }
    return {"seller": seller, "how_to_pay": ours["payment_instructions"]}


def _as_json(columns: dict[str, str]) -> sa.ColumnElement[Any]:
    pairs = ((sa.literal(word, sa.Text), getattr(Client, column)) for word, column in columns.items())
    return sa.func.jsonb_build_object(*(part for pair in pairs for part in pair))


def _whole(invoice_id: int) -> Invoice:
    found = db.session.scalar(
        sa.select(Invoice)
        .filter_by(id=invoice_id)
        .options(joinedload(Invoice.client), selectinload(Invoice.lines), selectinload(Invoice.taxes))
    )
    if found is None:
        raise NotFound("There is no such invoice.")
    return found


def _line(line: InvoiceLine, currency: str) -> Line:
    start, end = line.period_start, line.period_end
    return Line(
        description=line.description,
        period=Period(start, end) if start and end else None,
        quantity=line.quantity,
        tax_rate_percent=line.tax_rate_percent,
        amount=Money(line.amount_minor, currency),
        unit_price=None if line.unit_price_minor is None else Money(line.unit_price_minor, currency),
    )


def _settlements(invoice: Invoice) -> tuple[Settlement, ...]:
    return tuple(
        Settlement(
            on=on,
            words=f"Credit note {number}" if number else f"Payment {reference}".strip(),
            amount=Money(int(minor), invoice.currency),
        )
        for on, reference, number, minor in settled_by(invoice.id)
    )


def _taxes(invoice: Invoice) -> tuple[Tax, ...]:
    return tuple(
        Tax(
            rate_percent=each.rate_percent,
            base=Money(each.base_minor, invoice.currency),
            tax=Money(each.tax_minor, invoice.currency),
        )
        for each in invoice.taxes
    )
