"""Schedules, runs, and financial documents with their lines. All amounts are minor units of `currency`."""

from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, Currency, Id, Instant, Minor, enum_type
from portal.domain.clients.models import Client
from portal.domain.lifecycle.models import ClientService
from portal.domain.money import Money
from portal.domain.periods import Cycle
from portal.domain.words import InvoiceKind, InvoiceStatus, JobState, LineKind, ScheduleStatus


class RecurringBilling(Base):
    """The schedule of one service. Boundaries are computed from `first_on` and `anchor_day`, never stored.

    `next_bill_date` is the first day not billed yet: the next line covers it up to the next boundary, so a
    stub after a resume or a transfer needs no case of its own. Nothing is billed from `ends_on` on, nor from
    `paused_on` on while it is paused. `bills_setup`: the setup fee goes with the first line, once.
    Events up to `last_event_id` have had their effect: an old one that is delivered again has none.
    A parked one keeps its `paused_on`. `is_cleared`: a person looked at it, so the next bill may exceed the bounds.
    """

    __tablename__ = "recurring_billings"
    __label__ = "recurring billing"
    __table_args__ = (
        sa.CheckConstraint("anchor_day BETWEEN 1 AND 31", name="anchor_day"),
        sa.CheckConstraint("amount_minor > 0", name="amount"),
        sa.Index(
            "uq_recurring_billings_one_open", "client_service_id", unique=True,
            postgresql_where=sa.text("ends_on IS NULL"),
        ),
        sa.CheckConstraint(
            "CASE status WHEN 'paused' THEN paused_on IS NOT NULL WHEN 'parked' THEN true ELSE paused_on IS NULL END",
            name="paused",
        ),
        sa.CheckConstraint("status <> 'ended' OR ends_on IS NOT NULL", name="ended"),
        sa.Index(
            "ix_recurring_billings_due", "next_bill_date", "client_id",
            postgresql_where=sa.text("status IN ('active', 'paused')"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    client_service_id: Mapped[int] = mapped_column(sa.ForeignKey("client_services.id"), index=True)
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    amount_minor: Mapped[Minor]
    currency: Mapped[Currency]
    frequency: Mapped[Cycle] = mapped_column(enum_type(Cycle, "frequency"))
    anchor_day: Mapped[int]
    first_on: Mapped[date]
    next_bill_date: Mapped[date]
    ends_on: Mapped[date | None]
    status: Mapped[ScheduleStatus] = mapped_column(
        enum_type(ScheduleStatus, "status"), default=ScheduleStatus.ACTIVE
    )
    paused_on: Mapped[date | None]
    parked_reason: Mapped[str] = mapped_column(sa.Text, default="")
    is_cleared: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    bills_setup: Mapped[bool] = mapped_column(default=False)
    last_event_id: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    version: Mapped[int] = mapped_column(default=1)

    service: Mapped[ClientService] = relationship()
    __mapper_args__ = {"version_id_col": version}

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class BillingRun(Base):
    """One run of `bill`. `totals`: {currency: minor units}; `due`: schedules that were due when it began.

    It goes through the clients by their ids and has come to `billed_to_client_id`, past `looked_at` schedules.
    `is_rerun`: it bills only what BillingFailure.rerun_id names. `holds_drafts`: a person decides about what it made,
    all of it is issued or discarded then, and it goes through the drafts up to `decided_to_id`.
    """

    __tablename__ = "billing_runs"
    __label__ = "billing run"

    id: Mapped[Id]
    as_of: Mapped[date]
    state: Mapped[JobState] = mapped_column(enum_type(JobState, "state"), default=JobState.RUNNING)
    started_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]
    started_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    lines: Mapped[int] = mapped_column(default=0)
    invoices: Mapped[int] = mapped_column(default=0)
    parked: Mapped[int] = mapped_column(default=0)
    totals: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    due: Mapped[int] = mapped_column(default=0)
    looked_at: Mapped[int] = mapped_column(default=0)
    billed_to_client_id: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    is_rerun: Mapped[bool] = mapped_column(default=False)
    holds_drafts: Mapped[bool] = mapped_column(default=False)
    decided_at: Mapped[Instant | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    is_discarded: Mapped[bool] = mapped_column(default=False)
    decided_to_id: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class BillingFailure(Base):
    """A service that a run could not bill, with the reason in words; `rerun_id`: the run that tries it again."""

    __tablename__ = "billing_failures"
    __table_args__ = (sa.UniqueConstraint("run_id", "client_service_id"),)

    id: Mapped[Id]
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("billing_runs.id"))
    client_service_id: Mapped[int] = mapped_column(sa.ForeignKey("client_services.id"), index=True)
    reason: Mapped[str] = mapped_column(sa.Text)
    settled_at: Mapped[Instant | None]
    rerun_id: Mapped[int | None] = mapped_column(sa.ForeignKey("billing_runs.id"), index=True)


class InvoiceSeries(Base):
    """The counter row of a series; locked by whoever takes the next number."""

    __tablename__ = "invoice_series"

    kind: Mapped[InvoiceKind] = mapped_column(enum_type(InvoiceKind, "kind"), primary_key=True)
    prefix: Mapped[str] = mapped_column(sa.String(20))
    next_number: Mapped[int] = mapped_column(sa.BigInteger, default=1)


class Invoice(Base):
    """An invoice or a credit note. A draft has no number; an issued one is frozen (trigger).

    `party` is what the document says of company and client, copied when it is issued. The PDF is printed when
    somebody asks for it, and again after what it says has changed (paid, void): then `pdf_key` is taken away.
    `deducts`: a credit note that settles the invoice it corrects; any other is credit of the client's account.
    """

    __tablename__ = "invoices"
    __label__ = "invoice"
    __table_args__ = (
        sa.CheckConstraint("(status = 'draft') = (number IS NULL)", name="number"),
        sa.CheckConstraint("(status = 'draft') = (issued_on IS NULL)", name="issued"),
        sa.CheckConstraint("total_minor = subtotal_minor + tax_minor", name="total"),
        sa.Index("ix_invoices_client", "client_id", "id"),
        sa.Index("ix_invoices_status", "status", "due_on"),
    )

    id: Mapped[Id]
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("clients.id"))
    kind: Mapped[InvoiceKind] = mapped_column(enum_type(InvoiceKind, "kind"), default=InvoiceKind.INVOICE)
    status: Mapped[InvoiceStatus] = mapped_column(
        enum_type(InvoiceStatus, "status"), default=InvoiceStatus.DRAFT
    )
    number: Mapped[str | None] = mapped_column(sa.String(40), unique=True)
    currency: Mapped[Currency]
    drafted_on: Mapped[date]
    issued_on: Mapped[date | None]
    due_on: Mapped[date | None]
    subtotal_minor: Mapped[Minor] = mapped_column(default=0)
    tax_minor: Mapped[Minor] = mapped_column(default=0)
    total_minor: Mapped[Minor] = mapped_column(default=0)
    paid_minor: Mapped[Minor] = mapped_column(default=0)
    run_id: Mapped[int | None] = mapped_column(sa.ForeignKey("billing_runs.id"), index=True)
    corrects_invoice_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invoices.id"), index=True)
    deducts: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    po_number: Mapped[str] = mapped_column(sa.String(60), default="")
    notes: Mapped[str] = mapped_column(sa.Text, default="")
    party: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    void_reason: Mapped[str] = mapped_column(sa.Text, default="")
    voided_on: Mapped[date | None]
    pdf_asked_at: Mapped[Instant | None]
    pdf_key: Mapped[str | None] = mapped_column(sa.String(200))
    pdf_sha256: Mapped[str | None] = mapped_column(sa.String(64))
    version: Mapped[int] = mapped_column(default=1)

    client: Mapped[Client] = relationship()
    lines: Mapped[list["InvoiceLine"]] = relationship(order_by="InvoiceLine.id", back_populates="invoice")
    taxes: Mapped[list["InvoiceTax"]] = relationship(order_by="InvoiceTax.rate_percent")
    __mapper_args__ = {"version_id_col": version}

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def open_amount(self) -> Money:
        return Money(self.total_minor - self.paid_minor, self.currency)


class InvoiceLine(Base):
    """One charge or credit. The index on (service, kind, period start) is what makes a run harmless to repeat.

    `is_void`: it claims its days no more, since its invoice is void or all of it was credited.
    `unit_price_minor`: what one of `quantity` costs in a whole period, where that is known.
    """

    __tablename__ = "invoice_lines"
    __table_args__ = (
        sa.Index(
            "uq_invoice_lines_period", "client_service_id", "kind", "period_start", unique=True,
            postgresql_where=sa.text("kind = 'recurring' AND NOT is_void"),
        ),
        sa.Index(
            "uq_invoice_lines_once", "client_service_id", "kind", unique=True,
            postgresql_where=sa.text("kind IN ('setup_fee', 'cancellation_fee') AND NOT is_void"),
        ),
        sa.CheckConstraint("period_end IS NULL OR period_end > period_start", name="period"),
    )  # fmt: skip

    id: Mapped[Id]
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("invoices.id"), index=True)
    client_service_id: Mapped[int | None] = mapped_column(sa.ForeignKey("client_services.id"))
    kind: Mapped[LineKind] = mapped_column(enum_type(LineKind, "kind"))
    description: Mapped[str] = mapped_column(sa.Text)
    period_start: Mapped[date | None]
    period_end: Mapped[date | None]
    quantity: Mapped[int] = mapped_column(default=1)
    unit_price_minor: Mapped[Minor | None]
    amount_minor: Mapped[Minor]
    tax_rate_percent: Mapped[Decimal] = mapped_column(sa.Numeric(7, 4), default=Decimal(0))
    corrects_line_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invoice_lines.id"), index=True)
    source_key: Mapped[str | None] = mapped_column(sa.String(120), unique=True)
    is_void: Mapped[bool] = mapped_column(default=False, server_default=sa.false())

    invoice: Mapped[Invoice] = relationship(back_populates="lines")
    service: Mapped[ClientService | None] = relationship()


class InvoiceTax(Base):
    """Tax of one rate on one document, rounded once."""

    __tablename__ = "invoice_taxes"
    __table_args__ = (sa.UniqueConstraint("invoice_id", "rate_percent"),)

    id: Mapped[Id]
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("invoices.id"))
    rate_percent: Mapped[Decimal] = mapped_column(sa.Numeric(7, 4))
    base_minor: Mapped[Minor]
    tax_minor: Mapped[Minor]
