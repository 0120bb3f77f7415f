"""Reports that were asked for: the request, its facts, and where its file is."""

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, Id, Instant, enum_type
from portal.domain.clients.models import Client
from portal.domain.lifecycle.models import ClientService
from portal.domain.words import JobState


class SlaReport(Base):
    """An SLA report of one service, or of all services of a client, over [period_start, period_end).

    `facts` are the frozen figures that the PDF was printed from; `sha256` is that of the file. The same report
    is under way once: asking again while it is being made adds nothing.
    """

    __tablename__ = "sla_reports"
    __label__ = "report"
    __table_args__ = (
        sa.CheckConstraint("period_end > period_start", name="period"),
        sa.Index("ix_sla_reports_client", "client_id", "id"),
        sa.Index(
            "uq_sla_reports_under_way", "client_id", sa.text("coalesce(client_service_id, 0)"), "period_start",
            "period_end", unique=True, postgresql_where=sa.text("state IN ('waiting', 'running')"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    client_id: Mapped[int] = mapped_column(sa.ForeignKey("clients.id"))
    client_service_id: Mapped[int | None] = mapped_column(sa.ForeignKey("client_services.id"), index=True)
    period_start: Mapped[date]
    period_end: Mapped[date]
    state: Mapped[JobState] = mapped_column(enum_type(JobState, "state"), default=JobState.WAITING)
    requested_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    requested_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    file_key: Mapped[str | None] = mapped_column(sa.String(200))
    sha256: Mapped[str | None] = mapped_column(sa.String(64))
    size_bytes: Mapped[int | None] = mapped_column(sa.BigInteger)
    error: Mapped[str] = mapped_column(sa.Text, default="")

    client: Mapped[Client] = relationship()
    service: Mapped[ClientService | None] = relationship()

    @property
    def is_over(self) -> bool:
        return self.state in (JobState.DONE, JobState.FAILED)

    @property
    def last_day(self) -> date:
        return self.period_end - timedelta(days=1)

    @property
    def filename(self) -> str:
        """sla-C1000-2026-10-01-2026-10-31.pdf"""
        return f"sla-{self.client.code}-{self.period_start}-{self.last_day}.pdf"
