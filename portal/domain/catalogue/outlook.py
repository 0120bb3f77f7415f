"""What a calendar means, drawn before it is saved and after: the hours of each weekday, and the next days off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.domain import fields
from portal.domain.catalogue import rules
from portal.domain.catalogue.days_off import DaysOff
from portal.domain.catalogue.models import Calendar
from portal.domain.errors import Invalid

READ = ("timezone", "windows", "holidays_country")


@dataclass(frozen=True)
class Window:
    """Minutes since midnight, [start, end)."""

    start: int
    end: int

    def __str__(self) -> str:
        return "–".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (self.start, self.end))


@dataclass(frozen=True)
class Outlook:
    """week: (weekday, its windows), Monday first. faults: why nothing can be drawn, by field."""

    week: Sequence[tuple[str, Sequence[Window]]] = ()
    days_off: Sequence[tuple[date, str]] = ()
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def hours(self) -> str:
        """Working time of a week without days off: "42 h 30 min"."""
        minutes = sum(window.end - window.start for _, windows in self.week for window in windows)
        return rules.span_in_words(minutes)


def outlook_of(calendar: Calendar, *, since: date, count: int = 5) -> Outlook:
    """Of a stored calendar."""
    days = {each.on_date: each.name for each in calendar.holidays}
    return _drawn(calendar.windows, DaysOff(calendar.holidays_country, days), since, count)


def outlook(values: Mapping[str, Any], days: rules.Rows, *, since: date, count: int = 5) -> Outlook:
    """Of what somebody is entering; nothing is stored."""
    entered = {key: values.get(key) for key in READ}
    cleaners = {key: rules.CALENDAR[key] for key in READ}
    try:
        cleaned, closed = fields.together(
            lambda: fields.check(cleaners, entered), lambda: rules.check_days(days)
        )
    except Invalid as refusal:
        return Outlook(faults=refusal.faults)
    return _drawn(cleaned["windows"], DaysOff(cleaned["holidays_country"], closed), since, count)


def _drawn(windows: str, days_off: DaysOff, since: date, count: int) -> Outlook:
    # Here and not above: that package builds on this one.
    from portal.domain.sla.hours import WEEKDAYS, parse_windows

    week = [
        (weekday, [Window(*minutes) for minutes in ranges])
        for weekday, ranges in zip(WEEKDAYS, parse_windows(windows), strict=True)
    ]
    return Outlook(week, days_off.upcoming(since, count))
