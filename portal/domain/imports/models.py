"""Imports of a book of business: those that changed something, and those that were asked for on the page."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Id, Instant, enum_type
from portal.domain.imports.rules import BY_NAME
from portal.domain.words import JobState


class ImportRun(Base):
    """`archive` is the uploaded zip, dropped when the run is over. `result` is the report of contract.md."""

    __tablename__ = "import_runs"
    __label__ = "import"

    id: Mapped[Id]
    filename: Mapped[str] = mapped_column(sa.String(200))
    archive: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    is_dry_run: Mapped[bool] = mapped_column(default=False)
    state: Mapped[JobState] = mapped_column(enum_type(JobState, "state"), default=JobState.WAITING)
    progress: Mapped[int] = mapped_column(default=0)
    requested_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    requested_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]
    result: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)

    @property
    def is_over(self) -> bool:
        return self.state in (JobState.DONE, JobState.FAILED)

    @property
    def faults(self) -> list[dict[str, Any]]:
        return list(self.result.get("faults", ()))

    @property
    def tallies(self) -> list[tuple[str, dict[str, int]]]:
        """By file, in the order in which files refer to one another; JSONB keeps no order."""
        counted = self.result.get("files", {})
        return [(name, counted[name]) for name in BY_NAME if name in counted]
