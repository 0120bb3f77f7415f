"""Money: whole minor units of one currency, and the one place where an amount is rounded.

`Money(1234, "USD")` is 12.34 USD. Nothing here accepts or returns a float.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache

from babel.numbers import get_currency_precision, list_currencies

Factor = int | Decimal | Fraction

# XXX and XTS are ISO codes too, but they mean "no currency" and "for tests".
NOT_MONEY = frozenset({"XXX", "XTS"})
# Far above any invoice, far below BIGINT: sums of many amounts still fit into the database.
LARGEST_MINOR = 10**15
PLAIN_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class BadAmount(ValueError):
    """The text or number is not an amount in that currency; the message says why."""


class UnknownCurrency(ValueError):
    """Not an ISO 4217 currency."""


class CurrencyMismatch(ValueError):
    """Amounts of two currencies were to be added up or compared."""


@cache
def currencies() -> frozenset[str]:
    return frozenset(list_currencies()) - NOT_MONEY


def is_currency(code: str) -> bool:
    return code in currencies()


@cache
def exponent(currency: str) -> int:
    """Decimal places of the currency: 2 for USD, 0 for JPY, 3 for KWD."""
    if not is_currency(currency):
        raise UnknownCurrency(f"“{currency}” is not a currency. Use a code such as USD or EUR.")
    return get_currency_precision(currency)


def round_half_up(exact: Fraction) -> int:
    """The nearest whole number; exact halves go away from zero, so −2.5 becomes −3."""
    doubled = 2 * abs(exact.numerator) + exact.denominator
    whole = doubled // (2 * exact.denominator)
    return whole if exact >= 0 else -whole


@dataclass(frozen=True, slots=True)
class Money:
    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise BadAmount(f"Minor units are whole numbers, not {self.minor!r}.")
        exponent(self.currency)

    @classmethod
    def of(cls, amount: str | Decimal, currency: str) -> Money:
        """From digits as people write them: "12.34". Refuses rather than rounds."""
        places = exponent(currency)
        exact = _exact(amount)
        minor = exact * 10**places
        if minor.denominator != 1:
            raise BadAmount(f"{amount} has more decimals than {currency} has ({places}).")
        if abs(minor) > LARGEST_MINOR:
            raise BadAmount(f"{amount} is too large to be an amount.")
        return cls(int(minor), currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(0, currency)

    @classmethod
    def rounded(cls, exact_minor: Fraction, currency: str) -> Money:
        """From an exact number of minor units that was computed without rounding on the way."""
        return cls(round_half_up(exact_minor), currency)

    @property
    def amount(self) -> Decimal:
        # Built from digits: arithmetic on Decimals would round to the context's precision.
        digits = tuple(int(digit) for digit in str(abs(self.minor)))
        return Decimal((int(self.minor < 0), digits, -exponent(self.currency)))

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def __bool__(self) -> bool:
        return self.minor != 0

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __abs__(self) -> Money:
        return Money(abs(self.minor), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.minor >= self._same(other)

    def times(self, factor: Factor) -> Money:
        """The product, rounded once. Multiply factors as Fractions first, then call this."""
        if isinstance(factor, float):
            raise BadAmount("Money is never multiplied by a float: use a Fraction or a Decimal.")
        return Money.rounded(self.minor * Fraction(factor), self.currency)

    def allocate(self, weights: Sequence[Factor]) -> list[Money]:
        """Parts in proportion to the weights that add up to the whole, to the last minor unit.

        Each part is within one minor unit of its exact share; what is left over goes to the largest
        remainders, the earlier part first. A part without weight gets nothing.
        """
        shares = [Fraction(weight) for weight in weights]
        if not shares or min(shares) < 0 or sum(shares) == 0:
            raise BadAmount("Weights must not be negative, and at least one must be above zero.")
        whole = sum(shares)
        exact = [abs(self.minor) * share / whole for share in shares]
        parts = [int(part) for part in exact]
        left_over = abs(self.minor) - sum(parts)
        by_remainder = sorted(range(len(parts)), key=lambda index: parts[index] - exact[index])
        for index in by_remainder[:left_over]:
            parts[index] += 1
        sign = -1 if self.minor < 0 else 1
        return [Money(sign * part, self.currency) for part in parts]

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self} and {other} are in two currencies and cannot be combined.")
        return other.minor


def _exact(amount: str | Decimal) -> Fraction:
    if isinstance(amount, Decimal):
        if not amount.is_finite():
            raise BadAmount(f"{amount} is not a number.")
        # A hostile exponent such as 1E+999999 would be expanded to a million digits.
        if abs(amount.adjusted()) > len(str(LARGEST_MINOR)):
            raise BadAmount(f"{amount} is too large or too small to be an amount.")
        return Fraction(amount)
    if not isinstance(amount, str):
        raise BadAmount(f"An amount is text or a Decimal, not {type(amount).__name__}.")
    if not PLAIN_NUMBER.fullmatch(amount.strip()):
        raise BadAmount(f"“{amount}” is not a number. Write it like 1234.50.")
    if len(amount.strip()) > 40:
        raise BadAmount("That number has too many digits to be an amount.")
    return Fraction(amount.strip())


def amounts_like(text: str) -> list[int]:
    """What a number that somebody searches for may be in minor units: "1,234.50" is 123450 with two places.

    One for each number of decimal places that currencies have; nothing for what is no amount.
    """
    plain = text.strip().replace(",", "").replace("’", "").replace(" ", "")
    if not PLAIN_NUMBER.fullmatch(plain) or len(plain) > 16:
        return []
    exact = [Fraction(plain) * 10**places for places in (0, 2, 3)]
    return sorted({abs(int(each)) for each in exact if each.denominator == 1})
