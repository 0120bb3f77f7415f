"""Telling people: one row per event, person and channel, whatever runs twice."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db import db, lock
from portal.domain.errors import NotFound
from portal.domain.events import NoticeQueued
from portal.domain.lifecycle.models import ClientService
from portal.domain.notices.kinds import KINDS, Facts
from portal.domain.notices.models import Notice, NoticePreference
from portal.domain.notices.queries import preferences_of, recipients
from portal.domain.words import Channel, NoticeStatus
from portal.signals import send


def notify(*, event_id: int, kind: str, service_id: int | None, facts: Facts, at: datetime) -> list[int]:
    """Tell everybody concerned, by the channels they want; the ids of the new notices.

    An in-app notice has arrived with its row; one by mail is sent by a listener of its own.
    """
    service = db.session.get_one(ClientService, service_id) if service_id is not None else None
    what = KINDS[kind]
    wanted = preferences_of(recipients(what.to, service), kind)
    path = f"/services/{service.id}" if service else "/ops"
    fresh = []
    for user_id, channel in wanted:
        arrived = channel is Channel.IN_APP
        row = insert(Notice).values(
            event_id=event_id,
            user_id=user_id,
            channel=channel,
            status=NoticeStatus.SENT if arrived else NoticeStatus.WAITING,
            sent_at=at if arrived else None,
            kind=kind,
            title=what.title(service, facts)[:200],
            body=what.body(service, facts),
            path=path,
            created_at=at,
        )
        notice_id = db.session.scalar(row.on_conflict_do_nothing().returning(Notice.id))
        if notice_id is not None:
            fresh.append(notice_id)
            if not arrived:
                send(NoticeQueued(notice_id=notice_id), by=None, at=at)
    return fresh


def settle(*, notice_id: int, at: datetime) -> None:
    """The mail has gone out."""
    notice = lock(Notice, notice_id)
    notice.status, notice.sent_at, notice.error = NoticeStatus.SENT, at, ""


def read(*, notice_id: int, by: int, at: datetime) -> Notice:
    """Somebody has opened it. Raises NotFound for a notice of somebody else."""
    notice = lock(Notice, notice_id)
    if notice.user_id != by or notice.channel is not Channel.IN_APP:
        raise NotFound("There is no such notice.")
    notice.read_at = notice.read_at or at
    return notice


def read_all(*, by: int, at: datetime) -> int:
    """Mark all of one's own notices as read; how many were not."""
    unread = sa.update(Notice).where(
        Notice.user_id == by, Notice.channel == Channel.IN_APP, Notice.read_at.is_(None)
    )
    return len(db.session.scalars(unread.values(read_at=at).returning(Notice.id)).all())


def prefer(*, kind: str, channel: Channel, is_wanted: bool, by: int, at: datetime) -> None:
    """Choose for oneself whether a kind comes by a channel."""
    if kind not in KINDS:
        raise NotFound("There is no such kind of notice.")
    row = insert(NoticePreference).values(user_id=by, kind=kind, channel=channel, is_wanted=is_wanted)
    db.session.execute(
        row.on_conflict_do_update(
            index_elements=["user_id", "kind", "channel"], set_={"is_wanted": is_wanted}
        )
    )
