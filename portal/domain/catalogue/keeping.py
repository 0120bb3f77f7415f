"""What products, policies and calendars have in common when they are kept."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified

from portal.db import db
from portal.domain.catalogue.models import Calendar, SlaPolicy
from portal.domain.errors import Invalid
from portal.domain.fields import Changes

REFERENCES: dict[str, type[Any]] = {"sla_policy_id": SlaPolicy, "calendar_id": Calendar}


def check_free(model: Any, field: str, value: str, fault: str, *, other_than: int | None = None) -> None:
    """Raises Invalid when another row has this value. The caller holds the lock of the catalogue."""
    taken = sa.select(model.id).where(getattr(model, field) == value, model.id.is_distinct_from(other_than))
    if db.session.scalar(taken) is not None:
        raise Invalid(faults={field: fault})


def check_reference(field: str, row_id: int | None) -> None:
    """Raises Invalid when there is no such policy or calendar."""
    if row_id is not None and db.session.get(REFERENCES[field], row_id) is None:
        raise Invalid(faults={field: "Choose one from the list."})


def named(changes: Changes) -> Changes:
    """With names in place of ids: people read this."""
    return {
        key.removesuffix("_id"): (_name(key, before), _name(key, after))
        if key in REFERENCES
        else (before, after)
        for key, (before, after) in changes.items()
    }


def replace_children(owner: Any, children: list[Any], fresh: list[Any]) -> None:
    """These rows instead of those; the owner's version counts it, though none of its own columns changed."""
    children.clear()
    flag_modified(owner, "name")
    db.session.flush()
    children.extend(fresh)
    db.session.flush()


def _name(field: str, row_id: int | None) -> str:
    row = db.session.get(REFERENCES[field], row_id) if row_id else None
    return str(row.name) if row else "none"
