"""What is kept of asking for money: reminders, dismissed proposals, exports to the ledger, printed statements.

What a client owes is nowhere in here: it is derived from documents and payments each time.
"""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from portal.db import Base, Currency, Id, Instant, enum_type
from portal.domain.billing.models import Invoice
from portal.domain.clients.models import Client
from portal.domain.money import Money
from portal.domain.staff.models import User
from portal.domain.words import EntryKind


class PaymentReminder(Base):
    """One step of reminding about one overdue invoice. `sent_at`: the first of its mails went out."""

    __tablename__ = "payment_reminders"
    __label__ = "payment reminder"
    __table_args__ = (
        sa.UniqueConstraint("invoice_id", "step_days"),
        sa.CheckConstraint("step_days > 0", name="step"),
    )

    id: Mapped[Id]
    invoice_id: Mapped[int] = mapped_column(sa.ForeignKey("invoices.id"))
    step_days: Mapped[int]
    days_late: Mapped[int]
    asked_at: Mapped[Instant]
    sent_at: Mapped[Instant | None]

    invoice: Mapped[Invoice] = relationship()


class SuspensionDismissal(Base):
    """Somebody looked at an overdue client and decided to wait: no proposal to suspend before `until_on`."""

    __tablename__ = "suspension_dismissals"
    __table_args__ = (sa.Index("ix_suspension_dismissals_client", "client_id", "until_on"),)

    id: Mapped[Id]
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("clients.id"))
    until_on: Mapped[date]
    note: Mapped[str] = mapped_column(sa.Text)
    dismissed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    dismissed_at: Mapped[Instant]


class ExportBatch(Base):
    """Journal lines that went to the ledger together; the file is kept, so that it is the same whenever asked for.

    `starts_on` to `ends_on`, the first day not covered, is what was asked for; entries that came late into a period
    exported before are in it too. `totals`: {currency: minor units of debit}, which are those of credit.
    """

    __tablename__ = "export_batches"
    __label__ = "export batch"
    __table_args__ = (sa.CheckConstraint("ends_on > starts_on", name="period"),)

    id: Mapped[Id]
    number: Mapped[int] = mapped_column(unique=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    documents: Mapped[int]
    lines: Mapped[int]
    totals: Mapped[dict[str, int]] = mapped_column(JSONB)
    content: Mapped[bytes] = deferred(mapped_column(sa.LargeBinary))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    made_at: Mapped[Instant]

    made_by: Mapped[User | None] = relationship()

    @property
    def sums(self) -> list[Money]:
        return [Money(minor, currency) for currency, minor in sorted(self.totals.items())]


class ExportedEntry(Base):
    """An entry of the books that is in a batch; the key lets none be in two."""

    __tablename__ = "exported_entries"

    kind: Mapped[EntryKind] = mapped_column(enum_type(EntryKind, "kind"), primary_key=True)
    source_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("export_batches.id"), index=True)


class Statement(Base):
    """A statement of account that somebody wants as PDF: printed once, from the books of that moment."""

    __tablename__ = "statements"
    __label__ = "statement"
    __table_args__ = (
        sa.CheckConstraint("ends_on > starts_on", name="period"),
        sa.Index("ix_statements_client", "client_id", "id"),
    )

    id: Mapped[Id]
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("clients.id"))
    currency: Mapped[Currency]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    asked_at: Mapped[Instant]
    pdf_key: Mapped[str | None] = mapped_column(sa.String(200))
    pdf_sha256: Mapped[str | None] = mapped_column(sa.String(64))

    client: Mapped[Client] = relationship()
