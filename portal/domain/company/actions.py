"""Changing the business settings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from portal.db import batch_lock, db
from portal.domain.company.models import BusinessSetting
from portal.domain.company.queries import all_settings, version_of
from portal.domain.company.rules import BY_KEY, check
from portal.domain.errors import StaleVersion
from portal.domain.events import SettingsChanged
from portal.domain.fields import Changes
from portal.domain.wording import in_words
from portal.signals import send


def change(*, values: Mapping[str, Any], seen: str | None = None, by: int | None, at: datetime) -> None:
    """Set the settings named in `values`; one that stays as it is leaves no trace.

    seen: version_of the page that the values were entered on. Raises Invalid, and StaleVersion when a setting of
    that page was changed since.
    """
    batch_lock("settings")
    before = all_settings()
    entered = check(values)
    changes = {key: (before[key], value) for key, value in entered.items() if value != before[key]}
    _refuse_stale(changes, seen)
    for key, (_, value) in changes.items():
        row = insert(BusinessSetting).values(key=key, value=value, changed_at=at, changed_by_id=by)
        db.session.execute(
            row.on_conflict_do_update(
                index_elements=["key"], set_={"value": value, "changed_at": at, "changed_by_id": by}
            )
        )
    db.session.expire_all()
    if changes:
        send(SettingsChanged(changes=changes), by=by, at=at)


def _refuse_stale(changes: Changes, seen: str | None) -> None:
    pages = {BY_KEY[key].page for key in changes}
    if seen is None or all(version_of(page) == seen for page in pages):
        return
    raise StaleVersion(
        theirs={BY_KEY[key].label: (in_words(new), in_words(old)) for key, (old, new) in changes.items()}
    )
