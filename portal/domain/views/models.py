"""Views that people have saved."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.db import Base, Id, Instant
from portal.domain.staff.models import User


class SavedView(Base):
    """A list's address under a name: `path` of the list, `query` as it stands behind the question mark.

    `is_default`: its owner comes to it by opening the list. `is_shared`: everybody who may open the list sees it.
    """

    __tablename__ = "saved_views"
    __label__ = "view"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "path", "name"),
        sa.Index(
            "uq_saved_views_default", "user_id", "path", unique=True, postgresql_where=sa.text("is_default")
        ),
        sa.Index("ix_saved_views_path", "path"),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    path: Mapped[str] = mapped_column(sa.String(200))
    name: Mapped[str] = mapped_column(sa.String(60))
    query: Mapped[str] = mapped_column(sa.Text)
    is_shared: Mapped[bool] = mapped_column(default=False)
    is_default: Mapped[bool] = mapped_column(default=False)
    saved_at: Mapped[Instant]

    user: Mapped[User] = relationship()

    @property
    def url(self) -> str:
        return f"{self.path}?{self.query}" if self.query else f"{self.path}?view=all"
