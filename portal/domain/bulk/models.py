"""One action over many chosen services, worked through in the background with a result per row."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, Id, Instant, enum_type
from portal.domain.lifecycle.models import ClientService
from portal.domain.words import ItemState, JobState


class BulkAction(Base):
    __tablename__ = "bulk_actions"
    __label__ = "bulk action"

    id: Mapped[Id]
    command: Mapped[str] = mapped_column(sa.String(40))
    arguments: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    state: Mapped[JobState] = mapped_column(enum_type(JobState, "state"), default=JobState.WAITING)
    requested_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    requested_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]

    items: Mapped[list["BulkItem"]] = relationship(order_by="BulkItem.id")


class BulkItem(Base):
    __tablename__ = "bulk_items"
    __table_args__ = (sa.UniqueConstraint("bulk_id", "client_service_id"),)

    id: Mapped[Id]
    bulk_id: Mapped[int] = mapped_column(sa.ForeignKey("bulk_actions.id"))
    client_service_id: Mapped[int] = mapped_column(sa.ForeignKey("client_services.id"), index=True)
    state: Mapped[ItemState] = mapped_column(enum_type(ItemState, "state"), default=ItemState.WAITING)
    message: Mapped[str] = mapped_column(sa.Text, default="")

    service: Mapped[ClientService] = relationship()
