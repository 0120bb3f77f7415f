"""What a service costs, and what a change makes of it (rule book 2 and 4). No session, no clock.

A change says only what it sets, so that planned ones do not undo one another: twelve seats from March and a new
seat price from June are twelve seats at the new price in June.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from portal.domain.errors import Invalid
from portal.domain.money import LARGEST_MINOR, Money, round_half_up

LARGEST_QUANTITY = 1_000_000


@dataclass(frozen=True, slots=True)
class Discount:
    """Off the price of one cycle: a percentage, or an amount. `until`: the first day without it."""

    percent: Decimal | None = None
    amount: Money | None = None
    until: date | None = None

    def __str__(self) -> str:
        return f"{self.percent.normalize():f} %" if self.percent is not None else str(self.amount)

    def taken_off(self, full: Money) -> Money:
        """What is left to pay, rounded once; never less than nothing."""
        if self.percent is not None:
            return full.times(1 - Fraction(self.percent) / 100)
        assert self.amount is not None
        return max(full - self.amount, Money.zero(full.currency))


@dataclass(frozen=True, slots=True)
class Terms:
    """`full`: the price of one cycle for the whole quantity, before the discount."""

    quantity: int
    full: Money
    discount: Discount | None = None

    @property
    def cycle_price(self) -> Money:
        return self.discount.taken_off(self.full) if self.discount else self.full

    @property
    def unit_price(self) -> Money | None:
        """The price of one; None where the whole was agreed and cannot be divided."""
        each, rest = divmod(self.full.minor, self.quantity)
        return None if rest else Money(each, self.full.currency)


@dataclass(frozen=True, slots=True)
class Raise:
    """By a percentage or an amount, either way; then to a multiple of `round_to_minor`, halves away from zero."""

    percent: Decimal | None = None
    amount: Money | None = None
    round_to_minor: int = 1

    def of(self, price: Money) -> Money:
        exact = Fraction(price.minor)
        if self.percent is not None:
            exact *= 1 + Fraction(self.percent) / 100
        if self.amount is not None:
            exact += self.amount.minor
        raised = round_half_up(exact / self.round_to_minor) * self.round_to_minor
        return Money(max(raised, 0), price.currency)


@dataclass(frozen=True, slots=True)
class Change:
    """What is set; everything else stays as it is on the day of the change.

    `cycle_price` names the price as a whole: a discount that ran is over. `over`: the discount that was given
    until this day ends, if it is still the one in force; `no_discount` ends any.
    """

    quantity: int | None = None
    unit_price: Money | None = None
    cycle_price: Money | None = None
    discount: Discount | None = None
    no_discount: bool = False
    over: date | None = None
    raised: Raise | None = None


def applied(terms: Terms, change: Change) -> Terms:
    """The terms from the day of the change on."""
    quantity = change.quantity or terms.quantity
    after = replace(terms, quantity=quantity, full=_full(terms, quantity, change))
    if change.discount is not None:
        return replace(after, discount=change.discount)
    ends = change.no_discount or change.cycle_price is not None
    if change.over is not None and terms.discount is not None:
        ends = ends or terms.discount.until == change.over
    return replace(after, discount=None) if ends else after


def applied_in_turn(terms: Terms, changes: Iterable[Change]) -> Terms:
    for change in changes:
        terms = applied(terms, change)
    return terms


def check(terms: Terms, change: Change) -> None:
    """Raises Invalid with what cannot be so, by the names of the inputs."""
    faults = {}
    if change.quantity is not None and not 1 <= change.quantity <= LARGEST_QUANTITY:
        faults["quantity"] = f"A whole number from 1 to {LARGEST_QUANTITY:,}."
    for name in ("unit_price", "cycle_price"):
        price: Money | None = getattr(change, name)
        if price is not None and (price.minor < 0 or price.currency != terms.full.currency):
            faults[name] = f"Zero or more, in {terms.full.currency}."
    if change.discount is not None:
        faults |= _faults_of(change.discount, terms.full.currency)
    if not faults and _full(terms, change.quantity or terms.quantity, change).minor > LARGEST_MINOR:
        faults["unit_price"] = "That makes a price that is too large."
    if faults:
        raise Invalid(faults=faults)


def _faults_of(discount: Discount, currency: str) -> dict[str, str]:
    if (discount.percent is None) == (discount.amount is None):
        return {"discount": "Either a percentage or an amount."}
    if discount.percent is not None and not 0 < discount.percent <= 100:
        return {"discount": "More than 0 and at most 100 percent."}
    if discount.amount is not None and (discount.amount.minor <= 0 or discount.amount.currency != currency):
        return {"discount": f"More than zero, in {currency}."}
    return {}


def _full(terms: Terms, quantity: int, change: Change) -> Money:
    if change.cycle_price is not None:
        return change.cycle_price
    if change.unit_price is not None:
        return change.unit_price.times(quantity)
    full = terms.full.times(Fraction(quantity, terms.quantity))
    return change.raised.of(full) if change.raised else full
