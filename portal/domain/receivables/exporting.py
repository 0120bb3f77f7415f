"""Exports to the ledger: every entry of the books in one batch, once, and the file of a batch for good."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db import batch_lock, db
from portal.domain import company
from portal.domain.billing.models import Invoice, InvoiceLine, InvoiceTax
from portal.domain.catalogue.models import Product
from portal.domain.clients.models import Client
from portal.domain.errors import Refused
from portal.domain.events import AccountingExported
from portal.domain.lifecycle.models import ClientService
from portal.domain.money import Money
from portal.domain.periods import Period
from portal.domain.receivables.books import Rows, entries
from portal.domain.receivables.journal import (
    DOCUMENTS,
    Accounts,
    Booking,
    Share,
    Unbalanced,
    debits,
    lines_of,
    revenue_accounts,
)
from portal.domain.receivables.journal_file import as_csv
from portal.domain.receivables.models import ExportBatch, ExportedEntry
from portal.domain.staff.models import User
from portal.domain.words import EntryKind
from portal.signals import send

Shares = dict[int, list[Share]]


def listing() -> Rows:
    return sa.select(
        ExportBatch.id,
        ExportBatch.number,
        ExportBatch.starts_on,
        (ExportBatch.ends_on - 1).label("last_day"),
        ExportBatch.documents,
        ExportBatch.lines,
        ExportBatch.totals,
        ExportBatch.made_at,
        User.name.label("made_by"),
        ExportBatch.sha256,
    ).outerjoin(User, User.id == ExportBatch.made_by_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What an export would hold: how many entries of each kind, and those among them that came late."""

    counts: dict[EntryKind, int]
    late: int

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def outlook(period: Period) -> Outlook:
    new = _new_entries(period).subquery("new")
    is_late = sa.or_(new.c.on < period.start, new.c.on >= period.end)
    counted = sa.select(new.c.kind, sa.func.count(), sa.func.count().filter(is_late)).group_by(new.c.kind)
    rows = db.session.execute(counted).all()
    return Outlook(
        counts={EntryKind(kind): int(number) for kind, number, _ in rows}, late=sum(late for *_, late in rows)
    )


def export(*, period: Period, by: int | None = None, at: datetime) -> ExportBatch:
    """The batch of this period: a new one for what is in no batch yet, else the one made before.

    Raises Refused when there is nothing to export, or when an entry does not balance.
    """
    batch_lock("accounting export")
    rows = db.session.execute(_new_entries(period)).all()
    if not rows:
        return _made_before(period)
    try:
        lines = [line for booking in _bookings(rows) for line in lines_of(booking, accounts())]
    except Unbalanced as fault:
        raise Refused(f"{fault} Nothing was exported; have an administrator look at it.") from fault
    number = (db.session.scalar(sa.select(sa.func.max(ExportBatch.number))) or 0) + 1
    content = as_csv(number, lines)
    batch = ExportBatch(
        number=number,
        starts_on=period.start,
        ends_on=period.end,
        documents=len(rows),
        lines=len(lines),
        totals=debits(lines),
        content=content,
        sha256=sha256(content).hexdigest(),
        made_by_id=by,
        made_at=at,
    )
    db.session.add(batch)
    db.session.flush()
    _mark(batch, rows)
    _tell(batch, by, at)
    return batch


def accounts() -> Accounts:
    """The account codes in force (settings)."""
    ours = company.all_settings()
    return Accounts(
        receivable=ours["account_receivable"],
        bank=ours["account_bank"],
        tax=ours["account_tax"],
        revenue=ours["account_revenue"],
        by_product=revenue_accounts(ours["revenue_accounts"]),
    )


def _made_before(period: Period) -> ExportBatch:
    found = db.session.scalar(
        sa.select(ExportBatch)
        .filter_by(starts_on=period.start, ends_on=period.end)
        .order_by(ExportBatch.number.desc())
        .limit(1)
    )
    if found is None:
        raise Refused("Nothing was booked in this period that is not in a batch already.")
    return found


def _new_entries(period: Period) -> Rows:
    """Entries in no batch: those of the period, and those that came late into a period exported before."""
    entry = entries().subquery("entry")
    of_period = sa.and_(entry.c.on >= period.start, entry.c.on < period.end)
    came_late = sa.exists().where(ExportBatch.starts_on <= entry.c.on, entry.c.on < ExportBatch.ends_on)
    done = sa.exists().where(
        sa.cast(ExportedEntry.kind, sa.Text) == entry.c.kind, ExportedEntry.source_id == entry.c.source_id
    )
    return (
        sa.select(entry, Client.code.label("client_code"), Client.name.label("client"))
        .join(Client, Client.id == entry.c.client_id)
        .where(sa.or_(of_period, came_late.correlate(entry)), ~done.correlate(entry))
        .order_by(entry.c.on, entry.c.kind, entry.c.source_id)
    )


def _bookings(rows: Sequence[Any]) -> list[Booking]:
    shares = _shares([row.source_id for row in rows if row.kind in DOCUMENTS])
    return [_booking(row, shares) for row in rows]


def _booking(row: Any, shares: Shares) -> Booking:
    kind = EntryKind(row.kind)
    own = shares[row.source_id] if kind in DOCUMENTS else []
    return Booking(
        kind=kind,
        source_id=row.source_id,
        on=row.on,
        number=row.number or "",
        client_code=row.client_code,
        client=row.client,
        amount=Money(int(row.minor), row.currency),
        shares=tuple(_taken_back(share) if kind is EntryKind.VOID else share for share in own),
    )


def _taken_back(share: Share) -> Share:
    return Share(
        amount=-share.amount, sku=share.sku, service_type=share.service_type, tax_rate=share.tax_rate
    )


def _shares(document_ids: Sequence[int]) -> Shares:
    """What each document's total is made of: amounts by product, then taxes by rate."""
    these = sa.func.any(sa.cast(list(document_ids), sa.ARRAY(sa.BigInteger)))
    of_lines = (
        sa.select(
            InvoiceLine.invoice_id,
            Invoice.currency,
            sa.func.coalesce(Product.sku, "").label("sku"),
            sa.func.coalesce(sa.cast(ClientService.service_type, sa.Text), "").label("service_type"),
            sa.func.sum(InvoiceLine.amount_minor).label("minor"),
        )
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .outerjoin(ClientService, ClientService.id == InvoiceLine.client_service_id)
        .outerjoin(Product, Product.id == ClientService.product_id)
        .where(InvoiceLine.invoice_id == these)
        .group_by(InvoiceLine.invoice_id, Invoice.currency, Product.sku, ClientService.service_type)
        .order_by(InvoiceLine.invoice_id, Product.sku, ClientService.service_type)
    )
    of_taxes = (
        sa.select(InvoiceTax.invoice_id, Invoice.currency, InvoiceTax.rate_percent, InvoiceTax.tax_minor)
        .join(Invoice, Invoice.id == InvoiceTax.invoice_id)
        .where(InvoiceTax.invoice_id == these)
        .order_by(InvoiceTax.invoice_id, InvoiceTax.rate_percent)
    )
    found: Shares = defaultdict(list)
    for row in db.session.execute(of_lines):
        amount = Money(int(row.minor), row.currency)
        found[row.invoice_id].append(Share(amount=amount, sku=row.sku, service_type=row.service_type))
    for document_id, currency, rate, minor in db.session.execute(of_taxes):
        found[document_id].append(Share(amount=Money(minor, currency), tax_rate=rate))
    return found


def _mark(batch: ExportBatch, rows: Sequence[Any]) -> None:
    """Into this batch and no other: the key refuses a second one."""
    marks = [{"kind": row.kind, "source_id": row.source_id, "batch_id": batch.id} for row in rows]
    db.session.execute(insert(ExportedEntry), marks)


def _tell(batch: ExportBatch, by: int | None, at: datetime) -> None:
    made = AccountingExported(
        batch_id=batch.id,
        number=batch.number,
        starts_on=batch.starts_on,
        ends_on=batch.ends_on,
        documents=batch.documents,
    )
    send(made, by=by, at=at)
