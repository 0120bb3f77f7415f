"""How money, time and numbers read on a page; colours of states. One meaning, one colour, on every screen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from flask import Flask, current_app
from flask_login import current_user
from markupsafe import Markup

from portal import clock
from portal.domain.lifecycle.rules import ProvisioningStatus
from portal.domain.money import Money, exponent
from portal.web import htmx

NOT_KNOWN = "n/a"
NARROW_SPACE = "\u00a0"
FAR_AWAY = timedelta(days=60)
DAY = Markup('<time datetime="%s">%s</time>')
EXACT_TIME = Markup('<time datetime="%s" title="%s">%s</time>')

COLOURS: dict[str, str] = {
    **dict.fromkeys(
        ("active", "completed_provisioning", "paid", "done", "sent", "accepted", "resolved"), "green"
    ),
    **dict.fromkeys(("healthy", "ok", "success", "met", "ready"), "green"),
    **dict.fromkeys(("fair",), "lime"),
    **dict.fromkeys(
        ("pending", "in_progress", "issued", "running", "queued", "open", "info", "medium"), "blue"
    ),
    **dict.fromkeys(("new", "acknowledged", "review", "invited"), "blue"),
    **dict.fromkeys(("suspended", "partly_paid", "waiting", "high", "poor", "warning", "paused"), "amber"),
    **dict.fromkeys(
        ("failed", "overdue", "critical", "breached", "danger", "error", "parked", "down"), "red"
    ),
}
HEALTH: tuple[tuple[int, str], ...] = ((80, "green"), (60, "lime"), (40, "amber"), (0, "red"))


def status_colour(status: object) -> str:
    """green, lime, blue, amber, red; grey for what is over (cancelled, completed, void) or not known."""
    if status is ProvisioningStatus.COMPLETED:  # a service that is completed is over; its set-up is a success
        return "green"
    return COLOURS.get(str(status), "grey")


def health_colour(score: float | None) -> str:
    """green from 80, lime from 60, amber from 40, red below; grey when it was never scored."""
    if score is None:
        return "grey"
    return next((colour for least, colour in HEALTH if score >= least), "red")


def label(value: Any) -> str:
    """What people call it: the enumeration's own label, else its value without underscores."""
    if value is None or value == "":
        return "–"
    own = getattr(value, "label", None)
    return own if isinstance(own, str) else str(value).replace("_", " ").capitalize()


def initials(name: str) -> str:
    """Ana Maria Berg → AB."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


class Formats:
    """The filters, in the company's locale; times in the zone of the person who looks."""

    def __init__(self, locale: str) -> None:
        self.locale = Locale.parse(locale.replace("-", "_"))

    def number(self, value: Any, decimals: int | None = None) -> str:
        if value is None:
            return NOT_KNOWN
        pattern = None if decimals is None else "#,##0" + ("." + "0" * decimals if decimals else "")
        return format_decimal(value, pattern, locale=self.locale)

    def money(self, amount: Money | int | None, currency: str | None = None) -> str:
        """`Money`, or minor units with their currency: 1,234.50 USD."""
        if amount is None:
            return NOT_KNOWN
        minor, code = (
            (amount.minor, amount.currency) if isinstance(amount, Money) else (int(amount), currency)
        )
        if code is None:
            raise ValueError("An amount in minor units needs its currency.")
        places = exponent(code)
        exact = Decimal(minor).scaleb(-places)
        return _digits(exact, places, self.locale) + NARROW_SPACE + code

    def percent(self, share: Fraction | Decimal | float | None, decimals: int = 2) -> str:
        """A share of 1, cut and never rounded up: 0.99996 reads 99.99 %, because 100 would be a lie."""
        if share is None:
            return NOT_KNOWN
        exact = share if isinstance(share, Fraction) else Fraction(str(share))
        scale = 10**decimals
        cut = int(exact * 100 * scale)
        return _digits(Decimal(cut).scaleb(-decimals), decimals, self.locale) + NARROW_SPACE + "%"

    def date(self, day: date | None) -> str:
        return "–" if day is None else _date(day, self.locale)

    def day(self, day: date | None) -> Markup | str:
        """Near dates with their distance: in 12 days (3 Dec 2026)."""
        if day is None:
            return "–"
        away = day - clock.today()
        text = _date(day, self.locale)
        if abs(away) <= FAR_AWAY:
            text = f"{_distance(away.days)} ({text})"
        return DAY % (day.isoformat(), text)

    def when(self, instant: datetime | None) -> Markup | str:
        """How long ago, or until; the exact time in the person's zone on hover."""
        if instant is None:
            return "–"
        there = instant.astimezone(zone())
        exact = f"{self._moment(there)} {there.tzname()}"
        return EXACT_TIME % (instant.isoformat(), exact, self._nearness(there))

    def time(self, instant: datetime | None) -> str:
        """The exact time: 20 Nov 2026, 14:05."""
        if instant is None:
            return "–"
        return self._moment(instant.astimezone(zone()))

    def _moment(self, there: datetime) -> str:
        return f"{_date(there.date(), self.locale)}, {there:%H:%M}"

    def _nearness(self, there: datetime) -> str:
        seconds = int((there - clock.now()).total_seconds())
        if abs(seconds) < 60:
            return "just now"
        for unit, size, limit in (("min", 60, 3600), ("h", 3600, 86400), ("d", 86400, 7 * 86400)):
            if abs(seconds) < limit:
                amount = f"{abs(seconds) // size} {unit}"
                return f"in {amount}" if seconds > 0 else f"{amount} ago"
        return _date(there.date(), self.locale)


def formats() -> Formats:
    """The filters, for code that draws without a template."""
    found: Formats = current_app.extensions["formats"]
    return found


def zone() -> ZoneInfo:
    """The time zone of the person who is signed in, else the company's."""
    name = getattr(current_user, "timezone", None)
    return ZoneInfo(name) if name else clock.company_zone()


def _distance(days: int) -> str:
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}
    if days in near:
        return near[days]
    return f"in {days} days" if days > 0 else f"{-days} days ago"


@lru_cache(maxsize=4096)
def _date(day: date, locale: Locale) -> str:
    return format_date(day, "d MMM y", locale=locale)


@lru_cache(maxsize=8192)
def _digits(exact: Decimal, places: int, locale: Locale) -> str:
    """Babel takes 30 µs an amount; lists repeat their amounts, so the answers are kept."""
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return format_decimal(exact, pattern, locale=locale)


def asset_links(app: Flask) -> Callable[[str], str]:
    """`asset("portal.css")`: the address of a static file; it changes with the content.

    versioned=false: the bare address, for a file that a style sheet names as well. Not by url_for, which knows
    no address when a request for a foreign host is refused.
    """

    @lru_cache(maxsize=256)
    def asset(name: str, versioned: bool = True) -> str:
        path = Path(app.static_folder or "") / name
        known = versioned and path.is_file()
        version = f"?v={sha256(path.read_bytes()).hexdigest()[:8]}" if known else ""
        return f"{app.static_url_path}/{name}{version}"

    return asset


def init(app: Flask) -> None:
    here = app.extensions["formats"] = Formats(app.extensions["settings"].company_locale)
    for name in ("number", "money", "percent", "date", "day", "when", "time"):
        app.jinja_env.filters[name] = getattr(here, name)
    app.jinja_env.filters.update(label=label, status_colour=status_colour, health_colour=health_colour)
    app.jinja_env.filters["initials"] = initials
    app.jinja_env.globals.update(
        asset=asset_links(app),
        shell=htmx.shell,
        target=htmx.target,
        htmx_config=htmx.CONFIG,
        company_name=app.extensions["settings"].company_name,
        page_language="en",
    )
