"""M3: the parts of a period add up to the period, however it is split."""

import random
from datetime import date, timedelta
from decimal import Decimal

from portal.domain.billing.rules import BilledLine, credit_unused
from portal.domain.money import Money
from portal.domain.periods import Period

SPLITS = 100_000
LENGTHS = (1, 7, 28, 29, 30, 31, 90, 92, 365, 366)


def is_missed(chance: random.Random) -> bool:
    """Give a line back in parts, from days that go back further each time."""
    start = date(2024, 1, 1) + timedelta(days=chance.randrange(1_000))
    length = chance.choice(LENGTHS)
    amount = Money(chance.choice([1, 2, 3, 99, 100, 24_995, 59_995, chance.randrange(10**9)]), "USD")
    line = BilledLine(amount, Period(start, start + timedelta(days=length)), Decimal(0))
    cuts = sorted({0, *(chance.randrange(length) for _ in range(chance.randrange(6)))}, reverse=True)
    for cut in cuts:
        credit = credit_unused(line, start + timedelta(days=cut))
        if credit is not None:
            line = BilledLine(
                line.amount, line.period, line.tax_rate, (*line.credited, (credit.period, credit.amount))
            )
    return line.left.minor != 0


def test_random_splits(sized, say):
    chance, splits = random.Random(20261120), sized(SPLITS)
    missed = sum(is_missed(chance) for _ in range(splits))
    say(f"{splits} splits, {missed} misses")
    assert missed == 0
