"""The history of health scores, each with the factors that explain it."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Id, Instant


class HealthCheck(Base):
    """One score. `factors`: [[factor, points, reason in words], …], the largest deduction first."""

    __tablename__ = "health_checks"
    __table_args__ = (
        sa.UniqueConstraint("client_service_id", "checked_at"),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name="score"),
    )

    id: Mapped[Id]
    client_service_id: Mapped[int] = mapped_column(sa.ForeignKey("client_services.id"))
    checked_at: Mapped[Instant]
    score: Mapped[int]
    factors: Mapped[list[Any]] = mapped_column(JSONB, default=list)
