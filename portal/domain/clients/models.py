"""Clients, the people at the client, and the agreements with it."""

from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, Currency, Id, Instant
from portal.domain.staff.models import User


class Client(Base):
    """A customer company. `tax_rate_percent` is exact; `billing_day` null means each service's own anniversary."""

    __tablename__ = "clients"
    __label__ = "client"
    __table_args__ = (
        sa.CheckConstraint("billing_day BETWEEN 1 AND 31", name="billing_day"),
        sa.CheckConstraint("payment_terms_days >= 0", name="payment_terms"),
        sa.CheckConstraint("tax_rate_percent BETWEEN 0 AND 100", name="tax_rate"),
        sa.Index("ix_clients_search", "search", postgresql_using="gin"),
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200), index=True)
    currency: Mapped[Currency]
    timezone: Mapped[str] = mapped_column(sa.String(64), default="UTC")
    locale: Mapped[str] = mapped_column(sa.String(20), default="en_US")
    payment_terms_days: Mapped[int] = mapped_column(default=30)
    tax_rate_percent: Mapped[Decimal] = mapped_column(sa.Numeric(7, 4), default=Decimal(0))
    tax_exempt: Mapped[bool] = mapped_column(default=False)
    tax_id: Mapped[str] = mapped_column(sa.String(60), default="")
    address: Mapped[str] = mapped_column(sa.Text, default="")
    po_number: Mapped[str] = mapped_column(sa.String(60), default="")
    billing_email: Mapped[str] = mapped_column(sa.String(254), default="")
    billing_day: Mapped[int | None]
    consolidate_invoices: Mapped[bool] = mapped_column(default=True)
    credit_on_suspend: Mapped[bool | None]
    email_invoices: Mapped[bool | None]
    overdue_limit_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    wants_renewal_notices: Mapped[bool] = mapped_column(default=False)
    wants_monthly_report: Mapped[bool] = mapped_column(default=False)
    wants_payment_reminders: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    account_manager_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"), index=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    notes: Mapped[str] = mapped_column(sa.Text, default="")
    created_at: Mapped[Instant] = mapped_column(server_default=sa.func.now())
    version: Mapped[int] = mapped_column(default=1)
    search: Mapped[str] = mapped_column(
        TSVECTOR, sa.Computed("to_tsvector('simple', code || ' ' || name)", persisted=True), deferred=True
    )

    account_manager: Mapped[User | None] = relationship()
    contacts: Mapped[list["Contact"]] = relationship(back_populates="client", order_by="Contact.name")
    contracts: Mapped[list["Contract"]] = relationship(back_populates="client", order_by="Contract.number")

    __mapper_args__ = {"version_id_col": version}


class Contact(Base):
    """A person at the client; `roles` (words.ContactRole) say which mail they get."""

    __tablename__ = "contacts"
    __label__ = "contact"
    __table_args__ = (sa.UniqueConstraint("client_id", "email"),)

    id: Mapped[Id]
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    email: Mapped[str] = mapped_column(sa.String(254))
    phone: Mapped[str] = mapped_column(sa.String(60), default="")
    roles: Mapped[list[str]] = mapped_column(ARRAY(sa.String(20)), default=list)
    is_active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)

    client: Mapped[Client] = relationship(back_populates="contacts")
    __mapper_args__ = {"version_id_col": version}


class Contract(Base):
    """The agreement that client services can hang under. Percents are exact; null means the product's."""

    __tablename__ = "contracts"
    __label__ = "contract"
    __table_args__ = (
        sa.CheckConstraint("end_date IS NULL OR end_date > start_date", name="dates"),
        sa.CheckConstraint("cancellation_fee_percent BETWEEN 0 AND 100", name="fee"),
    )

    id: Mapped[Id]
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    number: Mapped[str] = mapped_column(sa.String(60), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200), default="")
    start_date: Mapped[date]
    end_date: Mapped[date | None]
    cancellation_fee_percent: Mapped[Decimal | None] = mapped_column(sa.Numeric(7, 4))
    cancellation_fee_cap_months: Mapped[int | None]
    uplift_percent: Mapped[Decimal | None] = mapped_column(sa.Numeric(7, 4))
    notes: Mapped[str] = mapped_column(sa.Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    client: Mapped[Client] = relationship(back_populates="contracts")
    __mapper_args__ = {"version_id_col": version}
