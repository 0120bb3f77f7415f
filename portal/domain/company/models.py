"""Business settings: rows that an admin edits on a page."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Instant


class BusinessSetting(Base):
    """A setting that differs from its default in `rules.SETTINGS`."""

    __tablename__ = "business_settings"

    key: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    value: Mapped[Any] = mapped_column(JSONB)
    changed_at: Mapped[Instant]
    changed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
