"""Availability: the share of measured time that was up (rule book 6). Intervals are half-open, in UTC."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from portal.domain.errors import Refused
from portal.domain.periods import Interval

MICROSECOND = timedelta(microseconds=1)


class NothingMeasured(Refused):
    """There is no measured time: shown as "n/a", because unknown is not up."""


@dataclass(frozen=True, slots=True)
class Maintenance:
    starts_at: datetime
    ends_at: datetime
    agreed_at: datetime

    @property
    def counts(self) -> bool:
        """What was agreed only once it had begun excuses nothing."""
        return self.agreed_at < self.starts_at


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Sorted, apart, and without empty ones: overlaps and neighbours become one."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def intersect(one: Iterable[Interval], other: Iterable[Interval]) -> list[Interval]:
    """The time that lies in both, merged."""
    left, right = merge(one), merge(other)
    shared: list[Interval] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if start < end:
            shared.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return shared


def subtract(whole: Iterable[Interval], taken: Iterable[Interval]) -> list[Interval]:
    """The time of `whole` that lies outside `taken`, merged."""
    left: list[Interval] = []
    gone = merge(taken)
    k = 0
    for start, end in merge(whole):
        since = start
        while k < len(gone) and gone[k][1] <= since:
            k += 1
        # The last one taken may reach into the next interval, so k stays on it.
        while k < len(gone) and gone[k][0] < end:
            if since < gone[k][0]:
                left.append((since, gone[k][0]))
            since = max(since, gone[k][1])
            if since >= end:
                break
            k += 1
        if since < end:
            left.append((since, end))
    return left


def duration(intervals: Iterable[Interval]) -> timedelta:
    return sum((end - start for start, end in merge(intervals)), timedelta())


def ended(outages: Iterable[tuple[datetime, datetime | None]], now: datetime) -> list[Interval]:
    """The union of the outages; one that is still open runs until now."""
    return merge((start, now if end is None else end) for start, end in outages)


def measured_time(
    *,
    window: Interval,
    monitored_from: datetime | None,
    now: datetime,
    service_hours: Iterable[Interval] | None = None,
    maintenance: Iterable[Maintenance] = (),
    unobserved: Iterable[Interval] = (),
) -> list[Interval]:
    """The time that availability is judged on; empty for a service that is not monitored.

    service_hours: the agreed hours inside the window, or None for around the clock. unobserved: time
    without data; it is neither up nor down, and shown apart.
    """
    if monitored_from is None:
        return []
    time = intersect([window], [(monitored_from, now)])
    if service_hours is not None:
        time = intersect(time, service_hours)
    excused = [(each.starts_at, each.ends_at) for each in maintenance if each.counts]
    return subtract(time, [*excused, *unobserved])


def availability(outages: Iterable[Interval], measured: Iterable[Interval]) -> Fraction:
    """Share of measured time that was up, as an exact Fraction from 0 to 1.

    Raises NothingMeasured when `measured` is empty: unknown is not up.
    """
    measured = merge(measured)
    if not measured:
        raise NothingMeasured("Nothing was measured in this period, so there is no availability to show.")
    down = duration(intersect(outages, measured))
    return 1 - Fraction(down // MICROSECOND, duration(measured) // MICROSECOND)


def percent_text(share: Fraction, places: int = 2) -> str:
    """Cut, never rounded up: 0.99996 reads "99.99", so that a missed target never looks met."""
    units = share * 100 * 10**places
    whole, rest = divmod(int(units), 10**places)
    return f"{whole}.{rest:0{places}d}"
