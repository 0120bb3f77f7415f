"""The price timetable: every change of what a service costs, planned or done. Amounts are minor units."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, Id, Instant, Minor, enum_type
from portal.domain.catalogue.models import Product
from portal.domain.clients.models import Client
from portal.domain.money import Money
from portal.domain.pricing.rules import Change, Discount, Raise
from portal.domain.words import PriceState

if TYPE_CHECKING:
    from portal.domain.lifecycle.models import ClientService


class PriceBatch(Base):
    """One price change for many services: proposed, then planned, until each has taken effect or it is withdrawn.

    `percent` or `amount_minor` (of `currency`) on top of each cycle's price before its discount, either way, then to
    a multiple of `round_to_minor`. `effective_on` None: each service on its own next boundary.
    """

    __tablename__ = "price_batches"
    __label__ = "bulk price change"
    __table_args__ = (
        sa.CheckConstraint("(percent IS NULL) <> (amount_minor IS NULL)", name="percent_or_amount"),
        sa.CheckConstraint("(amount_minor IS NULL) = (currency IS NULL)", name="currency"),
        sa.CheckConstraint("round_to_minor > 0", name="rounding"),
    )

    id: Mapped[Id]
    product_id: Mapped[int | None] = mapped_column(sa.ForeignKey("products.id"), index=True)
    client_id: Mapped[int | None] = mapped_column(sa.ForeignKey("clients.id"), index=True)
    percent: Mapped[Decimal | None] = mapped_column(sa.Numeric(7, 4))
    amount_minor: Mapped[Minor | None]
    currency: Mapped[str | None] = mapped_column(sa.String(3))
    round_to_minor: Mapped[Minor] = mapped_column(default=1)
    effective_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    state: Mapped[PriceState] = mapped_column(enum_type(PriceState, "state"), default=PriceState.PROPOSED)
    requested_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"), index=True)
    requested_at: Mapped[Instant]
    settled_at: Mapped[Instant | None]

    product: Mapped[Product | None] = relationship()
    client: Mapped[Client | None] = relationship()

    @property
    def raised(self) -> Raise:
        amount = None
        if self.amount_minor is not None and self.currency is not None:
            amount = Money(self.amount_minor, self.currency)
        return Raise(self.percent, amount, self.round_to_minor)


class PriceChange(Base):
    """One change of one service from `effective_on` on; what is None stays as it is then.

    `whole_price_minor` names the cycle's price as a whole, `unit_price_minor` that of one. `ends_change_id`: this is
    the end of the discount that the other change gives. `on_boundary`: billing takes the new price from the first
    boundary on or after the day, without credit and charge (the price of a new term). What the change comes to
    (`cycle_price_*`, `monthly_change_minor`) is foreseen while it is planned, and final once it is done.
    """

    __tablename__ = "price_changes"
    __label__ = "price change"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0", name="quantity"),
        sa.CheckConstraint("discount_percent IS NULL OR discount_minor IS NULL", name="discount"),
        sa.Index("uq_price_changes_batch", "batch_id", "client_service_id", unique=True),
        sa.Index(
            "ix_price_changes_planned", "effective_on", "id", postgresql_where=sa.text("state = 'planned'")
        ),
        sa.Index("ix_price_changes_service", "client_service_id", "effective_on", "id"),
    )

    id: Mapped[Id]
    client_service_id: Mapped[int] = mapped_column(sa.ForeignKey("client_services.id"))
    effective_on: Mapped[date]
    state: Mapped[PriceState] = mapped_column(enum_type(PriceState, "state"), default=PriceState.PLANNED)
    quantity: Mapped[int | None]
    unit_price_minor: Mapped[Minor | None]
    whole_price_minor: Mapped[Minor | None]
    discount_percent: Mapped[Decimal | None] = mapped_column(sa.Numeric(7, 4))
    discount_minor: Mapped[Minor | None]
    discount_until: Mapped[date | None]
    ends_discount: Mapped[bool] = mapped_column(default=False)
    ends_change_id: Mapped[int | None] = mapped_column(sa.ForeignKey("price_changes.id"), index=True)
    batch_id: Mapped[int | None] = mapped_column(sa.ForeignKey("price_batches.id"))
    on_boundary: Mapped[bool] = mapped_column(default=False)
    cycle_price_before_minor: Mapped[Minor | None]
    cycle_price_minor: Mapped[Minor | None]
    monthly_change_minor: Mapped[Minor | None]
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    note: Mapped[str] = mapped_column(sa.Text, default="")
    requested_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"), index=True)
    requested_at: Mapped[Instant]
    settled_at: Mapped[Instant | None]

    service: Mapped["ClientService"] = relationship()
    batch: Mapped[PriceBatch | None] = relationship()

    def change(self, currency: str) -> Change:
        """What it sets, as a value."""

        def money(minor: int | None) -> Money | None:
            return None if minor is None else Money(minor, currency)

        has_discount = self.discount_percent is not None or self.discount_minor is not None
        discount = Discount(self.discount_percent, money(self.discount_minor), self.discount_until)
        return Change(
            quantity=self.quantity,
            unit_price=money(self.unit_price_minor),
            cycle_price=money(self.whole_price_minor),
            discount=discount if has_discount else None,
            no_discount=self.ends_discount and self.ends_change_id is None,
            over=self.effective_on if self.ends_change_id is not None else None,
            raised=self.batch.raised if self.batch else None,
        )
