"""Drafts and what makes documents of them: totals, numbers, dates; then payments and voids."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.db import db, lock, table_of
from portal.domain import events
from portal.domain.billing.documents import party
from portal.domain.billing.models import Invoice, InvoiceLine, InvoiceSeries, InvoiceTax, Payment
from portal.domain.clients.models import Client
from portal.domain.company import all_settings, setting
from portal.domain.errors import Invalid, Refused
from portal.domain.lifecycle.models import ClientService
from portal.domain.money import Money
from portal.domain.words import InvoiceKind, InvoiceStatus, LineKind
from portal.signals import send, send_each

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


def issue_held_or_now(invoice_ids: Sequence[int], *, at: datetime) -> None:
    """Issue what the system drafted, unless a person approves drafts first (setting)."""
    if invoice_ids and not setting("approve_runs"):
        issue_each(invoice_ids=invoice_ids, at=at)


def issue(*, invoice_id: int, by: int | None = None, at: datetime) -> Invoice:
    """Give a draft its number and dates, for good. One that is issued stays as it is."""
    invoice = lock(Invoice, invoice_id)
    if invoice.status is InvoiceStatus.DRAFT:
        issue_each(invoice_ids=[invoice_id], by=by, at=at)
    return db.session.get_one(Invoice, invoice_id)


def issue_each(*, invoice_ids: Sequence[int], by: int | None = None, at: datetime) -> int:
    """Issue drafts, in the order of their ids, with numbers that have no gap; how many.

    The counter row is locked until the commit, so a rollback gives its numbers back.
    """
    db.session.flush()
    drafts = sa.select(Invoice.id, Invoice.client_id, Invoice.kind).where(
        Invoice.id.in_(invoice_ids), Invoice.status == InvoiceStatus.DRAFT
    )
    rows = db.session.execute(drafts.order_by(Invoice.id).with_for_update()).all()
    _write_parties({row.id: row.client_id for row in rows})
    for kind in InvoiceKind:
        _number(kind, [row.id for row in rows if row.kind is kind])
    issued = sa.select(Invoice.id.label("invoice_id"), Invoice.number).where(
        Invoice.id.in_([r.id for r in rows])
    )
    if rows:
        send_each(events.InvoiceIssued, issued.order_by(Invoice.id), by=by, at=at)
    db.session.expire_all()
    return len(rows)


def _write_parties(client_of: dict[int, int]) -> None:
    """Copy what each document says of both sides, and its due date."""
    clients = db.session.scalars(sa.select(Client).where(Client.id.in_(set(client_of.values()))))
    ours, today = all_settings(), clock.today()
    told = {
        client.id: (party(client, ours), today + timedelta(client.payment_terms_days)) for client in clients
    }
    facts = [
        {"of_id": invoice_id, "told": told[client_id][0], "due": told[client_id][1]}
        for invoice_id, client_id in client_of.items()
    ]
    table = table_of(Invoice)
    written = sa.update(table).where(table.c.id == sa.bindparam("of_id"))
    if facts:
        db.session.connection().execute(
            written.values(party=sa.bindparam("told"), due_on=sa.bindparam("due")), facts
        )


def _number(kind: InvoiceKind, invoice_ids: Sequence[int]) -> None:
    """Take as many numbers from the series' counter row as there are drafts."""
    if not invoice_ids:
        return
    db.session.execute(
        insert(InvoiceSeries).values(kind=kind, prefix="", next_number=1).on_conflict_do_nothing()
    )
    taken = (
        sa.update(InvoiceSeries)
        .filter_by(kind=kind)
        .values(next_number=InvoiceSeries.next_number + len(invoice_ids))
        .returning(InvoiceSeries.next_number)
    )
    first = db.session.execute(taken).scalar_one() - len(invoice_ids)
    ids = sa.func.unnest(sa.cast(list(invoice_ids), sa.ARRAY(sa.BigInteger)))
    place = ids.table_valued("id", with_ordinality="nth", name="place").render_derived()
    counted = sa.cast(place.c.nth + first - 1, sa.Text)
    width = sa.func.greatest(6, sa.func.length(counted))
    number = sa.literal(setting(PREFIX_SETTING[kind])) + sa.func.lpad(counted, width, "0")
    db.session.execute(
        sa.update(Invoice)
        .where(Invoice.id == place.c.id)
        .values(
            status=InvoiceStatus.ISSUED, number=number, issued_on=clock.today(), version=Invoice.version + 1
        )
        .execution_options(synchronize_session=False)
    )


def void(*, invoice_id: int, reason: str, by: int | None = None, at: datetime) -> Invoice:
    """Take an unpaid document out of the books; it keeps its number, and its lines claim their days no more."""
    invoice = lock(Invoice, invoice_id)
    if invoice.status is InvoiceStatus.VOID:
        return invoice
    if invoice.status is not InvoiceStatus.ISSUED or invoice.paid_minor:
        raise Refused(
            "Only an issued document that nothing was paid on can be voided. Write a credit note instead."
        )
    if not reason.strip():
        raise Refused("Say why the document is voided: auditors will ask.")
    if db.session.scalar(sa.select(sa.exists().where(Invoice.corrects_invoice_id == invoice_id))):
        raise Refused("A credit note corrects this invoice already, so it cannot be voided.")
    invoice.status, invoice.void_reason = InvoiceStatus.VOID, reason.strip()
    invoice.pdf_key = invoice.pdf_asked_at = None
    db.session.execute(sa.update(InvoiceLine).filter_by(invoice_id=invoice_id).values(is_void=True))
    send(events.InvoiceVoided(invoice_id=invoice_id, reason=invoice.void_reason), by=by, at=at)
    return invoice


def record_payment(
    *,
    invoice_id: int,
    amount: Money,
    received_on: date,
    method: str = "",
    reference: str = "",
    by: int | None = None,
    at: datetime,
) -> Payment:
    """Money received for an issued invoice, in part or in full; never more than is open. Raises Invalid."""
    invoice = lock(Invoice, invoice_id)
    if invoice.kind is not InvoiceKind.INVOICE or invoice.status not in ISSUED:
        raise Refused("Payments are recorded on issued invoices.")
    if amount.currency != invoice.currency or not 0 < amount.minor <= invoice.open_amount.minor:
        raise Invalid(faults={"amount": f"Between nothing and the open {invoice.open_amount}."})
    if received_on > clock.today():
        raise Invalid(faults={"received_on": "A payment cannot come from the future."})
    payment = Payment(
        client_id=invoice.client_id,
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
    settle(invoice, amount)
    paid = events.PaymentRecorded(invoice_id=invoice_id, amount_minor=amount.minor, currency=amount.currency)
    send(paid, by=by, at=at)
    return payment


def settle(invoice: Invoice, amount: Money) -> None:
    """Count the amount towards the invoice."""
    invoice.paid_minor += amount.minor
    invoice.status = InvoiceStatus.PAID if not invoice.open_amount else InvoiceStatus.PARTLY_PAID
    invoice.pdf_key = invoice.pdf_asked_at = None
