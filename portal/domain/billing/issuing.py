"""Drafts and what makes documents of them: totals, numbers, dates."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.db import db, lock
from portal.domain import events
from portal.domain.billing.documents import party_of_each
from portal.domain.billing.mailing import mail_new
from portal.domain.billing.models import Invoice, InvoiceLine, InvoiceSeries, InvoiceTax
from portal.domain.billing.settling import settle_new
from portal.domain.clients.models import Client
from portal.domain.company import all_settings, setting
from portal.domain.errors import Refused
from portal.domain.lifecycle.models import ClientService
from portal.domain.money import Money
from portal.domain.words import InvoiceKind, InvoiceStatus, LineKind
from portal.signals import send_each

PREFIX_SETTING = {InvoiceKind.INVOICE: "invoice_prefix", InvoiceKind.CREDIT_NOTE: "credit_note_prefix"}
ISSUED = (InvoiceStatus.ISSUED, InvoiceStatus.PARTLY_PAID, InvoiceStatus.PAID)


def add_totals(invoice_ids: Sequence[int]) -> None:
    """Sum the lines of drafts, and tax each rate once: round(numeric) is half away from zero, as the rule is."""
    rates = (
        sa.select(
            InvoiceLine.invoice_id,
            InvoiceLine.tax_rate_percent,
            sa.func.sum(InvoiceLine.amount_minor),
            sa.func.round(sa.func.sum(InvoiceLine.amount_minor) * InvoiceLine.tax_rate_percent / 100),
        )
        .where(InvoiceLine.invoice_id.in_(invoice_ids))
        .group_by(InvoiceLine.invoice_id, InvoiceLine.tax_rate_percent)
    )
    db.session.execute(sa.delete(InvoiceTax).where(InvoiceTax.invoice_id.in_(invoice_ids)))
    db.session.execute(
        insert(InvoiceTax).from_select(["invoice_id", "rate_percent", "base_minor", "tax_minor"], rates)
    )
    sums = (
        sa.select(
            InvoiceTax.invoice_id,
            sa.func.sum(InvoiceTax.base_minor).label("base"),
            sa.func.sum(InvoiceTax.tax_minor).label("tax"),
        )
        .where(InvoiceTax.invoice_id.in_(invoice_ids))
        .group_by(InvoiceTax.invoice_id)
        .subquery()
    )
    db.session.execute(
        sa.update(Invoice)
        .where(Invoice.id == sums.c.invoice_id)
        .values(subtotal_minor=sums.c.base, tax_minor=sums.c.tax, total_minor=sums.c.base + sums.c.tax)
        .execution_options(synchronize_session=False)
    )
    db.session.expire_all()


def bill_once(*, service: ClientService, kind: LineKind, amount: Money, words: str, at: datetime) -> None:
    """A document for one fee that comes once: the unique key on (service, kind) lets no second one in."""
    invoice = Invoice(client_id=service.client_id, currency=amount.currency, drafted_on=clock.today())
    db.session.add(invoice)
    db.session.flush()
    line = insert(InvoiceLine).values(
        invoice_id=invoice.id,
        client_service_id=service.id,
        kind=kind,
        description=words,
        quantity=1,
        amount_minor=amount.minor,
        tax_rate_percent=0 if service.client.tax_exempt else service.client.tax_rate_percent,
    )
    if db.session.scalar(line.on_conflict_do_nothing().returning(InvoiceLine.id)) is None:
        db.session.delete(invoice)
        return
    add_totals([invoice.id])
    issue_held_or_now([invoice.id], at=at)


def issue_held_or_now(invoice_ids: Sequence[int], *, by: int | None = None, at: datetime) -> None:
    """Issue what the system drafted, unless a person approves drafts first (setting)."""
    if invoice_ids and not setting("approve_runs"):
        issue_each(invoice_ids=invoice_ids, by=by, at=at)


def issue(*, invoice_id: int, by: int | None = None, at: datetime) -> Invoice:
    """Give a draft its number and dates, for good. One that is issued stays as it is. Raises Refused when empty."""
    invoice = lock(Invoice, invoice_id)
    if not invoice.lines:
        raise Refused("Nothing is on this draft yet. Add a line, or delete it.")
    if invoice.status is InvoiceStatus.DRAFT:
        issue_each(invoice_ids=[invoice_id], by=by, at=at)
    return db.session.get_one(Invoice, invoice_id)


def issue_each(*, invoice_ids: Sequence[int], by: int | None = None, at: datetime) -> int:
    """Issue drafts, in the order of their ids, with numbers that have no gap; how many.

    The counter row is locked until the commit, so a rollback gives its numbers back.
    """
    db.session.flush()
    drafts = sa.select(Invoice.id, Invoice.client_id, Invoice.kind).where(
        Invoice.id == sa.any_(_array(invoice_ids)), Invoice.status == InvoiceStatus.DRAFT
    )
    rows = db.session.execute(drafts.order_by(Invoice.id).with_for_update()).all()
    for kind in InvoiceKind:
        _number(kind, [row.id for row in rows if row.kind is kind])
    issued = sa.select(Invoice.id.label("invoice_id"), Invoice.number).where(
        Invoice.id == sa.any_(_array([row.id for row in rows]))
    )
    if rows:
        send_each(events.InvoiceIssued, issued.order_by(Invoice.id), by=by, at=at)
        # They were numbered in SQL: documents that the session holds have an old version.
        db.session.expire_all()
        settle_new([row.id for row in rows], by=by, at=at)
        mail_new([row.id for row in rows], at=at)
    db.session.expire_all()
    return len(rows)


def _number(kind: InvoiceKind, invoice_ids: Sequence[int]) -> None:
    """Take as many numbers from the series' counter row as there are drafts, and finish each with its number,
    its dates, and what it says of both sides.
    """
    if not invoice_ids:
        return
    place = sa.func.unnest(_array(invoice_ids)).table_valued("id", with_ordinality="nth", name="place")
    place = place.render_derived()
    counted = sa.cast(place.c.nth + _take_numbers(kind, len(invoice_ids)) - 1, sa.Text)
    number = sa.func.lpad(counted, sa.func.greatest(6, sa.func.length(counted)), "0")
    today = sa.literal(clock.today())
    db.session.execute(
        sa.update(Invoice)
        .where(Invoice.id == place.c.id, Client.id == Invoice.client_id)
        .values(
            status=InvoiceStatus.ISSUED,
            number=sa.literal(setting(PREFIX_SETTING[kind])) + number,
            issued_on=today,
            due_on=today + Client.payment_terms_days,
            party=party_of_each(all_settings()),
            version=Invoice.version + 1,
        )
        .execution_options(synchronize_session=False)
    )


def _take_numbers(kind: InvoiceKind, count: int) -> int:
    """The first of `count` numbers that are ours from now on."""
    fresh = insert(InvoiceSeries).values(kind=kind, prefix="", next_number=1)
    db.session.execute(fresh.on_conflict_do_nothing())
    taken = (
        sa.update(InvoiceSeries)
        .filter_by(kind=kind)
        .values(next_number=InvoiceSeries.next_number + count)
        .returning(InvoiceSeries.next_number)
    )
    return int(db.session.execute(taken).scalar_one()) - count


def _array(ids: Sequence[int]) -> sa.ColumnElement[Any]:
    """Thousands of ids as one parameter."""
    return sa.literal(list(ids), sa.ARRAY(sa.BigInteger))
