"""Incidents with their SLA clocks."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, Id, Instant, enum_type
from portal.domain.lifecycle.models import ClientService
from portal.domain.words import Severity, Source


class Incident(Base):
    """Something went wrong on a service. Targets and due instants are copied when it opens (rule book 6).

    `import_key` is the natural key of an imported row, so that importing again changes nothing.
    """

    __tablename__ = "incidents"
    __label__ = "incident"
    __table_args__ = (
        sa.CheckConstraint("acknowledged_at >= opened_at", name="acknowledged"),
        sa.CheckConstraint("resolved_at >= opened_at", name="resolved"),
        sa.Index("ix_incidents_service", "client_service_id", "opened_at"),
        sa.Index("ix_incidents_open", "resolution_due_at", postgresql_where=sa.text("resolved_at IS NULL")),
    )

    id: Mapped[Id]
    client_service_id: Mapped[int] = mapped_column(sa.ForeignKey("client_services.id"))
    title: Mapped[str] = mapped_column(sa.String(200))
    description: Mapped[str] = mapped_column(sa.Text, default="")
    severity: Mapped[Severity] = mapped_column(enum_type(Severity, "severity"))
    source: Mapped[Source] = mapped_column(enum_type(Source, "source"), default=Source.MANUAL)
    opened_at: Mapped[Instant]
    acknowledged_at: Mapped[Instant | None]
    resolved_at: Mapped[Instant | None]
    response_minutes: Mapped[int | None]
    resolution_minutes: Mapped[int | None]
    response_due_at: Mapped[Instant | None]
    resolution_due_at: Mapped[Instant | None]
    response_breached_at: Mapped[Instant | None]
    resolution_breached_at: Mapped[Instant | None]
    is_downtime: Mapped[bool] = mapped_column(default=False)
    import_key: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    version: Mapped[int] = mapped_column(default=1)

    service: Mapped[ClientService] = relationship()
    __mapper_args__ = {"version_id_col": version}
