"""Setting a service up: its tasks, and the half-filled wizard."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, Id, Instant
from portal.domain.staff.models import User


class ProvisioningTask(Base):
    """A checklist item of the product, copied when provisioning started."""

    __tablename__ = "provisioning_tasks"
    __label__ = "task"
    __table_args__ = (sa.UniqueConstraint("client_service_id", "position"),)

    id: Mapped[Id]
    client_service_id: Mapped[int] = mapped_column(sa.ForeignKey("client_services.id"))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(200))
    is_mandatory: Mapped[bool] = mapped_column(default=False)
    done_at: Mapped[Instant | None]
    done_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    note: Mapped[str] = mapped_column(sa.Text, default="")

    done_by: Mapped[User | None] = relationship()


class WizardDraft(Base):
    """The wizard's answers so far, one dict per step. `client_service_id` is set when it is finished, once."""

    __tablename__ = "wizard_drafts"
    __label__ = "draft"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    step: Mapped[str] = mapped_column(sa.String(40))
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    client_service_id: Mapped[int | None] = mapped_column(sa.ForeignKey("client_services.id"), unique=True)
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
