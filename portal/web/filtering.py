"""The filters of a list: each reads its own part of the address and turns it into one SQL condition.

What cannot be read (an unknown choice, a date that is none) is ignored, so that old links keep working.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, ClassVar

import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from portal.domain.staff.permissions import Permission
from portal.web.filters import label, zone

Condition = sa.ColumnElement[bool]
Column = sa.ColumnElement[Any]
Args = MultiDict[str, str]
Options = type[Enum] | Iterable[tuple[str, str]] | Callable[[], Iterable[tuple[str, str]]]

LONGEST = 200
MOST_VALUES = 100
LARGEST = Decimal(10) ** 15


def clean(text: str) -> str:
    """Without control characters (PostgreSQL refuses NUL), cut to a sane length."""
    return "".join(letter for letter in text[:LONGEST] if letter.isprintable()).strip()


@dataclass(frozen=True, kw_only=True)
class Chip:
    """One active filter as the person sees it; `without` are the address's parameters to drop."""

    text: str
    without: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Filter(ABC):
    """key: the address's parameter, and the label of the selected column unless `where` says otherwise."""

    key: str
    label: str
    where: Callable[[Any], Condition] | None = None
    needs: Permission | None = None
    kind: ClassVar[str] = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that belong to this filter."""
        return (self.key,)

    def bound(self) -> "Filter":
        """This filter for one request."""
        return self

    @abstractmethod
    def read(self, args: Args) -> Any:
        """What the address asks for; None when it asks for nothing (usable)."""

    @abstractmethod
    def condition(self, value: Any, column: Column) -> Condition: ...

    @abstractmethod
    def chips(self, value: Any) -> list[Chip]: ...

    def apply(self, value: Any, column: Callable[[str], Column]) -> Condition:
        return self.where(value) if self.where else self.condition(value, column(self.key))


@dataclass(frozen=True)
class Choice(Filter):
    """Any of some values. options: an enumeration, pairs (value, label), or a function that gives pairs.

    where, when given, gets the list of the chosen values (of enumeration members, if it is one).
    """

    options: Options = ()
    kind: ClassVar[str] = "choice"

    def bound(self) -> "Choice":
        """With its options looked up once, when a function gives them."""
        is_function = callable(self.options) and not isinstance(self.options, type)
        return replace(self, options=self.pairs()) if is_function else self

    def pairs(self) -> list[tuple[str, str]]:
        if isinstance(self.options, type):
            return [(str(member.value), label(member)) for member in self.options]
        return list(self.options() if callable(self.options) else self.options)

    def read(self, args: Args) -> list[Any] | None:
        known = {value for value, _ in self.pairs()} if args.get(self.key) else set()
        asked = dict.fromkeys(args.getlist(self.key)[:MOST_VALUES])
        chosen: list[Any] = [value for value in asked if value in known]
        if isinstance(self.options, type):
            chosen = [self.options(value) for value in chosen]
        return chosen or None

    def condition(self, value: Sequence[Any], column: Column) -> Condition:
        return column.in_(value)

    def chips(self, value: Sequence[Any]) -> list[Chip]:
        names: Mapping[str, str] = dict(self.pairs())
        return [
            Chip(text=f"{self.label}: {names[str(each)]}", without=((self.key, str(each)),)) for each in value
        ]


@dataclass(frozen=True)
class Text(Filter):
    """Part of a text, whatever its case."""

    kind: ClassVar[str] = "text"

    def read(self, args: Args) -> str | None:
        return clean(args.get(self.key, "")) or None

    def condition(self, value: str, column: Column) -> Condition:
        return column.icontains(value, autoescape=True)

    def chips(self, value: str) -> list[Chip]:
        return [Chip(text=f"{self.label}: {value}", without=((self.key, ""),))]


@dataclass(frozen=True)
class Flag(Filter):
    """Yes or no."""

    kind: ClassVar[str] = "flag"
    answers: ClassVar[dict[str, bool]] = {"yes": True, "no": False}

    def read(self, args: Args) -> bool | None:
        return self.answers.get(args.get(self.key, ""))

    def condition(self, value: bool, column: Column) -> Condition:
        return column.is_(value)

    def chips(self, value: bool) -> list[Chip]:
        return [Chip(text=f"{self.label}: {'yes' if value else 'no'}", without=((self.key, ""),))]


@dataclass(frozen=True)
class Range(Filter):
    """From and to, both included; either may be missing. The value is the pair."""

    @property
    def names(self) -> tuple[str, ...]:
        return f"{self.key}_from", f"{self.key}_to"

    def read(self, args: Args) -> tuple[Any, Any] | None:
        low, high = (self.parse(clean(args.get(name, ""))) for name in self.names)
        return None if low is None and high is None else (low, high)

    @abstractmethod
    def parse(self, text: str) -> Any: ...

    def condition(self, value: tuple[Any, Any], column: Column) -> Condition:
        low, high = value
        return sa.and_(
            *([column >= low] if low is not None else []), *([column <= high] if high is not None else [])
        )

    def chips(self, value: tuple[Any, Any]) -> list[Chip]:
        low, high = value
        span = (
            f"{low} – {high}" if None not in value else (f"from {low}" if high is None else f"up to {high}")
        )
        return [Chip(text=f"{self.label}: {span}", without=tuple((name, "") for name in self.names))]


@dataclass(frozen=True)
class DateRange(Range):
    """Days; of an instant, the days of the person's time zone."""

    kind: ClassVar[str] = "dates"

    def parse(self, text: str) -> date | None:
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None

    def condition(self, value: tuple[date | None, date | None], column: Column) -> Condition:
        if not isinstance(column.type, sa.DateTime):
            return super().condition(value, column)
        low, high = value
        here = zone()
        bounds = [column >= datetime.combine(low, time(), here)] if low else []
        if high and high < date.max:
            bounds.append(column < datetime.combine(high + timedelta(days=1), time(), here))
        return sa.and_(sa.true(), *bounds)


@dataclass(frozen=True)
class Day(Filter):
    """The day that the whole list is about: the owner's SELECT is made for it, so it leaves out no row."""

    kind: ClassVar[str] = "day"

    def read(self, args: Args) -> date | None:
        try:
            return date.fromisoformat(clean(args.get(self.key, "")))
        except ValueError:
            return None

    def condition(self, value: date, column: Column) -> Condition:
        return sa.true()

    def apply(self, value: date, column: Callable[[str], Column]) -> Condition:
        """No column has to be selected for it."""
        return sa.true()

    def chips(self, value: date) -> list[Chip]:
        return [Chip(text=f"{self.label}: {value}", without=((self.key, ""),))]


@dataclass(frozen=True)
class NumberRange(Range):
    """Numbers; `scale` 100 takes 12.34 for a column that counts cents."""

    scale: int = 1
    kind: ClassVar[str] = "numbers"

    def parse(self, text: str) -> Decimal | None:
        try:
            number = Decimal(text)
        except InvalidOperation:
            return None
        return number if number.is_finite() and abs(number) < LARGEST else None

    def condition(self, value: tuple[Decimal | None, Decimal | None], column: Column) -> Condition:
        exact = sa.cast(column, sa.Numeric)
        low, high = (None if each is None else each * self.scale for each in value)
        return super().condition((low, high), exact)
