"""Writing the drafts of a page: invoices, lines, schedules, in one statement each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.db import db, table_of
from portal.domain.billing.issuing import add_totals
from portal.domain.billing.models import Invoice, InvoiceLine, RecurringBilling
from portal.domain.billing.rules import Charge
from portal.domain.words import InvoiceKind, InvoiceStatus, LineKind, ScheduleStatus


@dataclass(frozen=True)
class Bill:
    """What one schedule bills now. `gathering`: bills with the same one go on one invoice."""

    schedule_id: int
    service_id: int
    client_id: int
    currency: str
    gathering: tuple[int, str, int | None]
    name: str
    quantity: int
    po_number: str
    tax_rate: Decimal
    setup_minor: int
    charges: tuple[Charge, ...]
    next_bill_on: date
    is_over: bool
    amount_minor: int
    next_amount_from: date | None

    @classmethod
    def of(
        cls, row: sa.Row[Any], charges: tuple[Charge, ...], next_bill_on: date, *, is_over: bool
    ) -> "Bill":
        has_new_price = row.next_amount_from is not None and next_bill_on > row.next_amount_from
        return cls(
            schedule_id=row.id,
            service_id=row.client_service_id,
            client_id=row.client_id,
            currency=row.currency,
            gathering=(
                row.client_id,
                row.currency,
                None if row.consolidate_invoices else row.client_service_id,
            ),
            name=row.name,
            quantity=row.quantity,
            po_number=row.po_number,
            tax_rate=Decimal(0) if row.tax_exempt else row.tax_rate_percent,
            setup_minor=row.setup_cost_minor if row.bills_setup else 0,
            charges=charges,
            next_bill_on=next_bill_on,
            is_over=is_over,
            amount_minor=row.next_amount_minor if has_new_price else row.amount_minor,
            next_amount_from=None if has_new_price else row.next_amount_from,
        )


def draft(bills: Sequence[Bill], run_id: int) -> list[int]:
    """Draft invoices of the bills; their ids. A period that is billed already is passed over."""
    gatherings = {bill.gathering: bill for bill in bills if bill.charges}
    ids = _insert_invoices(list(gatherings.values()), run_id)
    invoice_of = dict(zip(gatherings, ids, strict=True))
    lines = [line for bill in bills for line in _lines(bill, invoice_of.get(bill.gathering))]
    if lines:
        db.session.connection().execute(insert(table_of(InvoiceLine)).on_conflict_do_nothing(), lines)
    _advance(bills)
    kept = _drop_empty(ids)
    add_totals(kept)
    return kept


def _insert_invoices(firsts: list[Bill], run_id: int) -> list[int]:
    rows = [
        {
            "client_id": bill.client_id,
            "kind": InvoiceKind.INVOICE,
            "status": InvoiceStatus.DRAFT,
            "currency": bill.currency,
            "drafted_on": clock.today(),
            "run_id": run_id,
            "po_number": bill.po_number,
        }
        for bill in firsts
    ]
    if not rows:
        return []
    made = sa.insert(Invoice).returning(Invoice.id, sort_by_parameter_order=True)
    return list(db.session.scalars(made, rows))


def _lines(bill: Bill, invoice_id: int | None) -> Iterable[dict[str, Any]]:
    common = {
        "invoice_id": invoice_id,
        "client_service_id": bill.service_id,
        "quantity": bill.quantity,
        "tax_rate_percent": bill.tax_rate,
    }
    if bill.setup_minor and bill.charges:
        start = bill.charges[0].period.start
        yield common | {
            "kind": LineKind.SETUP_FEE,
            "description": f"{bill.name} – setup",
            "period_start": start,
            "period_end": None,
            "quantity": 1,
            "amount_minor": bill.setup_minor,
        }
    for charge in bill.charges:
        yield common | {
            "kind": LineKind.RECURRING,
            "description": f"{bill.name} – {charge.words}" if charge.words else bill.name,
            "period_start": charge.period.start,
            "period_end": charge.period.end,
            "amount_minor": charge.amount.minor,
        }


def _advance(bills: Sequence[Bill]) -> None:
    """Move each schedule to its first unbilled day, in one statement."""
    table = table_of(RecurringBilling)
    values = [
        {
            "of_id": bill.schedule_id,
            "until": bill.next_bill_on,
            "amount": bill.amount_minor,
            "new_from": bill.next_amount_from,
            "is_over": bill.is_over,
            "billed_setup": bool(bill.charges),
        }
        for bill in bills
    ]
    if not values:
        return
    until = sa.bindparam("until", type_=sa.Date)
    is_over = sa.bindparam("is_over", type_=sa.Boolean)
    ended = sa.and_(is_over, sa.or_(table.c.ends_on.is_not(None), table.c.frequency == "one-time"))
    db.session.connection().execute(
        sa.update(table)
        .where(table.c.id == sa.bindparam("of_id"))
        .values(
            next_bill_date=until,
            amount_minor=sa.bindparam("amount"),
            next_amount_from=sa.bindparam("new_from"),
            next_amount_minor=sa.case(
                (sa.bindparam("new_from", type_=sa.Date).is_(None), None), else_=table.c.next_amount_minor
            ),
            status=sa.case((ended, ScheduleStatus.ENDED.value), else_=table.c.status),
            ends_on=sa.case((ended, sa.func.coalesce(table.c.ends_on, until)), else_=table.c.ends_on),
            bills_setup=sa.and_(table.c.bills_setup, sa.not_(sa.bindparam("billed_setup", type_=sa.Boolean))),
        ),
        values,
    )  # fmt: skip


def _drop_empty(invoice_ids: list[int]) -> list[int]:
    """Drafts whose lines all existed already go again; the ids of those that stay."""
    has_lines = sa.select(InvoiceLine.invoice_id).where(InvoiceLine.invoice_id == Invoice.id).exists()
    empty = sa.delete(Invoice).where(Invoice.id.in_(invoice_ids), ~has_lines).returning(Invoice.id)
    gone = set(db.session.scalars(empty.execution_options(synchronize_session=False)))
    return [each for each in invoice_ids if each not in gone]
