"""What may be entered as a rate, how a file of rates is read, and what a total at rates is. Pure."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from io import StringIO
from typing import Any

from portal.domain import fields
from portal.domain.errors import Invalid
from portal.domain.fields import BadValue
from portal.domain.money import Money, exponent

COLUMNS = ("currency", "on_date", "rate")
MOST_ROWS = 5_000
LARGEST = Decimal(10) ** 9


@dataclass(frozen=True, slots=True)
class Rate:
    currency: str
    on_date: date
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Total:
    """`amount` is None when a rate is missing; `missing` names those currencies. `at`: the rates it was made with."""

    amount: Money | None
    missing: tuple[str, ...] = ()
    at: tuple[Rate, ...] = ()


def added_up(amounts: Iterable[Money], into: str, rates: Mapping[str, Rate]) -> Total:
    """All amounts in one currency; exact until the sum, then rounded once. rates: by currency, into that one."""
    exact, missing, used = Fraction(0), [], []
    for amount in amounts:
        if amount.currency == into:
            exact += amount.minor
        elif amount.currency in rates:
            rate = rates[amount.currency]
            units = Fraction(amount.minor, 10 ** exponent(amount.currency))
            exact += units * Fraction(rate.rate) * 10 ** exponent(into)
            used.append(rate)
        elif amount:
            missing.append(amount.currency)
    if missing:
        return Total(None, tuple(sorted(missing)))
    return Total(Money.rounded(exact, into), (), tuple(used))


def rate(value: Any) -> Decimal:
    """Above zero, with at most ten decimals."""
    try:
        number = Decimal(str(value or "").strip())
    except InvalidOperation:
        raise BadValue("A number such as 1.0825.") from None
    if not number.is_finite() or not 0 < number < LARGEST:
        raise BadValue("A rate is a number above zero, such as 1.0825.")
    if number != round(number, 10):
        raise BadValue("At most ten decimals.")
    return number


CLEANERS: dict[str, Callable[[Any], Any]] = {"currency": fields.currency, "on_date": fields.day, "rate": rate}


def checked(values: Mapping[str, Any], into: str) -> Rate:
    """The rate as it is stored. Raises Invalid with every fault, by field."""
    found = Rate(**fields.check(CLEANERS, {key: values.get(key) for key in CLEANERS}))
    if found.currency == into:
        raise Invalid(faults={"currency": f"{into} is the company's own currency: it needs no rate."})
    return found


def read(raw: bytes, into: str) -> list[Rate]:
    """The rates of a CSV file with the columns currency, on_date and rate. Raises Invalid: all or nothing."""
    found, faults = [], []
    for number, row in enumerate(_rows(raw), start=2):
        try:
            found.append(checked(row, into))
        except Invalid as refusal:
            faults += list(_in_words(number, refusal))
    if faults:
        more = f" And {len(faults) - 5} more." if len(faults) > 5 else ""
        raise Invalid(faults={"file": " ".join(faults[:5]) + more})
    if not found:
        raise Invalid(faults={"file": "There is no rate in this file."})
    return found


def _rows(raw: bytes) -> list[dict[str, str]]:
    try:
        text = raw.decode("utf-8-sig").replace("\0", "")
        reader = csv.DictReader(StringIO(text))
        columns, rows = reader.fieldnames or (), list(reader)
    except (UnicodeDecodeError, csv.Error):
        raise Invalid(faults={"file": "This is not a CSV file in UTF-8."}) from None
    if not set(COLUMNS) <= set(columns):
        raise Invalid(faults={"file": f"The first line names the columns {', '.join(COLUMNS)}."})
    if len(rows) > MOST_ROWS:
        raise Invalid(faults={"file": f"At most {MOST_ROWS:,} rates in one file."})
    return rows


def _in_words(number: int, refusal: Invalid) -> Iterator[str]:
    return (f"Line {number}, {column}: {fault}" for column, fault in refusal.faults.items())
