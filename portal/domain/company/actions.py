"""Changing the business settings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from portal.db import db
from portal.domain.company.models import BusinessSetting
from portal.domain.company.queries import all_settings
from portal.domain.company.rules import check
from portal.domain.events import SettingsChanged
from portal.signals import send


def change(*, values: Mapping[str, Any], by: int | None, at: datetime) -> None:
    """Set the settings named in `values`. Raises Invalid; an unchanged value leaves no trace."""
    before = all_settings()
    changed = {key: check(key, value) for key, value in values.items() if value != before[key]}
    for key, value in changed.items():
        row = insert(BusinessSetting).values(key=key, value=value, changed_at=at, changed_by_id=by)
        db.session.execute(
            row.on_conflict_do_update(
                index_elements=["key"], set_={"value": value, "changed_at": at, "changed_by_id": by}
            )
        )
    db.session.expire_all()
    if changed:
        send(
            SettingsChanged(changes={key: (before[key], value) for key, value in changed.items()}),
            by=by,
            at=at,
        )
