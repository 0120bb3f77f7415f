"""Who is told, and what they were told."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.domain.lifecycle.models import ClientService
from portal.domain.notices.kinds import KINDS, To
from portal.domain.notices.models import Notice, NoticePreference
from portal.domain.staff.models import User
from portal.domain.staff.permissions import Role
from portal.domain.words import Channel


def recipients(parts: Iterable[To], service: ClientService | None) -> list[int]:
    """Ids of the active people with these parts, each once whatever parts it has, ascending."""
    by_part = {
        To.TECHNICIAN: User.id == (service.technician_id if service else None),
        To.BACKUP: User.id == (service.backup_technician_id if service else None),
        To.ACCOUNT_MANAGER: User.id == (service.client.account_manager_id if service else None),
        To.ADMINS: User.role == Role.ADMIN,
        To.ALL_TECHNICIANS: sa.and_(
            User.role == Role.TECHNICIAN, sa.literal(service is None or service.technician_id is None)
        ),
    }
    concerned = sa.or_(*(by_part[part] for part in parts))
    return list(db.session.scalars(sa.select(User.id).where(User.is_active, concerned).order_by(User.id)))


def told_of(kind: str, service: ClientService) -> list[str]:
    """Names of the people who hear of this kind of event of the service."""
    ids = recipients(KINDS[kind].to, service)
    return list(db.session.scalars(sa.select(User.name).where(User.id.in_(ids)).order_by(User.name)))


def preferences_of(user_ids: Sequence[int], kind: str) -> list[tuple[int, Channel]]:
    """(person, channel) for each message that is wanted: the person's choice, else the kind's default."""
    chosen = {
        (row.user_id, row.channel): row.is_wanted
        for row in db.session.scalars(
            sa.select(NoticePreference).where(
                NoticePreference.user_id.in_(user_ids), NoticePreference.kind == kind
            )
        )
    }
    default = KINDS[kind].channels
    return [
        (user_id, channel)
        for user_id in user_ids
        for channel in Channel
        if chosen.get((user_id, channel), channel in default)
    ]


def unread(user_id: int) -> tuple[int, int]:
    """(how many unread, the id of the newest): what the bell shows, and what tells whether it changed."""
    mine = sa.select(sa.func.count(), sa.func.coalesce(sa.func.max(Notice.id), 0)).where(
        Notice.user_id == user_id, Notice.channel == Channel.IN_APP, Notice.read_at.is_(None)
    )
    count, newest = db.session.execute(mine).one()
    return int(count), int(newest)


def latest(user_id: int, limit: int = 8) -> Sequence[Notice]:
    """The newest in-app notices of a person, unread first."""
    mine = sa.select(Notice).where(Notice.user_id == user_id, Notice.channel == Channel.IN_APP)
    return db.session.scalars(mine.order_by(Notice.read_at.is_not(None), Notice.id.desc()).limit(limit)).all()


def wants(user_id: int) -> dict[tuple[str, Channel], bool]:
    """What a person gets, for each kind and channel, as of now."""
    chosen = {
        (row.kind, row.channel): row.is_wanted
        for row in db.session.scalars(sa.select(NoticePreference).filter_by(user_id=user_id))
    }
    return {
        (kind, channel): chosen.get((kind, channel), channel in what.channels)
        for kind, what in KINDS.items()
        for channel in Channel
    }


def listing(user_id: int) -> sa.Select[*tuple[Any, ...]]:
    """All in-app notices of a person, for the list: unread ones carry state "unread"."""
    return sa.select(
        Notice.id,
        Notice.title,
        Notice.body,
        Notice.kind,
        Notice.path,
        Notice.created_at,
        sa.case((Notice.read_at.is_(None), "unread"), else_="read").label("state"),
    ).where(Notice.user_id == user_id, Notice.channel == Channel.IN_APP)


def matching(text: str) -> sa.ColumnElement[bool]:
    """Notices that say this."""
    return Notice.title.icontains(text, autoescape=True) | Notice.body.icontains(text, autoescape=True)


def mail_log() -> sa.Select[*tuple[Any, ...]]:
    """Every notice that went, or is to go, by mail: to whom, what became of it."""
    return (
        sa.select(
            Notice.id,
            Notice.title,
            User.email.label("recipient"),
            Notice.status.label("state"),
            Notice.created_at,
            Notice.sent_at,
        )
        .join(User, User.id == Notice.user_id)
        .where(Notice.channel == Channel.EMAIL)
    )
