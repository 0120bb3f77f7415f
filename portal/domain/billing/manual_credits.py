"""Credit notes that a person writes: all that is left of an invoice, an amount, or line by line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from portal.db import db, fetch, lock
from portal.domain import events
from portal.domain.billing.accounts import lock_accounts
from portal.domain.billing.allocating import ISSUED
from portal.domain.billing.crediting import AmountBack, billed, credit_note, credits_of
from portal.domain.billing.issuing import issue_held_or_now
from portal.domain.billing.models import Invoice, InvoiceLine
from portal.domain.billing.rules import Credit, Totals, credit_unused, totals
from portal.domain.errors import Invalid, Refused
from portal.domain.money import Money
from portal.domain.words import InvoiceKind
from portal.signals import send

Wish = Money | date
"""What a person wants back of a line: an amount before tax, or its days from a day on."""


@dataclass(frozen=True)
class Planned:
    """A credit note before it is written: what each line gives back, and the sums, above zero."""

    credits: tuple[tuple[InvoiceLine, Credit | AmountBack], ...]
    sums: Totals


def credit(
    *,
    invoice_id: int,
    reason: str,
    lines: Mapping[int, Wish] | None = None,
    amount: Money | None = None,
    deduct: bool = True,
    by: int | None = None,
    at: datetime,
) -> Invoice:
    """Correct an issued invoice by a credit note, issued at once unless drafts wait for approval.

    lines: what to give back of each line, by its id. amount: before tax, spread over the lines by what is left of
    them. Neither: all that is left. deduct: it settles what is open on the invoice, and only the rest is account
    credit. Days given back count as not billed; those of an amount stay billed. Raises Invalid, Refused.
    """
    lock_accounts([fetch(Invoice, invoice_id).client_id])
    invoice = lock(Invoice, invoice_id)
    if not reason.strip():
        raise Invalid(faults={"reason": "Say why: the client reads it on the credit note."})
    planned = plan(invoice, lines=lines, amount=amount)
    note = credit_note(invoice_id, planned.credits, deduct=deduct, reason=reason.strip())
    issue_held_or_now([note.id], by=by, at=at)
    credited = events.InvoiceCredited(
        invoice_id=invoice_id,
        note_id=note.id,
        amount_minor=-note.total_minor,
        currency=note.currency,
        reason=reason.strip(),
    )
    send(credited, by=by, at=at)
    return db.session.get_one(Invoice, note.id)


def plan(
    invoice: Invoice, *, lines: Mapping[int, Wish] | None = None, amount: Money | None = None
) -> Planned:
    """What the credit note would say: the preview and the act use it. Raises Invalid with a fault for each line."""
    if invoice.kind is not InvoiceKind.INVOICE or invoice.status not in ISSUED:
        raise Refused("Only an issued invoice can be credited. A draft can still be edited.")
    left = left_of(invoice)
    if lines is not None:
        credits = _by_line(invoice, left, lines)
    elif amount is not None:
        credits = _spread(invoice, left, amount)
    else:
        credits = [(line, _back(line, left[line.id])) for line in invoice.lines if left[line.id]]
    sums = totals([(each.amount, each.tax_rate) for _, each in credits], invoice.currency)
    if not credits or sums.total.minor <= 0:
        raise Invalid(faults={"amount": "Nothing would be credited. Enter an amount for at least one line."})
    return Planned(tuple(credits), sums)


def left_of(invoice: Invoice) -> dict[int, Money]:
    """What is left of each line after earlier credits, before tax, by the line's id."""
    return {
        line.id: Money(
            line.amount_minor + sum(each.amount_minor for each in credits_of(line)), invoice.currency
        )
        for line in invoice.lines
    }


def _by_line(
    invoice: Invoice, left: Mapping[int, Money], wishes: Mapping[int, Wish]
) -> list[tuple[InvoiceLine, Credit | AmountBack]]:
    credits: list[tuple[InvoiceLine, Credit | AmountBack]] = []
    faults = {}
    for line in invoice.lines:
        wish = wishes.get(line.id)
        try:
            if isinstance(wish, Money):
                credits.append((line, _amount_of(line, left[line.id], wish)))
            elif wish is not None:
                credits.append((line, _days_of(line, wish)))
        except Refused as refusal:
            faults[f"line_{line.id}"] = refusal.message
    if faults:
        raise Invalid(faults=faults)
    return credits


def _amount_of(line: InvoiceLine, left: Money, wish: Money) -> AmountBack:
    low, high = min(left.minor, 0), max(left.minor, 0)
    if wish.currency != left.currency or not wish or not low <= wish.minor <= high:
        raise Refused(f"At most {left} is left of this line.")
    return _back(line, wish)


def _days_of(line: InvoiceLine, unused_from: date) -> Credit:
    if line.period_start is None or line.period_end is None:
        raise Refused("This line has no days. Enter an amount.")
    found = credit_unused(billed(line), unused_from)
    if found is None:
        raise Refused(f"No day of this line from {unused_from} on is left to be credited.")
    return found


def _spread(
    invoice: Invoice, left: Mapping[int, Money], amount: Money
) -> list[tuple[InvoiceLine, Credit | AmountBack]]:
    """The amount over the lines, in proportion to what is left of them, to the last minor unit."""
    most = sum(left.values(), Money.zero(invoice.currency))
    if amount.currency != invoice.currency or not 0 < amount.minor <= most.minor:
        raise Invalid(faults={"amount": f"Above nothing, and at most {most}: that is left before tax."})
    some: Sequence[InvoiceLine] = [line for line in invoice.lines if left[line.id].minor > 0]
    parts = amount.allocate([left[line.id].minor for line in some])
    return [(line, _back(line, part)) for line, part in zip(some, parts, strict=True) if part]


def _back(line: InvoiceLine, amount: Money) -> AmountBack:
    return AmountBack(amount, line.tax_rate_percent)
