"""Reading the business settings."""

from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.domain.company.models import BusinessSetting
from portal.domain.company.rules import BY_KEY, SETTINGS, on_page


def setting(key: str) -> Any:
    """The value in force: what an admin set, else the default. KeyError for a key that is not declared."""
    found = db.session.get(BusinessSetting, key)
    return BY_KEY[key].default if found is None else found.value


def all_settings() -> dict[str, Any]:
    """Every setting in force, by key."""
    stored = {row.key: row.value for row in db.session.execute(sa.select(BusinessSetting)).scalars()}
    return {one.key: stored.get(one.key, one.default) for one in SETTINGS}


def version_of(page: str) -> str:
    """Changes whenever a setting of this page does; for forms, which must not overwrite what they never showed."""
    latest = sa.select(sa.func.max(BusinessSetting.changed_at))
    keys = [each.key for each in on_page(page)]
    found = db.session.scalar(latest.where(BusinessSetting.key.in_(keys)))
    return found.isoformat() if found else "default"
