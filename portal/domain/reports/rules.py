"""What a report makes of its rows: days and months, clocks, and what to recommend. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

from portal.domain.errors import Invalid, Refused
from portal.domain.periods import Interval, Period, add_months
from portal.domain.reports.facts import (
    DayFacts,
    IncidentFacts,
    MonthFacts,
    SeverityFacts,
)
from portal.domain.reports.measures import Clock, Compliance, Uptime
from portal.domain.sla.hours import Calendar
from portal.domain.sla.rules import judge
from portal.domain.words import Severity

LONGEST_YEARS = 3
# Measured: 5,000 take 70 s of a core and 1.2 GB; the worker that prints has 2 GB and five minutes.
MOST_ROWS = 5_000


class TooLong(Refused):
    """A report that nobody could read, and that would hold up everybody else's."""

    def __init__(self, rows: int) -> None:
        super().__init__(
            f"This report would have {rows:,} rows, and {MOST_ROWS:,} is the most that fits into one."
            " Choose a shorter period, or one service instead of all."
        )


def check_period(start: date, end: date, *, today: date) -> Period:
    """The days [start, end) of a report. Raises Invalid, under the names of the form's fields."""
    if end <= start:
        raise Invalid(faults={"period_end": "The last day comes before the first one."})
    if start > today:
        raise Invalid(
            faults={"period_start": "This period has not begun yet, so there is nothing to report."}
        )
    if end > add_months(start, 12 * LONGEST_YEARS):
        raise Invalid(
            faults={"period_end": f"A report covers {LONGEST_YEARS} years at most. Choose a later start."}
        )
    return Period(start, end)


def window_of(period: Period, zone: ZoneInfo) -> Interval:
    """The instants of the period, from midnight to midnight on the client's wall."""
    return midnight(period.start, zone), midnight(period.end, zone)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(ZoneInfo("UTC"))


def months_of(
    period: Period,
    zone: ZoneInfo,
    *,
    measured: Sequence[Interval],
    down: Sequence[Interval],
    target: Fraction | None,
) -> tuple[MonthFacts, ...]:
    """The period's months with their days. measured and down: merged, and down inside measured."""
    days = [period.start + timedelta(days=n) for n in range(period.days)]
    edges = [midnight(day, zone) for day in (*days, period.end)]
    lengths = zip(days, split(measured, edges), split(down, edges), strict=True)
    facts = [
        DayFacts(day=day, uptime=Uptime(measured=whole, down=lost, target=target))
        for day, whole, lost in lengths
    ]
    return tuple(
        MonthFacts(first=first, uptime=_sum_of([each.uptime for each in of_month]), days=tuple(of_month))
        for first, group in groupby(facts, key=lambda each: each.day.replace(day=1))
        for of_month in [list(group)]
    )


def split(intervals: Sequence[Interval], edges: Sequence[datetime]) -> Iterator[timedelta]:
    """How much of the intervals lies between each edge and the next. Both are in order; the intervals are apart."""
    first = 0
    for start, end in pairwise(edges):
        while first < len(intervals) and intervals[first][1] <= start:
            first += 1
        inside, index = timedelta(), first
        while index < len(intervals) and intervals[index][0] < end:
            inside += min(end, intervals[index][1]) - max(start, intervals[index][0])
            index += 1
        yield inside


def _sum_of(uptimes: Sequence[Uptime]) -> Uptime:
    return Uptime(
        measured=sum((each.measured for each in uptimes), timedelta()),
        down=sum((each.down for each in uptimes), timedelta()),
        target=uptimes[0].target,
    )


def clock_of(
    *,
    calendar: Calendar | None,
    minutes: int | None,
    opened_at: datetime,
    done_at: datetime | None,
    due_at: datetime | None,
    breached_at: datetime | None,
    now: datetime,
) -> Clock:
    """One clock of an incident; without a due instant there was no target. A breach recorded by hand needs none."""
    used = calendar.working_seconds_between(opened_at, done_at or now) if calendar else None
    judgement = judge(due_at=due_at or now, done_at=done_at, now=now, breached_at=breached_at)
    return Clock(
        target=None if minutes is None else timedelta(minutes=minutes),
        used=None if used is None else timedelta(seconds=used),
        judgement=judgement if due_at or breached_at else None,
    )


def by_severity(
    incidents: Iterable[IncidentFacts], targets: dict[Severity, tuple[timedelta, timedelta]]
) -> tuple[SeverityFacts, ...]:
    """The most severe first; a severity without targets and without incidents is left out."""
    of = {severity: [each for each in incidents if each.severity is severity] for severity in Severity}
    return tuple(
        SeverityFacts(
            severity=severity,
            response_target=targets.get(severity, (None, None))[0],
            resolution_target=targets.get(severity, (None, None))[1],
            incidents=len(of[severity]),
            response=Compliance.of(each.response for each in of[severity]),
            resolution=Compliance.of(each.resolution for each in of[severity]),
        )
        for severity in reversed(Severity)
        if of[severity] or severity in targets
    )
