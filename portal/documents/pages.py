"""Facts as HTML: templates of their own, without request, session or user."""

from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import portal
from portal.domain.money import exponent
from portal.domain.periods import Period
from portal.web.filters import Formats, label

TEMPLATES = Path(portal.__file__).parent / "templates"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NOT_KNOWN = "n/a"


class Facts(Protocol):
    """What every document knows of its reader."""

    @property
    def locale(self) -> str: ...

    @property
    def timezone(self) -> str: ...


def page(template: str, facts: Facts) -> str:
    """The HTML of a document. Texts of people are escaped; a fact that is missing is an error."""
    return (
        pages(facts.locale, facts.timezone)
        .get_template(f"documents/{template}/page.html")
        .render(facts=facts)
    )


@lru_cache(maxsize=16)
def style(template: str) -> str:
    """The print.css of a document; "base" is what all of them share."""
    return (TEMPLATES / "documents" / template / "print.css").read_text()


@lru_cache(maxsize=32)
def pages(locale: str, timezone: str) -> Environment:
    """The environment of one kind of reader: numbers by their locale, times on their wall."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    formats = Formats(locale)
    zone = ZoneInfo(timezone)
    environment.filters.update(
        money=formats.money,
        digits=lambda amount: formats.number(amount.amount, exponent(amount.currency)),
        rate=lambda percent: formats.number(percent.normalize() + 0) + "\u00a0%",
        number=formats.number,
        percent=formats.percent,
        label=label,
        date=say_date,
        span=say_span,
        when=partial(say_instant, zone=zone),
        hours=say_minutes,
    )
    return environment


def say_date(day: date) -> str:
    """20 Nov 2026: the documents are in English, whatever the reader's numbers look like."""
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


def say_minutes(time: timedelta | None) -> str:
    """A length of time: 45 min, 3 h 05 min, 2 d 4 h. Seconds are cut: less than a minute reads < 1 min."""
    if time is None:
        return NOT_KNOWN
    seconds = int(time.total_seconds())
    if 0 < seconds < 60:
        return "< 1 min"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    return f"{minutes // 1440} d {minutes % 1440 // 60} h"
