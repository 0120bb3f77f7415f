"""What is billed, and what is given back (rule book 4). Exact until the line, then rounded once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from portal.domain.errors import Refused
from portal.domain.money import Money
from portal.domain.periods import Cycle, Period, Timetable

MOST_MISSED_PERIODS = 12


class TooManyMissed(Refused):
    """The schedule is to be parked: a person looks at it before so much is billed at once."""

    def __init__(self, most: int, since: date) -> None:
        super().__init__(
            f"More than {most} periods are unbilled since {since}."
            " Check the schedule's next bill date: release it to bill them all, or end it."
        )


@dataclass(frozen=True, slots=True)
class Charge:
    """One line to be billed: `days` of the `of_days` of its anchored period."""

    period: Period
    amount: Money
    days: int
    of_days: int

    @property
    def is_whole(self) -> bool:
        return self.days == self.of_days

    @property
    def words(self) -> str:
        """ "9 of 31 days" for a part; nothing for a whole period, whose dates say enough."""
        return "" if self.is_whole else days_in_words(self.days, self.of_days)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The facts of one recurring billing. Nothing is billed from `ends_on` on."""

    price: Money
    timetable: Timetable
    next_bill_on: date
    ends_on: date | None = None
    prorate: bool = True


@dataclass(frozen=True, slots=True)
class Due:
    """What a run bills now, oldest first, and the first day that stays unbilled."""

    charges: tuple[Charge, ...]
    next_bill_on: date
    is_over: bool


def days_in_words(days: int, of_days: int) -> str:
    return f"{days} of {of_days} days"


def timetable_for(*, first_on: date, billing_day: int | None, cycle: Cycle) -> Timetable:
    """On the client's billing day, so that it gets one invoice; without one, on the day of the start."""
    return Timetable(first_on, billing_day or first_on.day, cycle)


def prorated(price: Money, timetable: Timetable, span: Period, *, prorate: bool = True) -> list[Charge]:
    """The span, cut at the boundaries: price × covered days ÷ days of the anchored period around them.

    `prorate=False` bills a part like the whole.
    """
    if timetable.cycle is Cycle.ONE_TIME:
        return [Charge(span, price, span.days, span.days)]
    return [_charge(price, timetable, piece, prorate=prorate) for piece in _cut(timetable, span)]


def lines_due(schedule: Schedule, as_of: date, *, most_missed: int | None = MOST_MISSED_PERIODS) -> Due:
    """Every period begun by `as_of` and not billed, oldest first. Raises TooManyMissed (None: however many)."""
    charges: list[Charge] = []
    first_unbilled = schedule.next_bill_on
    while first_unbilled <= as_of and not _is_over(schedule, first_unbilled):
        if most_missed is not None and len(charges) >= most_missed:
            raise TooManyMissed(most_missed, schedule.next_bill_on)
        period = _next_period(schedule, first_unbilled)
        charges += prorated(schedule.price, schedule.timetable, period, prorate=schedule.prorate)
        first_unbilled = period.end
    return Due(tuple(charges), first_unbilled, _is_over(schedule, first_unbilled))


def first_day_after_resume(*, resumed_on: date, paid_until: date) -> date:
    """The gap is never billed; days that were paid ahead and not credited are not billed again.

    `paid_until`: the first day that no uncredited line covers.
    """
    return max(resumed_on, paid_until)


def credits_on_suspend(*, service: bool | None, client: bool | None, company: bool) -> bool:
    """Whether unused days are credited on suspension: the nearest setting that says something wins."""
    return next((choice for choice in (service, client) if choice is not None), company)


@dataclass(frozen=True, slots=True)
class Credit:
    """What is given back of one line: a positive amount, at the line's tax rate."""

    period: Period
    amount: Money
    days: int
    of_days: int
    tax_rate: Decimal

    @property
    def words(self) -> str:
        return days_in_words(self.days, self.of_days)


@dataclass(frozen=True, slots=True)
class BilledLine:
    """A line as it was billed. `credited`: earlier credits of it; one that corrects no days has no period."""

    amount: Money
    period: Period
    tax_rate: Decimal
    credited: tuple[tuple[Period | None, Money], ...] = ()

    @property
    def left(self) -> Money:
        return self.amount - sum((amount for _, amount in self.credited), Money.zero(self.amount.currency))

    def uncredited_days(self, span: Period) -> list[date]:
        """Days of the line that lie in the span and that no earlier credit covers."""
        inside = self.period.intersection(span)
        covered = [period for period, _ in self.credited if period is not None]
        return [day for day in _days(inside) if not any(day in period for period in covered)]


def credit_unused(line: BilledLine, unused_from: date) -> Credit | None:
    """Amount of the line × unused days ÷ its days, rounded once, never more than is left; None for nothing.

    The credit that gives back the last of the line's days gives back all that is left, so that the parts
    of a period add up to the period whatever their rounding was.
    """
    if unused_from >= line.period.end:
        return None
    unused = line.uncredited_days(Period(max(unused_from, line.period.start), line.period.end))
    if not unused or line.left.minor <= 0:
        return None
    share = line.amount.times(Fraction(len(unused), line.period.days))
    is_last = len(unused) == len(line.uncredited_days(line.period))
    amount = line.left if is_last and line.credited else min(share, line.left)
    period = Period(unused[0], unused[-1] + timedelta(days=1))
    return Credit(period, amount, len(unused), line.period.days, line.tax_rate) if amount else None


@dataclass(frozen=True, slots=True)
class PriceSplit:
    """A price change inside a billed period: the rest at the old price back, the rest at the new price."""

    credit: Credit | None
    charges: tuple[Charge, ...]


def split_by_price(
    line: BilledLine, timetable: Timetable, new_price: Money, effective_on: date
) -> PriceSplit:
    """For a change at a date within a line that was billed ahead. A boundary needs no split."""
    rest = Period(max(effective_on, line.period.start), line.period.end)
    return PriceSplit(credit_unused(line, rest.start), tuple(prorated(new_price, timetable, rest)))


@dataclass(frozen=True, slots=True)
class TaxGroup:
    """The lines of one rate on a document: what they add up to, and the tax on that, rounded once."""

    rate: Decimal
    base: Money
    tax: Money


@dataclass(frozen=True, slots=True)
class Totals:
    subtotal: Money
    tax_groups: tuple[TaxGroup, ...]
    tax: Money
    total: Money


def totals(lines: Iterable[tuple[Money, Decimal]], currency: str) -> Totals:
    """Of (amount, tax rate percent) lines. A credit note goes the same way, so that it cancels to 0.00."""
    bases: dict[Decimal, Money] = defaultdict(lambda: Money.zero(currency))
    for amount, rate in lines:
        bases[rate] += amount
    groups = tuple(
        TaxGroup(rate, base, base.times(Fraction(rate) / 100)) for rate, base in sorted(bases.items())
    )
    subtotal = sum((group.base for group in groups), Money.zero(currency))
    tax = sum((group.tax for group in groups), Money.zero(currency))
    return Totals(subtotal, groups, tax, subtotal + tax)


def _cut(timetable: Timetable, span: Period) -> Iterator[Period]:
    start = span.start
    while start < span.end:
        end = min(timetable.anchored_period_containing(start).end, span.end)
        yield Period(start, end)
        start = end


def _charge(price: Money, timetable: Timetable, piece: Period, *, prorate: bool) -> Charge:
    of_days = timetable.anchored_period_containing(piece.start).days
    amount = price.times(Fraction(piece.days, of_days)) if prorate else price
    return Charge(piece, amount, piece.days, of_days)


def _next_period(schedule: Schedule, start: date) -> Period:
    """From the first unbilled day to the next boundary or the end; one-time work is its own single day."""
    if schedule.timetable.cycle is Cycle.ONE_TIME:
        return Period(start, start + timedelta(days=1))
    end = schedule.timetable.period_containing(start).end
    return Period(start, end if schedule.ends_on is None else min(end, schedule.ends_on))


def _is_over(schedule: Schedule, day: date) -> bool:
    billed_once = schedule.timetable.cycle is Cycle.ONE_TIME and day > schedule.timetable.first_on
    return billed_once or (schedule.ends_on is not None and day >= schedule.ends_on)


def _days(period: Period | None) -> Iterator[date]:
    if period is not None:
        yield from (period.start + timedelta(days=n) for n in range(period.days))
