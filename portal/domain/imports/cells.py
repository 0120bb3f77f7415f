"""How the text of one cell becomes a value: small parsers that say why when it does not.

A parser gets the text, stripped and never empty, and the values of the columns parsed before it in its row.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from portal.domain import fields
from portal.domain.catalogue import days_off
from portal.domain.catalogue import rules as catalogue
from portal.domain.money import LARGEST_MINOR, exponent, is_currency

Values = Mapping[str, Any]
Parser = Callable[[str, Values], Any]
Word = TypeVar("Word", bound=StrEnum)

NUMBER = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
INSTANT = re.compile(rf"{DATE.pattern}[T ][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}})?(Z|[+-][0-9]{{2}}:[0-9]{{2}})")
YEARS = range(1970, 2201)
YES_OR_NO = {"yes": True, "no": False}


class Bad(ValueError):
    """The cell cannot be used; the text is the fault as it is reported."""


def as_field(cleaner: fields.Cleaner, fault: str) -> Parser:
    """The same rule as for the field of a form, with the fault in the words of an import."""

    def parse(cell: str, _: Values) -> Any:
        try:
            return cleaner(cell)
        except fields.BadValue:
            raise Bad(fault) from None

    return parse


email = as_field(fields.email, "not an e-mail address")
zone = as_field(fields.timezone, "unknown time zone")
windows = as_field(catalogue.windows, "not business hours")
country = as_field(days_off.country, "unknown country")


def text(longest: int) -> Parser:
    def parse(cell: str, _: Values) -> str:
        if len(cell) > longest:
            raise Bad(f"longer than {longest} characters")
        return cell

    return parse


def code(longest: int) -> Parser:
    """A short name that stands in addresses."""
    return as_field(fields.code(longest), "not a code of letters, digits, “-”, “_” and “.”")


def word(words: type[Word], fault: str) -> Parser:
    def parse(cell: str, _: Values) -> Word:
        try:
            return words(cell)
        except ValueError:
            raise Bad(fault) from None

    return parse


def words(allowed: type[Word], fault: str) -> Parser:
    """A list cell: words between semicolons, in the order of the closed list."""
    one = word(allowed, fault)

    def parse(cell: str, values: Values) -> list[str]:
        given = {one(each.strip(), values) for each in cell.split(";")}
        return [each.value for each in allowed if each in given]

    return parse


def yes_or_no(cell: str, _: Values) -> bool:
    try:
        return YES_OR_NO[cell.lower()]
    except KeyError:
        raise Bad("neither yes nor no") from None


def whole(low: int, high: int, fault: str = "") -> Parser:
    """A whole number. `fault` is said of whatever is not in the range; without it, what is wrong is said."""

    def parse(cell: str, _: Values) -> int:
        sign, digits, decimals = _number(cell, fault)
        if decimals is not None:
            raise Bad(fault or "not a whole number")
        value = int(sign + digits) if len(digits) < 19 else LARGEST_MINOR * (-1 if sign == "-" else 1)
        if value < low:
            raise Bad(fault or ("negative" if value < 0 else f"below {low}"))
        if value > high:
            raise Bad(fault or f"above {high}")
        return value

    return parse


def percent(cell: str, _: Values) -> Decimal:
    """0 to 100, with at most four decimals."""
    sign, digits, decimals = _number(cell)
    if sign == "-" and (digits + (decimals or "")).strip("0"):
        raise Bad("negative")
    if len((decimals or "").rstrip("0")) > 4:
        raise Bad("more than 4 decimals")
    value = Decimal(f"{digits}.{decimals or 0}")
    if value > 100:
        raise Bad("above 100")
    return value


def price(cell: str, values: Values) -> int:
    """Minor units of the row's currency. Without one, a fault of its own, no more can be said."""
    sign, digits, decimals = _number(cell)
    if sign == "-" and (digits + (decimals or "")).strip("0"):
        raise Bad("negative price")
    currency = values.get("currency")
    if currency is None:
        return 0
    places = exponent(currency)
    if len((decimals or "").rstrip("0")) > places:
        raise Bad("more decimals than the currency has")
    minor = (digits + (decimals or "").rstrip("0").ljust(places, "0")).lstrip("0")
    if len(minor) >= len(str(LARGEST_MINOR)):
        raise Bad("too large to be a price")
    return int(minor or "0")


def _number(cell: str, fault: str = "") -> tuple[str, str, str | None]:
    found = NUMBER.fullmatch(cell)
    if not found:
        raise Bad(fault or "not a number")
    return found[1], found[2], found[3]


def day(cell: str, _: Values) -> date:
    try:
        if DATE.fullmatch(cell) and int(cell[:4]) in YEARS:
            return date.fromisoformat(cell)
    except ValueError:
        pass
    raise Bad("impossible date")


def instant(cell: str, _: Values) -> datetime:
    """With an offset: an instant without one could be any of 38."""
    try:
        if INSTANT.fullmatch(cell) and int(cell[:4]) in YEARS:
            return datetime.fromisoformat(cell).astimezone(UTC)
    except ValueError:
        pass
    raise Bad("impossible instant")


def currency(cell: str, _: Values) -> str:
    if not is_currency(cell):
        raise Bad("unknown currency")
    return cell


def checklist(cell: str, _: Values) -> list[tuple[str, bool]]:
    """Steps between bars; one that ends in * is mandatory."""
    steps = [(each.strip().rstrip("*").strip(), each.strip().endswith("*")) for each in cell.split("|")]
    if any(not title for title, _ in steps):
        raise Bad("a step is empty")
    if len(steps) > catalogue.MOST_STEPS:
        raise Bad(f"more than {catalogue.MOST_STEPS} steps")
    if any(len(title) > 200 for title, _ in steps):
        raise Bad("a step is longer than 200 characters")
    return steps
