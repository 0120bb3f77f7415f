"""Giving back what was billed and is not used: credit notes, line by line."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa

from portal import clock
from portal.db import db
from portal.domain.billing.issuing import add_totals, issue_held_or_now
from portal.domain.billing.models import Invoice, InvoiceLine
from portal.domain.billing.rules import BilledLine, Credit, credit_unused
from portal.domain.money import Money
from portal.domain.periods import Period
from portal.domain.words import InvoiceKind, InvoiceStatus, LineKind


@dataclass(frozen=True, slots=True)
class AmountBack:
    """An amount given back of one line, but none of its days; below zero for a line below zero."""

    amount: Money
    tax_rate: Decimal

    @property
    def words(self) -> str:
        return ""


def credit_from(
    *, service_id: int, unused_from: date, source: str, deduct: bool = False, at: datetime
) -> list[Invoice]:
    """Credit every billed day of the service from `unused_from` on: one credit note per corrected invoice.

    `source` names the act that asks: the same act credits a line once, however often it is carried out.
    `deduct`: what is still open on the corrected invoice is settled with the credit, once the note is issued.
    """
    by_invoice = defaultdict(list)
    for line, credit in unused_credits(service_id, unused_from):
        by_invoice[line.invoice_id].append((line, credit))
    notes = [
        credit_note(invoice_id, pairs, source=source, deduct=deduct)
        for invoice_id, pairs in sorted(by_invoice.items())
    ]
    issue_held_or_now([note.id for note in notes], at=at)
    return notes


def unused_credits(service_id: int, unused_from: date) -> list[tuple[InvoiceLine, Credit]]:
    """What a credit from that day on would give back, line by line: the preview and the act use it."""
    pairs = []
    for line in _lines_beyond(service_id, unused_from):
        credit = credit_unused(billed(line), unused_from)
        if credit is not None:
            pairs.append((line, credit))
    return pairs


def paid_until(service_id: int) -> date | None:
    """The first day that no uncredited line of the service covers; None when nothing was ever billed."""
    ends = []
    for line in _lines_beyond(service_id, date.min):
        starts = [each.period_start for each in credits_of(line) if each.period_start is not None]
        ends.append(min([*starts, line.period_end or date.min]))
    return max(ends, default=None)


def ever_billed(service_id: int) -> bool:
    """Whether a period of the service ever stood on an invoice, credited or not."""
    lines = sa.select(InvoiceLine.id).filter_by(client_service_id=service_id, kind=LineKind.RECURRING)
    return db.session.scalar(lines.limit(1)) is not None


def _lines_beyond(service_id: int, day: date) -> Sequence[InvoiceLine]:
    lines = (
        sa.select(InvoiceLine)
        .join(Invoice)
        .where(
            InvoiceLine.client_service_id == service_id,
            InvoiceLine.kind == LineKind.RECURRING,
            InvoiceLine.period_end > day,
            InvoiceLine.is_void.is_(False),
            Invoice.status != InvoiceStatus.VOID,
        )
    )
    return db.session.scalars(lines.order_by(InvoiceLine.period_start)).all()


def billed(line: InvoiceLine) -> BilledLine:
    currency = line.invoice.currency
    credited = tuple((_period(each), Money(-each.amount_minor, currency)) for each in credits_of(line))
    period = _period(line)
    assert period is not None
    return BilledLine(Money(line.amount_minor, currency), period, line.tax_rate_percent, credited)


def _period(line: InvoiceLine) -> Period | None:
    if line.period_start is None or line.period_end is None:
        return None
    return Period(line.period_start, line.period_end)


def credits_of(line: InvoiceLine) -> Sequence[InvoiceLine]:
    return db.session.scalars(sa.select(InvoiceLine).filter_by(corrects_line_id=line.id, is_void=False)).all()


def credit_note(
    invoice_id: int,
    pairs: Sequence[tuple[InvoiceLine, Credit | AmountBack]],
    *,
    source: str = "",
    deduct: bool,
    reason: str = "",
) -> Invoice:
    """The draft of a credit note over these credits of one invoice.

    `source`: the act that asks, which credits a line once; a person may credit a line again.
    """
    corrected = db.session.get_one(Invoice, invoice_id)
    note = Invoice(
        client_id=corrected.client_id,
        kind=InvoiceKind.CREDIT_NOTE,
        currency=corrected.currency,
        drafted_on=clock.today(),
        corrects_invoice_id=invoice_id,
        deducts=deduct,
        po_number=corrected.po_number,
        notes=reason,
    )
    db.session.add(note)
    db.session.flush()
    for line, credit in pairs:
        db.session.add(_credit_line(note, line, credit, source))
    db.session.flush()
    for line, credit in pairs:
        line.is_void = line.is_void or (isinstance(credit, Credit) and _is_given_back(line))
    db.session.flush()
    add_totals([note.id])
    return note


def _is_given_back(line: InvoiceLine) -> bool:
    """Whether no day of it is left, after however many credits: its days can be billed again."""
    known = billed(line)
    return not known.uncredited_days(known.period)


def _credit_line(note: Invoice, line: InvoiceLine, credit: Credit | AmountBack, source: str) -> InvoiceLine:
    of_days = credit if isinstance(credit, Credit) else None
    return InvoiceLine(
        invoice_id=note.id,
        client_service_id=line.client_service_id,
        kind=LineKind.CREDIT,
        description=f"{line.description} – credit" + (f" for {of_days.words}" if of_days else ""),
        period_start=of_days.period.start if of_days else None,
        period_end=of_days.period.end if of_days else None,
        quantity=line.quantity,
        amount_minor=-credit.amount.minor,
        tax_rate_percent=line.tax_rate_percent,
        corrects_line_id=line.id,
        source_key=f"{source}:{line.id}" if source else None,
    )
