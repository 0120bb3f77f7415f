"""How what was billed is settled: allocations of payments and credit notes, and refunds. Minor units of `currency`.

What a client owes and owns is derived. The account credit of a client in a currency is what is left of its payments
and of its issued credit notes after all their allocations, those to refunds included.
"""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, Currency, Id, Instant, Minor
from portal.domain.billing.models import Invoice


class Payment(Base):
    """Money received: for an invoice, or in advance. What settles which invoice stands in its allocations."""

    __tablename__ = "payments"
    __label__ = "payment"
    __table_args__ = (sa.CheckConstraint("amount_minor > 0", name="amount"),)

    id: Mapped[Id]
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    invoice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invoices.id"), index=True)
    amount_minor: Mapped[Minor]
    currency: Mapped[Currency]
    received_on: Mapped[date]
    method: Mapped[str] = mapped_column(sa.String(40), default="")
    reference: Mapped[str] = mapped_column(sa.String(120), default="")
    recorded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    recorded_at: Mapped[Instant]


class Refund(Base):
    """Account credit that was paid back to the client; its allocations name the money that it was taken from."""

    __tablename__ = "refunds"
    __label__ = "refund"
    __table_args__ = (sa.CheckConstraint("amount_minor > 0", name="amount"),)

    id: Mapped[Id]
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    amount_minor: Mapped[Minor]
    currency: Mapped[Currency]
    refunded_on: Mapped[date]
    method: Mapped[str] = mapped_column(sa.String(40), default="")
    reference: Mapped[str] = mapped_column(sa.String(120), default="")
    recorded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    recorded_at: Mapped[Instant]


class Allocation(Base):
    """Money of one payment or credit note that settles one invoice, or is paid back by one refund.

    Append-only (trigger): what a void sets free again is a further row with the amount below zero. So
    `Invoice.paid_minor` is the sum of its allocations, and a credit note's is minus the sum of what it gave.
    """

    __tablename__ = "allocations"
    __label__ = "allocation"
    __table_args__ = (
        sa.CheckConstraint("num_nonnulls(payment_id, credit_note_id) = 1", name="one_source"),
        sa.CheckConstraint("num_nonnulls(invoice_id, refund_id) = 1", name="one_target"),
        sa.CheckConstraint("amount_minor <> 0", name="amount"),
    )

    id: Mapped[Id]
    payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payments.id"), index=True)
    credit_note_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invoices.id"), index=True)
    invoice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invoices.id"), index=True)
    refund_id: Mapped[int | None] = mapped_column(sa.ForeignKey("refunds.id"), index=True)
    amount_minor: Mapped[Minor]
    allocated_on: Mapped[date]
    allocated_at: Mapped[Instant]
    allocated_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    payment: Mapped[Payment | None] = relationship()
    credit_note: Mapped[Invoice | None] = relationship(foreign_keys=[credit_note_id])
    invoice: Mapped[Invoice | None] = relationship(foreign_keys=[invoice_id])


class InvoiceMail(Base):
    """A document that goes to the client by mail: by itself once, when it is issued, and again when asked for."""

    __tablename__ = "invoice_mails"
    __label__ = "mail"
    __table_args__ = (
        sa.Index(
            "uq_invoice_mails_by_itself", "invoice_id", unique=True,
            postgresql_where=sa.text("asked_by_id IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("invoices.id"), index=True)
    recipients: Mapped[str] = mapped_column(sa.Text)
    asked_at: Mapped[Instant]
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    sent_at: Mapped[Instant | None]
