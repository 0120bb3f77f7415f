"""A price has one stored truth, the price of one cycle; the month's price is derived from it."""

from fractions import Fraction

from portal.domain.errors import Invalid
from portal.domain.money import Factor, Money
from portal.domain.periods import Cycle


def cycle_price_of(month_price: Money, cycle: Cycle) -> Money:
    """From a month's price: a quarter costs three, a year twelve, a week 12/52; rounded once."""
    if cycle is Cycle.ONE_TIME and month_price:
        raise Invalid(faults={"monthly_cost": "One-time work has no monthly price: enter its price itself."})
    return month_price.times(cycle.months)


def monthly_cost_of(cycle_price: Money, cycle: Cycle) -> Money:
    """What the service adds to MRR: 2,000.00 a year → 166.67. One-time work adds nothing."""
    if cycle is Cycle.ONE_TIME:
        return Money.zero(cycle_price.currency)
    return cycle_price.times(1 / cycle.months)


def line_price_of(unit_price: Money, quantity: Factor, discount_percent: Factor = 0) -> Money:
    """The cycle's invoice line: quantity × unit price, less the discount; rounded once."""
    kept = 1 - Fraction(discount_percent) / 100
    return unit_price.times(Fraction(quantity) * kept)
