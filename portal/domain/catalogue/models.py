"""What is sold: products with their checklist, SLA policies with their targets, business calendars."""

from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, Currency, Id, Minor, enum_type
from portal.domain.periods import Cycle
from portal.domain.words import ServiceLevel, ServiceType, Severity


class Calendar(Base):
    """Business hours. `windows`: "Mon-Fri 08:00-12:00,13:00-17:00;Sat 10:00-14:00" on the wall of `timezone`.

    `holidays_country` takes the public holidays of a country or region ("DE", "DE-BY"); `CalendarHoliday` adds
    dated ones.
    """

    __tablename__ = "calendars"
    __label__ = "calendar"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    timezone: Mapped[str] = mapped_column(sa.String(64))
    windows: Mapped[str] = mapped_column(sa.Text)
    holidays_country: Mapped[str] = mapped_column(sa.String(40), default="")
    version: Mapped[int] = mapped_column(default=1)

    holidays: Mapped[list["CalendarHoliday"]] = relationship(
        order_by="CalendarHoliday.on_date", cascade="all, delete-orphan"
    )
    __mapper_args__ = {"version_id_col": version}


class CalendarHoliday(Base):
    __tablename__ = "calendar_holidays"
    __table_args__ = (sa.UniqueConstraint("calendar_id", "on_date"),)

    id: Mapped[Id]
    calendar_id: Mapped[int] = mapped_column(sa.ForeignKey("calendars.id", ondelete="CASCADE"))
    on_date: Mapped[date]
    name: Mapped[str] = mapped_column(sa.String(120), default="")


class SlaPolicy(Base):
    """Targets per severity and the availability promised, in percent."""

    __tablename__ = "sla_policies"
    __label__ = "SLA policy"
    __table_args__ = (sa.CheckConstraint("availability_target BETWEEN 0 AND 100", name="availability"),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    calendar_id: Mapped[int] = mapped_column(sa.ForeignKey("calendars.id"), index=True)
    availability_target: Mapped[Decimal] = mapped_column(sa.Numeric(7, 4))
    terms: Mapped[str] = mapped_column(sa.Text, default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)

    calendar: Mapped[Calendar] = relationship()
    targets: Mapped[list["SlaTarget"]] = relationship(cascade="all, delete-orphan", order_by="SlaTarget.id")
    __mapper_args__ = {"version_id_col": version}


class SlaTarget(Base):
    """Minutes of business time to the first response and to the resolution."""

    __tablename__ = "sla_targets"
    __table_args__ = (
        sa.UniqueConstraint("policy_id", "severity"),
        sa.CheckConstraint("response_minutes > 0 AND resolution_minutes > 0", name="positive"),
    )

    id: Mapped[Id]
    policy_id: Mapped[int] = mapped_column(sa.ForeignKey("sla_policies.id", ondelete="CASCADE"))
    severity: Mapped[Severity] = mapped_column(enum_type(Severity, "severity"))
    response_minutes: Mapped[int]
    resolution_minutes: Mapped[int]


class Product(Base):
    """A service template. `cycle_price_minor` is the price of one cycle (rule book 2)."""

    __tablename__ = "products"
    __label__ = "product"
    __table_args__ = (
        sa.CheckConstraint("cycle_price_minor >= 0 AND setup_fee_minor >= 0", name="prices"),
        sa.CheckConstraint("term_months >= 0 AND notice_days >= 0", name="term"),
    )

    id: Mapped[Id]
    sku: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200), index=True)
    description: Mapped[str] = mapped_column(sa.Text, default="")
    service_type: Mapped[ServiceType] = mapped_column(enum_type(ServiceType, "service_type"))
    category: Mapped[str] = mapped_column(sa.String(80), default="")
    service_level: Mapped[ServiceLevel] = mapped_column(
        enum_type(ServiceLevel, "service_level"), default=ServiceLevel.STANDARD
    )
    billing_cycle: Mapped[Cycle] = mapped_column(enum_type(Cycle, "billing_cycle"))
    currency: Mapped[Currency]
    cycle_price_minor: Mapped[Minor]
    setup_fee_minor: Mapped[Minor] = mapped_column(default=0)
    term_months: Mapped[int] = mapped_column(default=12)
    notice_days: Mapped[int] = mapped_column(default=30)
    uplift_percent: Mapped[Decimal] = mapped_column(sa.Numeric(7, 4), default=Decimal(0))
    uplift_cap_percent: Mapped[Decimal | None] = mapped_column(sa.Numeric(7, 4))
    cancellation_fee_percent: Mapped[Decimal | None] = mapped_column(sa.Numeric(7, 4))
    sla_policy_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sla_policies.id"))
    required_skills: Mapped[list[str]] = mapped_column(ARRAY(sa.String(60)), default=list)
    is_active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)

    sla_policy: Mapped[SlaPolicy | None] = relationship()
    checklist: Mapped[list["ChecklistItem"]] = relationship(
        cascade="all, delete-orphan", order_by="ChecklistItem.position"
    )
    __mapper_args__ = {"version_id_col": version}


class ChecklistItem(Base):
    """One step of setting a product up; copied into tasks when provisioning starts."""

    __tablename__ = "checklist_items"
    __table_args__ = (sa.UniqueConstraint("product_id", "position"),)

    id: Mapped[Id]
    product_id: Mapped[int] = mapped_column(sa.ForeignKey("products.id", ondelete="CASCADE"))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(200))
    is_mandatory: Mapped[bool] = mapped_column(default=False)
