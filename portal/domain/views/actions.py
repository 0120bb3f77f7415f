"""Saving and removing views."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db import db, fetch, lock
from portal.domain import fields
from portal.domain.errors import NotFound
from portal.domain.events import ViewRemoved, ViewSaved
from portal.domain.staff.models import User
from portal.domain.views.models import SavedView
from portal.signals import send

CHECKS = {
    "name": fields.text(60, required=True),
    "path": fields.text(200, required=True),
    "query": fields.text(2000),
}


def save(
    *,
    path: str,
    query: str,
    name: str,
    is_shared: bool = False,
    is_default: bool = False,
    by: int,
    at: datetime,
) -> SavedView:
    """Keep a list's address; a view of the same name is written over. Raises Invalid."""
    values = fields.check(CHECKS, {"name": name, "path": path, "query": query})
    lock(User, by)
    if is_default:
        others = sa.update(SavedView).filter_by(user_id=by, path=values["path"], is_default=True)
        db.session.execute(others.values(is_default=False))
    kept = values | {"user_id": by, "is_shared": is_shared, "is_default": is_default, "saved_at": at}
    row = insert(SavedView).values(kept)
    same = row.on_conflict_do_update(index_elements=["user_id", "path", "name"], set_=kept)
    view_id = db.session.scalar(same.returning(SavedView.id))
    send(ViewSaved(user_id=by, name=values["name"], path=values["path"]), by=by, at=at)
    return db.session.get_one(SavedView, view_id, populate_existing=True)


def remove(*, view_id: int, by: int, may_remove_all: bool = False, at: datetime) -> SavedView:
    """Take a view away; those of others only with the right to. Raises NotFound."""
    view = fetch(SavedView, view_id)
    if view.user_id != by and not (view.is_shared and may_remove_all):
        raise NotFound("There is no such view.")
    db.session.delete(view)
    send(ViewRemoved(user_id=view.user_id, name=view.name, path=view.path), by=by, at=at)
    return view
