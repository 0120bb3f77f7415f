"""Messages to people: one row per event, person and channel, and who wants which."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Id, Instant, enum_type
from portal.domain.words import Channel, NoticeStatus


class Notice(Base):
    """The unique key is what tells each person once per event and channel."""

    __tablename__ = "notices"
    __label__ = "notice"
    __table_args__ = (
        sa.UniqueConstraint("event_id", "user_id", "channel"),
        sa.Index(
            "ix_notices_unread", "user_id", "id",
            postgresql_where=sa.text("channel = 'in_app' AND read_at IS NULL"),
        ),
        sa.Index("ix_notices_user", "user_id", "id"),
        sa.Index("ix_notices_channel", "channel", "id"),
    )  # fmt: skip

    id: Mapped[Id]
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("events.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    channel: Mapped[Channel] = mapped_column(enum_type(Channel, "channel"))
    status: Mapped[NoticeStatus] = mapped_column(
        enum_type(NoticeStatus, "status"), default=NoticeStatus.WAITING
    )
    kind: Mapped[str] = mapped_column(sa.String(60))
    title: Mapped[str] = mapped_column(sa.String(200))
    body: Mapped[str] = mapped_column(sa.Text, default="")
    path: Mapped[str] = mapped_column(sa.String(200), default="")
    created_at: Mapped[Instant]
    sent_at: Mapped[Instant | None]
    read_at: Mapped[Instant | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(sa.Text, default="")


class NoticePreference(Base):
    """A person's own choice; no row means the kind's default."""

    __tablename__ = "notice_preferences"
    __table_args__ = (sa.UniqueConstraint("user_id", "kind", "channel"),)

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(sa.String(60))
    channel: Mapped[Channel] = mapped_column(enum_type(Channel, "channel"))
    is_wanted: Mapped[bool]
