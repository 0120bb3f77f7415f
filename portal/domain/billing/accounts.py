"""The account of a client: what is left of its payments and credit notes, in each currency."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.domain.billing.models import Invoice
from portal.domain.billing.settling_models import Allocation, Payment
from portal.domain.money import Money
from portal.domain.words import InvoiceKind, InvoiceStatus

OPEN = (InvoiceStatus.ISSUED, InvoiceStatus.PARTLY_PAID)
LOCK = sa.text(
    "SELECT pg_advisory_xact_lock(hashtext('account ' || id))"
    " FROM (SELECT id FROM unnest(CAST(:ids AS bigint[])) AS id ORDER BY id) AS owners"
)


@dataclass(frozen=True)
class Balance:
    """What a client owes on issued invoices, and the credit that it has, in one currency."""

    owed: Money
    credit: Money

    @property
    def due(self) -> Money:
        """What is to be paid after all credit; below zero when the client has more credit than it owes."""
        return self.owed - self.credit


def lock_accounts(client_ids: Collection[int]) -> None:
    """Let nobody else spend the credit of these clients until the transaction ends.

    Taken after client, service, schedule and drafts, before issued documents. No row lock: every new invoice of a
    client shares its row.
    """
    db.session.execute(LOCK, {"ids": list(client_ids)})


def left_over() -> sa.Subquery:
    """Payments and credit notes with something left.

    client_id, currency, payment_id | credit_note_id, corrects_invoice_id, came_on, left_minor:
    7, "USD", null, 31, 12, 2026-11-20, 23382
    """
    used = sa.select(sa.func.coalesce(sa.func.sum(Allocation.amount_minor), 0))
    of_payment = used.where(Allocation.payment_id == Payment.id).correlate(Payment).scalar_subquery()
    payments = sa.select(
        Payment.client_id,
        Payment.currency,
        Payment.id.label("payment_id"),
        sa.cast(sa.null(), sa.BigInteger).label("credit_note_id"),
        sa.cast(sa.null(), sa.BigInteger).label("corrects_invoice_id"),
        Payment.received_on.label("came_on"),
        (Payment.amount_minor - of_payment).label("left_minor"),
    )
    notes = sa.select(
        Invoice.client_id,
        Invoice.currency,
        sa.cast(sa.null(), sa.BigInteger),
        Invoice.id,
        Invoice.corrects_invoice_id,
        Invoice.issued_on,
        Invoice.paid_minor - Invoice.total_minor,
    ).where(Invoice.kind == InvoiceKind.CREDIT_NOTE, Invoice.status.in_(OPEN))
    every = sa.union_all(payments, notes).subquery("money")
    return sa.select(every).where(every.c.left_minor > 0).subquery("left_over")


def sources(client_id: int, currency: str, invoice_id: int | None = None) -> Sequence[sa.Row[Any]]:
    """What there is to spend: first what corrects this very invoice, then the oldest."""
    money = left_over()
    of_client = sa.select(money).where(money.c.client_id == client_id, money.c.currency == currency)
    corrects = sa.func.coalesce(money.c.corrects_invoice_id == (invoice_id or 0), sa.false())
    oldest = (corrects.desc(), money.c.came_on, money.c.payment_id.nulls_last(), money.c.credit_note_id)
    return db.session.execute(of_client.order_by(*oldest)).all()


def account_credit(client_id: int, currency: str) -> Money:
    """What the client has in this currency and has not spent."""
    return Money(sum(int(each.left_minor) for each in sources(client_id, currency)), currency)


def with_credit(client_ids: Collection[int]) -> set[int]:
    """Those of the clients that have any account credit."""
    money = left_over()
    found = sa.select(money.c.client_id).where(money.c.client_id.in_(client_ids)).distinct()
    return set(db.session.scalars(found))


def balances(client_id: int) -> list[Balance]:
    """One for each currency in which something is owed or left."""
    open_minor = sa.func.sum(Invoice.total_minor - Invoice.paid_minor)
    invoices = sa.select(Invoice.currency, open_minor).where(
        Invoice.client_id == client_id, Invoice.kind == InvoiceKind.INVOICE, Invoice.status.in_(OPEN)
    )
    money = left_over()
    credit = sa.select(money.c.currency, sa.func.sum(money.c.left_minor)).where(
        money.c.client_id == client_id
    )
    owed = {each: int(minor) for each, minor in db.session.execute(invoices.group_by(Invoice.currency))}
    left = {each: int(minor) for each, minor in db.session.execute(credit.group_by(money.c.currency))}
    return [
        Balance(Money(owed.get(each, 0), each), Money(left.get(each, 0), each))
        for each in sorted(owed.keys() | left.keys())
        if owed.get(each) or left.get(each)
    ]
