"""What happened (events), and what is still to be done about it (deliveries)."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Id, Instant


class EventRecord(Base):
    """One fact. Append-only: a trigger (migrations/guards.sql) refuses UPDATE, DELETE and TRUNCATE."""

    __tablename__ = "events"
    __table_args__ = (
        sa.Index("ix_events_subject", "subject_type", "subject_id", sa.text("id DESC")),
        sa.Index("ix_events_kind", "kind", sa.text("id DESC")),
        sa.Index("ix_events_actor", "actor_id", sa.text("id DESC")),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(sa.Text)
    subject_type: Mapped[str] = mapped_column(sa.Text)
    subject_id: Mapped[int] = mapped_column(sa.BigInteger)
    occurred_at: Mapped[Instant]
    actor_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Delivery(Base):
    """One event on its way to one listener.

    Pending until `done_at` or `parked_at` is set, so that pending + done + parked = created, always.
    `leased_at` is the token of whoever works on it now: set by a claim, cleared with the result. A lease that
    ran out with the token still there means that the worker died. `gave_up_at` acknowledges a parked one.
    All of its instants are the database's time, not the portal's clock: leases and back-off are real seconds.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        sa.UniqueConstraint("event_id", "listener"),
        sa.CheckConstraint("done_at IS NULL OR parked_at IS NULL", name="one_result"),
        sa.CheckConstraint("gave_up_at IS NULL OR parked_at IS NOT NULL", name="only_parked_is_given_up"),
        sa.Index(
            "ix_deliveries_due",
            "queue",
            "due_at",
            "id",
            postgresql_where=sa.text("done_at IS NULL AND parked_at IS NULL"),
        ),
        sa.Index(
            "ix_deliveries_parked", "parked_at", "id", postgresql_where=sa.text("parked_at IS NOT NULL")
        ),
    )

    id: Mapped[Id]
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id"))
    listener: Mapped[str] = mapped_column(sa.Text)
    queue: Mapped[str] = mapped_column(sa.Text)
    attempts: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    crashes: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    created_at: Mapped[Instant] = mapped_column(server_default=sa.func.now())
    due_at: Mapped[Instant] = mapped_column(server_default=sa.func.now())
    leased_at: Mapped[Instant | None]
    leased_alone: Mapped[bool] = mapped_column(server_default=sa.false())
    done_at: Mapped[Instant | None]
    parked_at: Mapped[Instant | None]
    gave_up_at: Mapped[Instant | None]
    gave_up_by: Mapped[int | None] = mapped_column(sa.BigInteger)
    error: Mapped[str | None] = mapped_column(sa.Text)
