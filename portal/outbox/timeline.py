"""What happened to some subjects, for people to read: the newest first."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.outbox.models import EventRecord

Ids = Sequence[int] | sa.Select[int]


def happened(
    subjects: Mapping[str, Ids], *, at_most: int, before: int | None = None, without: Sequence[str] = ()
) -> Sequence[EventRecord]:
    """Events of these subjects, {subject type: ids or a SELECT of ids}; `before` is the id to go on from."""
    about = sa.or_(
        *(
            (EventRecord.subject_type == kind) & EventRecord.subject_id.in_(ids)
            for kind, ids in subjects.items()
        )
    )
    found: sa.Select[Any] = sa.select(EventRecord).where(about)
    if before is not None:
        found = found.where(EventRecord.id < before)
    if without:
        found = found.where(EventRecord.kind.not_in(without))
    return db.session.scalars(found.order_by(EventRecord.id.desc()).limit(at_most)).all()
