"""How documents say dates, instants and lengths of time: in English, whatever the reader's numbers look like."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.domain.periods import Period
from portal.domain.reports.measures import Clock
from portal.domain.sla.rules import Judgement

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NOT_KNOWN = "n/a"
OUTCOMES = {Judgement.MET: "Met", Judgement.BREACHED: "Missed", Judgement.OPEN: "Open"}


def say_date(day: date) -> str:
    """20 Nov 2026."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def say_span(period: Period) -> str:
    """A period as people read it, with its last day: 2 Mar – 1 Apr 2026."""
    first, last = period.start, period.last_day
    if first == last:
        return say_date(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} – {say_date(last)}"
    if first.year == last.year:
        return f"{first.day} {MONTHS[first.month - 1]} – {say_date(last)}"
    return f"{say_date(first)} – {say_date(last)}"


def say_instant(instant: datetime | None, *, zone: ZoneInfo) -> str:
    """20 Nov 2026, 14:05 on the reader's wall."""
    if instant is None:
        return "–"
    there = instant.astimezone(zone)
    return f"{say_date(there.date())}, {there:%H:%M}"


def say_length(time: timedelta | None) -> str:
    """A length of time: 45 min, 4 h, 3 h 05 min. In hours also when long, for a working day has no 24 of them.

    Seconds are cut; less than a minute reads < 1 min.
    """
    if time is None:
        return NOT_KNOWN
    if timedelta() < time < timedelta(minutes=1):
        return "< 1 min"
    hours, minutes = divmod(time // timedelta(minutes=1), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes:02} min" if minutes else f"{hours} h"


def say_month(first: date) -> str:
    """Nov 2026."""
    return f"{MONTHS[first.month - 1]} {first.year}"


def say_outcome(clock: Clock) -> str:
    """“Met, 35 min of 4 h”."""
    if clock.judgement is None:
        return "No target"
    words = OUTCOMES[clock.judgement]
    if clock.target is None or clock.used is None:
        return words
    return f"{words}, {say_length(clock.used)} of {say_length(clock.target)}"
