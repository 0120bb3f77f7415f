"""Dates as the business counts them: half-open periods, cycles, and boundaries on an anchor day.

A period `[start, end)` holds its first day and not its last. A boundary is always computed from the
first day and the anchor, never from the boundary before it: 31 Jan → 28 Feb → 31 Mar.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import count

# Half-open like a period, between two aware UTC instants: the clocks of incidents and outages.
Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The days from `start` up to, and without, `end`; at least one."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"A period ends after it starts, and {self.end} is not after {self.start}.")

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def __str__(self) -> str:
        return f"{self.start}/{self.end}"

    def overlaps(self, other: Period) -> bool:
        return self.start < other.end and other.start < self.end

    def intersection(self, other: Period) -> Period | None:
        """The days in both, or None when there is none."""
        if not self.overlaps(other):
            return None
        return Period(max(self.start, other.start), min(self.end, other.end))


class Cycle(StrEnum):
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    SEMI_ANNUALLY = "semi-annually"
    ANNUALLY = "annually"
    ONE_TIME = "one-time"

    @property
    def months(self) -> Fraction:
        """How many months one cycle is worth: a week is 12/52 of a month, one-time none."""
        return MONTHS[self]

    @property
    def label(self) -> str:
        return LABELS[self]

    @property
    def per(self) -> str:
        """As said after a price: "a quarter"; one-time is said "once"."""
        return PER[self]


MONTHS = {
    Cycle.WEEKLY: Fraction(12, 52),
    Cycle.MONTHLY: Fraction(1),
    Cycle.QUARTERLY: Fraction(3),
    Cycle.SEMI_ANNUALLY: Fraction(6),
    Cycle.ANNUALLY: Fraction(12),
    Cycle.ONE_TIME: Fraction(0),
}
LABELS = {
    Cycle.WEEKLY: "Weekly",
    Cycle.MONTHLY: "Monthly",
    Cycle.QUARTERLY: "Quarterly",
    Cycle.SEMI_ANNUALLY: "Every six months",
    Cycle.ANNUALLY: "Yearly",
    Cycle.ONE_TIME: "One-time",
}
PER = {
    Cycle.WEEKLY: "a week",
    Cycle.MONTHLY: "a month",
    Cycle.QUARTERLY: "a quarter",
    Cycle.SEMI_ANNUALLY: "half a year",
    Cycle.ANNUALLY: "a year",
    Cycle.ONE_TIME: "once",
}


def add_months(day: date, months: int, anchor_day: int | None = None) -> date:
    """The anchor day (by default the day's own) that many months on; in a short month its last day."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month0 + 1)[1]
    return date(year, month0 + 1, min(anchor_day or day.day, last))


@dataclass(frozen=True, slots=True)
class MonthSpan:
    """Whole anchored months, and the remaining days over the days of that last month."""

    months: int
    days: int
    of_days: int

    @property
    def exact(self) -> Fraction:
        return self.months + Fraction(self.days, self.of_days)

    def __str__(self) -> str:
        words = f"{self.months} month{'' if self.months == 1 else 's'}"
        return f"{words} and {self.days} of {self.of_days} days" if self.days else words


def months_between(start: date, end: date) -> MonthSpan:
    """16 Nov → 1 Jan: one month to 16 Dec, and 16 of the 31 days 16 Dec–16 Jan."""
    if end < start:
        raise ValueError(f"{end} is before {start}.")
    months = (end.year - start.year) * 12 + end.month - start.month
    if add_months(start, months) > end:
        months -= 1
    last = Period(add_months(start, months), add_months(start, months + 1))
    return MonthSpan(months, (end - last.start).days, last.days)


@dataclass(frozen=True, slots=True)
class Timetable:
    """The boundaries of one schedule: boundary 0 is its first day.

    A first day off the anchor makes a first stub up to the next anchor day; whole cycles follow.
    Weeks step by 7 days from the first day, whatever the anchor. One-time has a single boundary.
    """

    first_on: date
    anchor_day: int
    cycle: Cycle

    def __post_init__(self) -> None:
        if not 1 <= self.anchor_day <= 31:
            raise ValueError(f"An anchor day is 1 to 31, not {self.anchor_day}.")

    @property
    def starts_with_stub(self) -> bool:
        return self._grid(0) != self.first_on

    def boundary(self, n: int) -> date:
        if n < 0 or (n > 0 and self.cycle is Cycle.ONE_TIME):
            raise ValueError(f"A {self.cycle} schedule has no boundary {n}.")
        if n == 0:
            return self.first_on
        return self._grid(n - 1 if self.starts_with_stub else n)

    def boundaries(self) -> Iterator[date]:
        """Without end, except for one-time."""
        yield self.first_on
        if self.cycle is not Cycle.ONE_TIME:
            yield from (self.boundary(n) for n in count(1))

    def next_boundary(self, on_or_after: date) -> date:
        """The first boundary that is not before the day; raises for one-time once it has passed."""
        if on_or_after <= self.first_on:
            return self.first_on
        self._refuse_one_time()
        period = self.period_containing(on_or_after)
        return period.start if period.start == on_or_after else period.end

    def period_containing(self, day: date) -> Period:
        """The period billed for that day: the first one may be a stub."""
        if day < self.first_on:
            raise ValueError(f"{day} is before the schedule starts on {self.first_on}.")
        whole = self.anchored_period_containing(day)
        return Period(max(whole.start, self.first_on), whole.end)

    def anchored_period_containing(self, day: date) -> Period:
        """The whole cycle around that day, also when the schedule starts or ends inside it."""
        self._refuse_one_time()
        k = self._estimate(day)
        if self._grid(k) > day:
            k -= 1
        return Period(self._grid(k), self._grid(k + 1))

    def _grid(self, k: int) -> date:
        """Anchored date k, counted from the first one that is not before the first day; k may be negative."""
        if self.cycle is Cycle.WEEKLY:
            return self.first_on + timedelta(days=7 * k)
        if self.cycle is Cycle.ONE_TIME:
            return self.first_on
        step = int(self.cycle.months)
        skip = 1 if add_months(self.first_on, 0, self.anchor_day) < self.first_on else 0
        return add_months(self.first_on, skip + k * step, self.anchor_day)

    def _estimate(self, day: date) -> int:
        """The index of the anchored date in or before that day's month or week: right, or one too high."""
        if self.cycle is Cycle.WEEKLY:
            return (day - self.first_on).days // 7
        origin = self._grid(0)
        months = (day.year - origin.year) * 12 + day.month - origin.month
        return months // int(self.cycle.months)

    def _refuse_one_time(self) -> None:
        if self.cycle is Cycle.ONE_TIME:
            raise ValueError("One-time work is billed once and has no periods.")


def boundary(first_on: date, anchor_day: int, cycle: Cycle, n: int) -> date:
    """Boundary n of the schedule that starts on `first_on`; boundary 0 is that day itself."""
    return Timetable(first_on, anchor_day, cycle).boundary(n)
