"""Business calendars. An incident is given its due times when it opens: a change holds for later ones."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from portal.db import batch_lock, db, lock
from portal.domain import fields
from portal.domain.catalogue import queries, rules
from portal.domain.catalogue.keeping import check_free, replace_children
from portal.domain.catalogue.models import Calendar, CalendarHoliday
from portal.domain.errors import Refused
from portal.domain.events import CalendarChanged
from portal.domain.wording import few
from portal.signals import send

Rows = rules.Rows
Days = dict[date, str]

NAME_TAKEN = "Another calendar has this name already."


def create_calendar(*, days: Rows = (), by: int | None, at: datetime, **values: Any) -> Calendar:
    """A new calendar; `values`: fields of rules.CALENDAR, `days`: rows of on_date and name. Raises Invalid."""
    cleaned, closed = _check(values, days)
    batch_lock("catalogue")
    check_free(Calendar, "name", cleaned["name"], NAME_TAKEN)
    calendar = Calendar(holidays=_rows(closed))
    changes = fields.assign(calendar, cleaned) | {"days_off": ([], _words(closed))}
    db.session.add(calendar)
    db.session.flush()
    send(CalendarChanged(calendar_id=calendar.id, what="calendar added", changes=changes), by=by, at=at)
    return calendar


def edit_calendar(
    *, calendar_id: int, version: int, days: Rows, by: int | None, at: datetime, **values: Any
) -> Calendar:
    """Change the fields given, and the dated days off as a whole. Raises Invalid, StaleVersion."""
    batch_lock("catalogue")
    calendar = lock(Calendar, calendar_id)
    cleaned, closed = _check(values, days)
    check_free(Calendar, "name", cleaned["name"], NAME_TAKEN, other_than=calendar_id)
    before = {each.on_date: each.name for each in calendar.holidays}
    changes = fields.differences(calendar, cleaned)
    if closed != before:
        changes["days_off"] = (_words(before), _words(closed))
    fields.refuse_stale(calendar, version, changes)
    fields.assign(calendar, cleaned)
    if closed != before:
        replace_children(calendar, calendar.holidays, _rows(closed))
    if changes:
        send(CalendarChanged(calendar_id=calendar_id, what="calendar changed", changes=changes), by=by, at=at)
    return calendar


def remove_calendar(*, calendar_id: int, by: int | None, at: datetime) -> None:
    """Raises Refused while an SLA policy counts its hours."""
    batch_lock("catalogue")
    calendar = lock(Calendar, calendar_id)
    policies = queries.policies_on(calendar_id)
    if policies:
        raise Refused(f"{calendar.name} is the calendar of {few(policies)}. Choose another one there first.")
    db.session.delete(calendar)
    send(CalendarChanged(calendar_id=calendar_id, what=f"calendar deleted: {calendar.name}"), by=by, at=at)


def _check(values: Mapping[str, Any], days: Rows) -> tuple[dict[str, Any], Days]:
    return fields.together(lambda: fields.check(rules.CALENDAR, values), lambda: rules.check_days(days))


def _rows(days: Days) -> list[CalendarHoliday]:
    return [CalendarHoliday(on_date=day, name=name) for day, name in days.items()]


def _words(days: Days) -> list[str]:
    return [f"{day} {name}".strip() for day, name in days.items()]
