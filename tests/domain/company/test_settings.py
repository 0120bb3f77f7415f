"""The business settings: rows that differ from their defaults."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from portal.db import db, transaction
from portal.domain import company
from portal.domain.company.rules import PAGES, SETTINGS
from portal.domain.errors import Invalid, StaleVersion
from portal.outbox import EventRecord

pytestmark = pytest.mark.usefixtures("session")

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 17, 9, tzinfo=UTC)


def change(at=MONDAY, seen=None, by=None, **values):
    with transaction():
        company.change(values=values, seen=seen, by=by, at=at)


def told():
    rows = sa.select(EventRecord.payload).filter_by(kind="settings_changed").order_by(EventRecord.id)
    return [payload["changes"] for payload in db.session.scalars(rows)]


def test_a_setting_is_its_default_until_somebody_changes_it():
    assert company.setting("grace_days") == 30
    change(grace_days="14")
    assert company.setting("grace_days") == 14
    assert company.all_settings()["grace_days"] == 14


def test_a_change_is_told_with_both_values_and_who(cast):
    change(by=cast.adi.id, grace_days=14, credit_on_suspend=True)
    assert told() == [{"grace_days": [30, 14]}]


def test_what_stays_as_it_is_leaves_no_trace():
    change(grace_days=30, totp_required_roles=[])
    assert told() == []


BAD = [
    ("grace_days", "366"), ("grace_days", "ten"), ("idle_minutes", "4"), ("session_hours", "169"),
    ("cancellation_fee_percent", "-1"), ("books_closed_until", "2026-13-01"), ("totp_required_roles", ["king"]),
    ("invoice_prefix", "x" * 21), ("company_address", "nul \x00"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), BAD)
def test_a_value_that_cannot_hold_is_refused_at_its_field(key, value):
    with pytest.raises(Invalid) as refusal:
        change(**{key: value})
    assert refusal.value.faults.keys() == {key}
    assert told() == []


def test_the_day_up_to_which_the_books_are_closed_can_be_cleared():
    change(books_closed_until="2026-10-01")
    assert company.setting("books_closed_until") == "2026-10-01"
    change(books_closed_until="")
    assert company.setting("books_closed_until") is None


def test_roles_are_kept_once_each():
    change(totp_required_roles=["finance", "admin", "finance"])
    assert company.setting("totp_required_roles") == ["admin", "finance"]


def test_a_stale_page_shows_both_values_and_overwrites_nothing():
    seen = company.version_of("renewals")
    change(grace_days=10, seen=seen)
    with pytest.raises(StaleVersion) as refusal:
        change(at=TUESDAY, grace_days=20, seen=seen)
    assert refusal.value.theirs == {"Grace after the end of a term": ("20", "10")}
    assert company.setting("grace_days") == 10


def test_a_change_on_another_page_makes_this_one_not_stale():
    seen = company.version_of("renewals")
    change(idle_minutes=20)
    change(at=TUESDAY, grace_days=20, seen=seen)
    assert company.setting("grace_days") == 20


def test_a_setting_that_is_not_declared_cannot_be_set():
    with pytest.raises(KeyError):
        change(is_admin="yes")


@pytest.mark.parametrize("each", SETTINGS, ids=lambda each: each.key)
def test_every_setting_says_what_it_affects_and_stands_on_a_page(each):
    assert each.effect.endswith(".")
    assert each.page in PAGES
    assert each.clean(each.default) == each.default
