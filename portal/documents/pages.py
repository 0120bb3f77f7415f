"""Facts as HTML: templates of their own, without request, session or user."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import portal
from portal.documents.charts import days_by_state, downtime_chart
from portal.documents.formats import (
    NOT_KNOWN,
    say_date,
    say_instant,
    say_length,
    say_month,
    say_outcome,
    say_span,
)
from portal.domain.money import exponent
from portal.web.filters import Formats, label

TEMPLATES = Path(portal.__file__).parent / "templates"


class Facts(Protocol):
    """What every document knows of its reader."""

    @property
    def locale(self) -> str: ...

    @property
    def timezone(self) -> str: ...


def page(template: str, facts: Facts, **layout: Any) -> str:
    """The HTML of a document. Texts of people are escaped; a fact that is missing is an error.

    layout: what a document needs beside its facts to be set.
    """
    return (
        pages(facts.locale, facts.timezone)
        .get_template(f"documents/{template}/page.html")
        .render(facts=facts, **layout)
    )


SHEETS = {
    "invoice": ("base", "letter", "invoice"),
    "statement": ("base", "letter", "statement"),
    "sla_report": ("base", "sla_report"),
}
"""Which print.css a document is set by, in order: what all share, what letters share, its own."""


@lru_cache(maxsize=16)
def styles(template: str) -> tuple[str, ...]:
    """The style sheets of a document."""
    return tuple((TEMPLATES / "documents" / name / "print.css").read_text() for name in SHEETS[template])


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
    environment.filters.update(filters(Formats(locale), ZoneInfo(timezone)))
    return environment


def filters(formats: Formats, zone: ZoneInfo) -> dict[str, Callable[..., Any]]:
    """How facts are said. A share is cut, never rounded up; a target is said in full."""
    return {
        "money": formats.money,
        "digits": lambda amount: formats.number(amount.amount, exponent(amount.currency)),
        "rate": lambda percent: say_percent(formats, Fraction(percent)),
        "number": formats.number,
        "percent": formats.percent,
        "target": lambda share: NOT_KNOWN if share is None else say_percent(formats, share * 100),
        "label": label,
        "date": say_date,
        "month": say_month,
        "span": say_span,
        "when": partial(say_instant, zone=zone),
        "length_of": say_length,
        "outcome": say_outcome,
        "minutes": lambda time: f"{formats.number(time // timedelta(minutes=1))}\u00a0min",
        "groupby_state": days_by_state,
        "downtime_chart": downtime_chart,
    }


def say_percent(formats: Formats, percent: Fraction) -> str:
    """99.95 %, 20 %: as many decimals as it has, up to four."""
    exact = Decimal(percent.numerator) / percent.denominator
    return f"{formats.number(exact.quantize(Decimal('0.0001')).normalize() + 0)}\u00a0%"
