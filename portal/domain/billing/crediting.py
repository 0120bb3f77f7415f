"""Giving back what was billed and is not used: credit notes, line by line."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa

from portal import clock
from portal.db import db
from portal.domain.billing.issuing import add_totals, issue_held_or_now, settle
from portal.domain.billing.models import Invoice, InvoiceLine
from portal.domain.billing.rules import BilledLine, Credit, credit_unused
from portal.domain.money import Money
from portal.domain.periods import Period
from portal.domain.words import InvoiceKind, InvoiceStatus, LineKind


def credit_from(
    *, service_id: int, unused_from: date, source: str, deduct: bool = False, at: datetime
) -> list[Invoice]:
    """Credit every billed day of the service from `unused_from` on: one credit note per corrected invoice.

    `source` names the act that asks: the same act credits a line once, however often it is carried out.
    `deduct`: what is still open on the corrected invoice is settled with the credit.
    """
    by_invoice = defaultdict(list)
    for line, credit in unused_credits(service_id, unused_from):
        by_invoice[line.invoice_id].append((line, credit))
    notes = [_credit_note(invoice_id, pairs, source) for invoice_id, pairs in sorted(by_invoice.items())]
    issue_held_or_now([note.id for note in notes], at=at)
    for note in notes if deduct else ():
        _deduct(note)
    return notes


def unused_credits(service_id: int, unused_from: date) -> list[tuple[InvoiceLine, Credit]]:
    """What a credit from that day on would give back, line by line: the preview and the act use it."""
    pairs = []
    for line in _lines_beyond(service_id, unused_from):
        credit = credit_unused(_billed(line), unused_from)
        if credit is not None:
            pairs.append((line, credit))
    return pairs


def paid_until(service_id: int) -> date | None:
    """The first day that no uncredited line of the service covers; None when nothing was ever billed."""
    ends = []
    for line in _lines_beyond(service_id, date.min):
        starts = [each.period_start for each in _credits_of(line) if each.period_start is not None]
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


def _billed(line: InvoiceLine) -> BilledLine:
    currency = line.invoice.currency
    credited = tuple((_period(each), Money(-each.amount_minor, currency)) for each in _credits_of(line))
    period = _period(line)
    assert period is not None
    return BilledLine(Money(line.amount_minor, currency), period, line.tax_rate_percent, credited)


def _period(line: InvoiceLine) -> Period | None:
    if line.period_start is None or line.period_end is None:
        return None
    return Period(line.period_start, line.period_end)


def _credits_of(line: InvoiceLine) -> Sequence[InvoiceLine]:
    return db.session.scalars(sa.select(InvoiceLine).filter_by(corrects_line_id=line.id, is_void=False)).all()


def _credit_note(invoice_id: int, pairs: list[tuple[InvoiceLine, Credit]], source: str) -> Invoice:
    corrected = db.session.get_one(Invoice, invoice_id)
    note = Invoice(
        client_id=corrected.client_id,
        kind=InvoiceKind.CREDIT_NOTE,
        currency=corrected.currency,
        drafted_on=clock.today(),
        corrects_invoice_id=invoice_id,
    )
    db.session.add(note)
    db.session.flush()
    for line, credit in pairs:
        db.session.add(_credit_line(note, line, credit, source))
        line.is_void = credit.days == credit.of_days
    db.session.flush()
    add_totals([note.id])
    return note


def _deduct(note: Invoice) -> None:
    assert note.corrects_invoice_id is not None
    corrected = db.session.get_one(Invoice, note.corrects_invoice_id)
    amount = min(-note.total, corrected.open_amount)
    if amount.minor > 0 and note.status is not InvoiceStatus.DRAFT:
        settle(corrected, amount)
        settle(note, -amount)


def _credit_line(note: Invoice, line: InvoiceLine, credit: Credit, source: str) -> InvoiceLine:
    return InvoiceLine(
        invoice_id=note.id,
        client_service_id=line.client_service_id,
        kind=LineKind.CREDIT,
        description=f"{line.description} – credit for {credit.words}",
        period_start=credit.period.start,
        period_end=credit.period.end,
        quantity=line.quantity,
        amount_minor=-credit.amount.minor,
        tax_rate_percent=line.tax_rate_percent,
        corrects_line_id=line.id,
        source_key=f"{source}:{line.id}",
    )
