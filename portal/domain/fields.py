"""What may stand in a field: cleaners that give the value as it is stored, or say in words what is wrong.

The fields of a record are a table of cleaners, `{"name": text(200), "billing_day": optional(whole(1, 31))}`,
which `check` reads for the whole record at once, so that a person sees every fault and not only the first.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError

from portal.domain.errors import Invalid, StaleVersion
from portal.domain.money import BadAmount, Money, is_currency
from portal.domain.wording import in_words

Cleaner = Callable[[Any], Any]
Changes = dict[str, tuple[Any, Any]]
One = TypeVar("One")
Other = TypeVar("Other")

_EMAIL = re.compile(r"[^@\s,;<>]{1,64}@[^@\s,;<>.]+(\.[^@\s,;<>.]+)+")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_DIGITS = re.compile(r"[+-]?[0-9]{1,12}")


class BadValue(ValueError):
    """The value cannot be stored; the text says why, to a person."""


def check(
    fields: Mapping[str, Cleaner], values: Mapping[str, Any], faults: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The values as they are stored. Raises Invalid with every fault, TypeError for what is no field here.

    faults: what was found elsewhere already.
    """
    unknown = values.keys() - fields.keys()
    if unknown:
        raise TypeError(f"Not a field: {', '.join(sorted(unknown))}.")
    cleaned, wrong = {}, dict(faults or {})
    for key, value in values.items():
        try:
            cleaned[key] = fields[key](value)
        except BadValue as fault:
            wrong[key] = str(fault)
    if wrong:
        raise Invalid(faults=wrong)
    return cleaned


def together(first: Callable[[], One], second: Callable[[], Other]) -> tuple[One, Other]:
    """Both answers. Raises Invalid with the faults of both, so that a person sees them at once."""
    faults: dict[str, str] = {}
    answers: list[Any] = []
    for reading in (first, second):
        try:
            answers.append(reading())
        except Invalid as refusal:
            faults |= refusal.faults
    if faults:
        raise Invalid(faults=faults)
    return answers[0], answers[1]


def differences(row: Any, values: Mapping[str, Any]) -> Changes:
    """(what is stored, what was entered) of the fields that differ."""
    return {key: (getattr(row, key), value) for key, value in values.items() if getattr(row, key) != value}


def refuse_stale(row: Any, version: int, changes: Changes) -> None:
    """Raises StaleVersion when these changes were entered over an older version of the row."""
    if row.version != version and changes:
        raise StaleVersion(
            theirs={key: (in_words(entered), in_words(stored)) for key, (stored, entered) in changes.items()}
        )


def assign(row: Any, values: Mapping[str, Any]) -> Changes:
    """Give the row these values; what it was and what it is, for those that differ."""
    changes = differences(row, values)
    for key, (_, value) in changes.items():
        setattr(row, key, value)
    return changes


def text(most: int, *, required: bool = False, lines: bool = False) -> Cleaner:
    """Text without blanks around it, and without control characters; `lines`: over several lines."""

    def clean(value: Any) -> str:
        plain = str(value or "").replace("\r\n", "\n").strip()
        if required and not plain:
            raise BadValue("This cannot be empty.")
        if len(plain) > most:
            raise BadValue(f"At most {most} characters; these are {len(plain)}.")
        if any(ord(sign) < 32 and not (lines and sign in "\n\t") for sign in plain) or "\x7f" in plain:
            raise BadValue("There is a control character in this text. Type it again without it.")
        return plain

    return clean


def code(most: int) -> Cleaner:
    """A short name that stands in addresses and files."""

    def clean(value: Any) -> str:
        plain = text(most, required=True)(value)
        if not _CODE.fullmatch(plain):
            raise BadValue("Use letters, digits, “-”, “_” and “.” only, a letter or digit first.")
        if plain.lower() == "new":
            raise BadValue("“new” is taken by the portal itself. Choose another one.")
        return plain

    return clean


def is_code(entered: str) -> bool:
    """Whether this can be a code at all; the rest of the world's addresses need no look into the database."""
    return bool(_CODE.fullmatch(entered))


def whole(low: int, high: int) -> Cleaner:
    """A whole number, both ends included."""

    def clean(value: Any) -> int:
        plain = str(value).strip()
        if isinstance(value, bool) or not _DIGITS.fullmatch(plain) or not low <= int(plain) <= high:
            raise BadValue(f"A whole number from {low} to {high}.")
        return int(plain)

    return clean


def percent(high: int = 100, places: int = 4) -> Cleaner:
    """An exact percentage from 0, with at most four decimals."""

    def clean(value: Any) -> Decimal:
        try:
            number = Decimal(str(value).strip().rstrip("%").strip())
        except InvalidOperation:
            raise BadValue("A number such as 7.5.") from None
        if not number.is_finite() or not 0 <= number <= high:
            raise BadValue(f"A percentage from 0 to {high}.")
        if number != round(number, places):
            raise BadValue(f"At most {places} decimals.")
        return number

    return clean


def one_of(words: type[StrEnum]) -> Cleaner:
    def clean(value: Any) -> StrEnum:
        try:
            return words(value)
        except ValueError:
            raise BadValue(f"Choose one of: {', '.join(in_words(word) for word in words)}.") from None

    return clean


def some_of(words: type[StrEnum]) -> Cleaner:
    """Any number of them, each once, in the order of the list."""

    def clean(value: Any) -> list[str]:
        chosen = {one_of(words)(each) for each in value or ()}
        return [word.value for word in words if word in chosen]

    return clean


def optional(cleaner: Cleaner) -> Cleaner:
    """None for what was left empty."""
    return lambda value: None if value is None or value == "" else cleaner(value)


def flag(value: Any) -> bool:
    return bool(value)


def email(value: Any) -> str:
    address = text(254)(value).lower()
    if not _EMAIL.fullmatch(address):
        raise BadValue("This is not an e-mail address.")
    return address


def optional_email(value: Any) -> str:
    return email(value) if value else ""


def currency(value: Any) -> str:
    letters = str(value or "").strip().upper()
    if not is_currency(letters):
        raise BadValue(f"“{letters}” is not a currency. Use a code such as USD or EUR.")
    return letters


def amount(value: Any, currency: str) -> Money:
    """An amount from zero, as people write it: "1234.50"; nothing entered is zero."""
    if not is_currency(currency):
        raise BadValue("Choose a currency for this amount first.")
    try:
        money = Money.of(str(value or "").strip() or "0", currency)
    except BadAmount as fault:
        raise BadValue(str(fault)) from None
    if money.minor < 0:
        raise BadValue("An amount cannot be below zero.")
    return money


def timezone(value: Any) -> str:
    if str(value) not in timezones():
        raise BadValue(f"“{value}” is not a time zone. Use a name such as Europe/Berlin.")
    return str(value)


@cache
def timezones() -> tuple[str, ...]:
    """Every zone of the tz database, by name."""
    return tuple(sorted(available_timezones()))


def locale(value: Any) -> str:
    try:
        return str(Locale.parse(str(value or "").strip().replace("-", "_")))
    except (ValueError, TypeError, UnknownLocaleError):
        raise BadValue(f"“{value}” is not a locale. Use one such as en_US or de_DE.") from None


def day(value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value or "").strip())
    except ValueError:
        raise BadValue("A date such as 2026-11-20.") from None


def reference(value: Any) -> int:
    """The id of another row, as a form or the code gives it; whether it exists is the action's question."""
    plain = str(value)
    if not (plain.isascii() and plain.isdecimal() and len(plain) < 19):
        raise BadValue("Choose one from the list.")
    return int(plain)
