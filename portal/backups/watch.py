"""How old the last backup is, and a warning when there should be a newer one."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from portal.db import db
from portal.domain.events import BackupMade, BackupOverdue
from portal.outbox import EventRecord
from portal.signals import send

OLDEST = timedelta(hours=26)


def note(*, size_bytes: int, rows: int, at: datetime) -> None:
    """A backup was made."""
    send(BackupMade(backup_no=_next_number(), size_bytes=size_bytes, rows=rows), by=None, at=at)


def age(at: datetime) -> timedelta | None:
    """Since the last backup, or while there is none since the first event; None in a portal without a past."""
    last = db.session.scalar(_of(BackupMade.kind).order_by(EventRecord.id.desc()).limit(1))
    since = last or db.session.scalar(sa.select(EventRecord.occurred_at).order_by(EventRecord.id).limit(1))
    return at - since if since else None


def is_overdue(at: datetime) -> bool:
    """A day has passed since the last one, and two hours more for it to be made."""
    passed = age(at)
    return passed is not None and passed > OLDEST


def warn_when_overdue(*, slot: datetime, at: datetime) -> None:
    """Tell the admins; once for a slot of the calendar, however often it is run."""
    passed = age(at)
    told = db.session.scalar(
        sa.select(_of(BackupOverdue.kind).where(EventRecord.occurred_at >= slot).exists())
    )
    if passed is not None and passed > OLDEST and not told:
        number = (
            db.session.scalar(sa.select(sa.func.count()).select_from(_of(BackupMade.kind).subquery())) or 0
        )
        send(BackupOverdue(backup_no=number + 1, hours=int(passed / timedelta(hours=1))), by=None, at=at)


def _next_number() -> int:
    made = sa.select(sa.func.count()).select_from(EventRecord).where(EventRecord.kind == BackupMade.kind)
    return int(db.session.scalar(made) or 0) + 1


def _of(kind: str) -> sa.Select[tuple[datetime]]:
    return sa.select(EventRecord.occurred_at).where(EventRecord.kind == kind)
