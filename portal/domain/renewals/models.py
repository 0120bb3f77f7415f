"""Terms that were renewed, the decision about the next one, and who was reminded of it when.

The unique keys make a second renewal of one term, and a second reminder of one stage, impossible.
"""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Currency, Id, Instant, Minor


class Renewal(Base):
    """The term [term_start, term_end) that a renewal opened, and the cycle price agreed for it."""

    __tablename__ = "renewals"
    __label__ = "renewal"
    __table_args__ = (sa.UniqueConstraint("client_service_id", "term_start"),)

    id: Mapped[Id]
    client_service_id: Mapped[int] = mapped_column(sa.ForeignKey("client_services.id"))
    term_start: Mapped[date]
    term_end: Mapped[date]
    months: Mapped[int]
    cycle_price_minor: Mapped[Minor]
    currency: Mapped[Currency]
    renewed_at: Mapped[Instant]
    renewed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))


class RenewalCase(Base):
    """What is known about the decision on the term that would begin on `term_start`.

    `agreed_*`: what was approved. `was_automatic`: whether it renewed by itself before it was denied. `grace_until`:
    how far the grace was extended. `held_*`: why the run did not renew it when its day had come.
    """

    __tablename__ = "renewal_cases"
    __label__ = "renewal"
    __table_args__ = (
        sa.UniqueConstraint("client_service_id", "term_start"),
        sa.CheckConstraint("agreed_months > 0 AND agreed_price_minor >= 0", name="agreed"),
        sa.CheckConstraint("(agreed_months IS NULL) = (agreed_price_minor IS NULL)", name="whole"),
    )

    id: Mapped[Id]
    client_service_id: Mapped[int] = mapped_column(sa.ForeignKey("client_services.id"))
    term_start: Mapped[date]
    agreed_price_minor: Mapped[Minor | None]
    agreed_months: Mapped[int | None]
    was_automatic: Mapped[bool | None]
    grace_until: Mapped[date | None]
    grace_reason: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    held_reasons: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), default=list, server_default="{}")
    held_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(sa.Text, default="", server_default="")
    next_contact_on: Mapped[date | None]


class RenewalReminder(Base):
    """That it was told, so many days (the stage) before the term would begin. A stage is told once for each term."""

    __tablename__ = "renewal_reminders"
    __label__ = "renewal reminder"
    __table_args__ = (sa.UniqueConstraint("client_service_id", "term_start", "stage_days"),)

    id: Mapped[Id]
    client_service_id: Mapped[int] = mapped_column(sa.ForeignKey("client_services.id"))
    term_start: Mapped[date]
    stage_days: Mapped[int]
    reminded_at: Mapped[Instant]
