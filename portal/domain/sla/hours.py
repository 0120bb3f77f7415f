"""Business hours: windows on the wall of a time zone, real seconds inside them (rule book 6).

An instant is working time when the local clock then stands inside a window of that local day and the
day is no holiday. So a window that a daylight-saving change cuts into is as long as it really was.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from portal.domain.errors import Invalid, Refused
from portal.domain.periods import Interval

# Minutes since local midnight, [start, end), sorted and apart; one tuple per weekday, Monday first.
Windows = tuple[tuple[tuple[int, int], ...], ...]

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MIDNIGHT = 24 * 60
# Far beyond any target: a calendar that needs longer is as good as one that never opens.
LONGEST_WAIT = timedelta(days=3653)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)

_DAYS = re.compile(r"([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))?")
_HOURS = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")


class NoWorkingTime(Refused):
    """The calendar never opens, so nothing can fall due in it."""


@dataclass(frozen=True)
class Calendar:
    """Business hours. `holidays`: whatever answers `day in holidays`, a set or a country's calendar."""

    timezone: str
    windows: Windows
    holidays: Container[date] = frozenset()

    def working_seconds_between(self, start: datetime, end: datetime) -> int:
        """Whole seconds of working time in [start, end); 0 when the end is not after the start."""
        worked = sum((b - a for a, b in self.working_intervals(start, end)), timedelta())
        return worked // SECOND

    def add_working(self, instant: datetime, seconds: int) -> datetime:
        """The first instant at which that much working time has passed. Raises NoWorkingTime."""
        left = seconds * SECOND
        if not left:
            return instant
        for start, end in self.working_intervals(instant, instant + LONGEST_WAIT):
            if left <= end - start:
                return start + left
            left -= end - start
        raise NoWorkingTime("This calendar has too few working hours for such a target. Give it more.")

    def working_intervals(self, start: datetime, end: datetime) -> Iterator[Interval]:
        """The working time inside [start, end), in order; neighbours may touch."""
        for since, until, offset in _stretches(self.timezone, start, end):
            for opens, closes in self._open_hours(_local(since, offset), _local(until, offset)):
                yield _instant(opens, offset), _instant(closes, offset)

    def _open_hours(self, start: datetime, end: datetime) -> Iterator[Interval]:
        """The same between two readings of the wall clock, while its offset stays the same."""
        day = start.replace(hour=0, minute=0, second=0, microsecond=0)
        while day < end:
            if day.date() not in self.holidays:
                for first, last in self.windows[day.weekday()]:
                    opens = max(start, day + timedelta(minutes=first))
                    closes = min(end, day + timedelta(minutes=last))
                    if opens < closes:
                        yield opens, closes
            day += DAY


ALWAYS: Windows = (((0, MIDNIGHT),),) * 7


def parse_windows(text: str) -> Windows:
    """From "Mon-Fri 08:00-12:00,13:00-17:00;Sat 10:00-14:00". Raises Invalid, under "windows"."""
    minutes: list[list[tuple[int, int]]] = [[] for _ in WEEKDAYS]
    for part in filter(None, (part.strip() for part in text.split(";"))):
        days, _, hours = part.partition(" ")
        ranges = [_hours(each.strip()) for each in hours.split(",")]
        for weekday in _weekdays(days):
            minutes[weekday] += ranges
    if not any(minutes):
        raise _not_hours(text)
    return tuple(_merged(ranges) for ranges in minutes)


def _weekdays(text: str) -> Iterator[int]:
    for part in text.split(","):
        match = _DAYS.fullmatch(part)
        if not match or any(name not in WEEKDAYS for name in match.groups() if name):
            raise _not_hours(text)
        first = WEEKDAYS.index(match[1])
        last = WEEKDAYS.index(match[2] or match[1])
        # "Sat-Mon" runs over the end of the week.
        yield from ((first + step) % 7 for step in range((last - first) % 7 + 1))


def _hours(text: str) -> tuple[int, int]:
    match = _HOURS.fullmatch(text)
    if not match:
        raise _not_hours(text)
    from_hour, from_minute, to_hour, to_minute = (int(each) for each in match.groups())
    start, end = from_hour * 60 + from_minute, to_hour * 60 + to_minute
    if max(from_minute, to_minute) > 59 or not start < end <= MIDNIGHT:
        raise _not_hours(text)
    return start, end


def _not_hours(text: str) -> Invalid:
    return Invalid(
        faults={
            "windows": f"“{text}” are no business hours. Write them like “Mon-Fri 09:00-17:00;"
            "Sat 10:00-14:00”; hours over midnight are two windows, up to 24:00 and from 00:00."
        }
    )


def _merged(ranges: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _local(instant: datetime, offset: timedelta) -> datetime:
    return instant.astimezone(UTC).replace(tzinfo=None) + offset


def _instant(reading: datetime, offset: timedelta) -> datetime:
    return (reading - offset).replace(tzinfo=UTC)


def _stretches(
    timezone: str, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """[start, end) cut where the zone's offset from UTC changes, each stretch with its offset."""
    for year in range(start.astimezone(UTC).year, end.astimezone(UTC).year + 1):
        changes = _offset_changes(timezone, year)
        ends = [since for since, _ in changes[1:]] + [datetime(year + 1, 1, 1, tzinfo=UTC)]
        for (since, offset), until in zip(changes, ends, strict=True):
            if since < end and start < until:
                yield max(start, since), min(end, until), offset


@cache
def _offset_changes(timezone: str, year: int) -> tuple[tuple[datetime, timedelta], ...]:
    """The offset at the start of the UTC year, and each later one with the second from which it holds."""
    zone = ZoneInfo(timezone)
    day = datetime(year, 1, 1, tzinfo=UTC)
    changes = [(day, _offset(zone, day))]
    while day.year == year:
        if _offset(zone, day + DAY) != changes[-1][1]:
            changes.append((_change_within(zone, day), _offset(zone, day + DAY)))
        day += DAY
    return tuple(changes)


def _change_within(zone: ZoneInfo, day: datetime) -> datetime:
    before = _offset(zone, day)
    seconds = range(DAY // SECOND)
    changed_at = bisect_left(seconds, True, key=lambda second: _offset(zone, day + second * SECOND) != before)
    return day + changed_at * SECOND


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()
