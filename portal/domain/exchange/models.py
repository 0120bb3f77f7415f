"""What one unit of a currency was worth in the company's currency from a day on."""

from datetime import date
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, Currency, Id, Instant
from portal.domain.staff.models import User


class ExchangeRate(Base):
    """One unit of `currency` is `rate` units of `into`, from `on_date` until the next rate."""

    __tablename__ = "exchange_rates"
    __label__ = "exchange rate"
    __table_args__ = (
        sa.UniqueConstraint("currency", "into", "on_date"),
        sa.CheckConstraint("rate > 0", name="rate"),
        sa.CheckConstraint('currency <> "into"', name="two_currencies"),
    )

    id: Mapped[Id]
    currency: Mapped[Currency]
    into: Mapped[Currency]
    on_date: Mapped[date]
    rate: Mapped[Decimal] = mapped_column(sa.Numeric(20, 10))
    entered_at: Mapped[Instant]
    entered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    entered_by: Mapped[User | None] = relationship()
