"""When a service was down, and when it was agreed that it may be."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Id, Instant, enum_type
from portal.domain.words import Source


class Outage(Base):
    """Downtime [started_at, ended_at); still open while `ended_at` is null."""

    __tablename__ = "outages"
    __label__ = "outage"
    __table_args__ = (
        sa.CheckConstraint("ended_at >= started_at", name="dates"),
        sa.Index("ix_outages_service", "client_service_id", "started_at"),
    )

    id: Mapped[Id]
    client_service_id: Mapped[int] = mapped_column(sa.ForeignKey("client_services.id"))
    started_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    source: Mapped[Source] = mapped_column(enum_type(Source, "source"), default=Source.MANUAL)
    incident_id: Mapped[int | None] = mapped_column(sa.ForeignKey("incidents.id"), unique=True)


class MaintenanceWindow(Base):
    """Agreed downtime [starts_at, ends_at); it counts only if `agreed_at` is before it began."""

    __tablename__ = "maintenance_windows"
    __label__ = "maintenance window"
    __table_args__ = (
        sa.CheckConstraint("ends_at > starts_at", name="dates"),
        sa.Index("ix_maintenance_windows_service", "client_service_id", "starts_at"),
    )

    id: Mapped[Id]
    client_service_id: Mapped[int] = mapped_column(sa.ForeignKey("client_services.id"))
    title: Mapped[str] = mapped_column(sa.String(200), default="")
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    agreed_at: Mapped[Instant]
    import_key: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
