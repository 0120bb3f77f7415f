"""Reading saved views."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.db import db
from portal.domain.views.models import SavedView

MOST_OFFERED = 50


def of_list(path: str, user_id: int) -> Sequence[SavedView]:
    """What this person can choose from on a list: their own views, then what others share, each by name."""
    mine = SavedView.user_id == user_id
    views = sa.select(SavedView).where(SavedView.path == path, mine | SavedView.is_shared)
    in_order = views.options(joinedload(SavedView.user)).order_by(mine.desc(), SavedView.name, SavedView.id)
    return db.session.scalars(in_order.limit(MOST_OFFERED)).all()


def default_of(path: str, user_id: int) -> SavedView | None:
    """The view that this person wants to see first."""
    return db.session.scalar(sa.select(SavedView).filter_by(path=path, user_id=user_id, is_default=True))
