"""Incidents with their SLA clocks, the pauses of these, and what people wrote about them."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, Id, Instant, enum_type
from portal.domain.clients.models import Contact
from portal.domain.lifecycle.models import ClientService
from portal.domain.staff.models import User
from portal.domain.words import Severity, Source


class Incident(Base):
    """Something went wrong on a service. Targets and due instants are copied when it opens (rule book 6).

    Each target has the instant at which three quarters of it have passed (`_warn_at`) and at which people were warned
    (`_warned_at`). A breach stands at the instant at which the target passed. While it waits for the client,
    `waiting_since` says so; the pause becomes a row when it ends, and the instants move then.
    `import_key` is the natural key of an imported row, so that importing again changes nothing.
    """

    __tablename__ = "incidents"
    __label__ = "incident"
    __table_args__ = (
        sa.CheckConstraint("acknowledged_at >= opened_at", name="acknowledged"),
        sa.CheckConstraint("resolved_at >= opened_at", name="resolved"),
        sa.Index("ix_incidents_service", "client_service_id", "opened_at"),
        sa.CheckConstraint("waiting_since IS NULL OR resolved_at IS NULL", name="waits_or_is_over"),
        sa.Index("ix_incidents_open", "resolution_due_at", postgresql_where=sa.text("resolved_at IS NULL")),
        sa.Index(
            "ix_incidents_unanswered", "response_due_at",
            postgresql_where=sa.text("resolved_at IS NULL AND acknowledged_at IS NULL"),
        ),
    )  # fmt: skip

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
    response_warn_at: Mapped[Instant | None]
    resolution_warn_at: Mapped[Instant | None]
    response_warned_at: Mapped[Instant | None]
    resolution_warned_at: Mapped[Instant | None]
    response_breached_at: Mapped[Instant | None]
    resolution_breached_at: Mapped[Instant | None]
    breach_reason: Mapped[str] = mapped_column(sa.Text, default="")
    waiting_since: Mapped[Instant | None]
    waiting_for: Mapped[str] = mapped_column(sa.Text, default="")
    resolution: Mapped[str] = mapped_column(sa.Text, default="")
    is_downtime: Mapped[bool] = mapped_column(default=False)
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    contact_id: Mapped[int | None] = mapped_column(sa.ForeignKey("contacts.id", ondelete="SET NULL"))
    import_key: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    version: Mapped[int] = mapped_column(default=1)

    service: Mapped[ClientService] = relationship()
    owner: Mapped[User | None] = relationship()
    contact: Mapped[Contact | None] = relationship()
    pauses: Mapped[list["IncidentPause"]] = relationship(order_by="IncidentPause.began_at")
    comments: Mapped[list["IncidentComment"]] = relationship(order_by="IncidentComment.id")
    __mapper_args__ = {"version_id_col": version}

    already_done_message = ""
    """What to say when the last command found that it had happened before; not stored."""

    @property
    def is_breached(self) -> bool:
        return bool(self.response_breached_at or self.resolution_breached_at)


class IncidentPause(Base):
    """Time [began_at, ended_at) in which the resolution clock stood still: it waited, or was taken for resolved."""

    __tablename__ = "incident_pauses"
    __table_args__ = (
        sa.CheckConstraint("ended_at >= began_at", name="dates"),
        sa.Index("ix_incident_pauses_incident", "incident_id", "began_at"),
    )

    id: Mapped[Id]
    incident_id: Mapped[int] = mapped_column(sa.ForeignKey("incidents.id"))
    began_at: Mapped[Instant]
    ended_at: Mapped[Instant]
    reason: Mapped[str] = mapped_column(sa.Text, default="")


class IncidentComment(Base):
    """What somebody wrote about an incident; it stays as it was written."""

    __tablename__ = "incident_comments"
    __table_args__ = (sa.Index("ix_incident_comments_incident", "incident_id", "id"),)

    id: Mapped[Id]
    incident_id: Mapped[int] = mapped_column(sa.ForeignKey("incidents.id"))
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    written_at: Mapped[Instant]
    text: Mapped[str] = mapped_column(sa.Text)

    user: Mapped[User | None] = relationship()
