"""What becomes of a running service's monthly cost in the months to come (rule book 4). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from portal.domain.money import Money
from portal.domain.periods import Cycle, add_months
from portal.domain.prices import monthly_cost_of
from portal.domain.renewals.rules import next_term, renewal_price


class Why(StrEnum):
    CANCELS = "cancels"
    ENDS = "ends"
    RENEWS = "renews"
    CHANGES = "changes"


@dataclass(frozen=True, slots=True)
class Running:
    """An active service as it stands: `price` is that of one cycle, `base` what the product costs for it today.

    planned: price changes that wait for their day, (day, price of one cycle), in order.
    """

    price: Money
    cycle: Cycle
    start_date: date
    end_date: date | None = None
    cancel_on: date | None = None
    renewal_date: date | None = None
    renews: bool = False
    term_months: int = 12
    base: Money | None = None
    uplift_percent: Decimal = Decimal(0)
    uplift_cap_percent: Decimal | None = None
    planned: tuple[tuple[date, Money], ...] = ()

    @property
    def monthly(self) -> Money:
        return _monthly(self.price, self.cycle)

    @property
    def drops_out_on(self) -> tuple[date, Why] | None:
        """The first day on which it no longer runs, when that is settled already."""
        if self.cancel_on is not None:
            return self.cancel_on, Why.CANCELS
        if self.end_date is not None and not self.renews:
            return self.end_date, Why.ENDS
        return None


@dataclass(frozen=True, slots=True)
class Change:
    on: date
    why: Why
    amount: Money


def changes(service: Running, *, today: date, until: date) -> Iterator[Change]:
    """What will happen to its monthly cost before `until`, in order. What is late happens tomorrow."""
    tomorrow = today + timedelta(days=1)
    price, cost = service.price, service.monthly
    out = service.drops_out_on
    for on, why, planned in _steps(service, until):
        day = max(on, tomorrow)
        if day >= until or (out is not None and day >= max(out[0], tomorrow)):
            break
        if planned is None:
            price = _renewed(price, service.base, service.uplift_percent, service.uplift_cap_percent)
        else:
            price = planned
        new = _monthly(price, service.cycle)
        if new != cost:
            yield Change(day, why, new - cost)
        cost = new
    if out is not None and max(out[0], tomorrow) < until:
        yield Change(max(out[0], tomorrow), out[1], -cost)


def _steps(service: Running, until: date) -> list[tuple[date, Why, Money | None]]:
    """Renewals and planned prices by day; a price planned for the day of a renewal has the last word."""
    renewals = [(on, 0, Why.RENEWS, None) for on in _renewal_days(service, until)]
    planned = [(on, 1, Why.CHANGES, price) for on, price in service.planned]
    ordered = sorted([*renewals, *planned], key=lambda step: step[:2])
    return [(on, why, price) for on, _, why, price in ordered]


def _renewal_days(service: Running, until: date) -> Iterator[date]:
    on = service.renewal_date or service.end_date
    if not service.renews or service.cancel_on is not None or on is None or service.term_months < 1:
        return
    while on < until:
        yield on
        on = next_term(start_date=service.start_date, renewal_date=on, months=service.term_months).end


# Kept, because thousands of services have the same price.
@lru_cache(maxsize=65_536)
def _renewed(price: Money, base: Money | None, uplift: Decimal, cap: Decimal | None) -> Money:
    return renewal_price(current=price, base=base, uplift_percent=uplift, uplift_cap_percent=cap).price


@lru_cache(maxsize=65_536)
def _monthly(price: Money, cycle: Cycle) -> Money:
    return monthly_cost_of(price, cycle)


@dataclass(frozen=True, slots=True)
class ProjectedMonth:
    """MRR at the start and the end of the month, what makes the difference, and what the month earns."""

    first: date
    opening: Money
    revenue: Money
    by_why: Mapping[Why, Money] = field(default_factory=dict)

    def of(self, why: Why) -> Money:
        return self.by_why.get(why, Money.zero(self.opening.currency))

    @property
    def closing(self) -> Money:
        return sum(self.by_why.values(), self.opening)


def projected(now: Money, ahead: Iterable[Change], *, first: date, months: int) -> Iterator[ProjectedMonth]:
    """Month by month from `first` on. Changes before it come before its opening."""
    before = add_months(first, -1)
    of_month: dict[date, list[Change]] = {}
    for change in ahead:
        of_month.setdefault(max(change.on.replace(day=1), before), []).append(change)
    opening = sum((change.amount for change in of_month.get(before, ())), now)
    for number in range(months):
        month = _month(add_months(first, number), opening, of_month.get(add_months(first, number), []))
        opening = month.closing
        yield month


def _month(first: date, opening: Money, ahead: list[Change]) -> ProjectedMonth:
    """What changes within the month earns, or no longer earns, for the days that are left of it."""
    end = add_months(first, 1)
    exact, by_why = Fraction(opening.minor), dict[Why, Money]()
    for change in ahead:
        exact += Fraction(change.amount.minor * (end - change.on).days, (end - first).days)
        by_why[change.why] = by_why.get(change.why, Money.zero(opening.currency)) + change.amount
    return ProjectedMonth(first, opening, Money.rounded(exact, opening.currency), by_why)
