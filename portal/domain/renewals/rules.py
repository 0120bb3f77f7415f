"""Whether a service renews, at which price, for which term, and who is reminded when (rule book 5)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from portal.domain.errors import Invalid
from portal.domain.lifecycle.rules import Status
from portal.domain.money import Money
from portal.domain.periods import Cycle, Period, add_months

MOST_BREACHES_IN_TERM = 5
REMINDER_STAGES = (30, 14, 7)


@dataclass(frozen=True, slots=True)
class RenewalPrice:
    """The next term's cycle price, and in words what made it."""

    price: Money
    reason: str


def renewal_price(
    *,
    current: Money,
    base: Money | None,
    uplift_percent: Decimal,
    uplift_cap_percent: Decimal | None = None,
) -> RenewalPrice:
    """The highest of the current price, the product's base price and the uplift: it never falls by itself.

    base: `base_price` of the product, or None when the product is sold in another currency.
    """
    percent = uplift_percent if uplift_cap_percent is None else min(uplift_percent, uplift_cap_percent)
    uplifted = current.times(1 + Fraction(percent) / 100)
    best = RenewalPrice(current, "unchanged")
    if uplifted > best.price:
        best = RenewalPrice(uplifted, f"uplift of {percent.normalize():f} %")
    if base is not None and base > best.price:
        best = RenewalPrice(base, "the product's base price")
    return best


def base_price(
    *, product_price: Money, product_cycle: Cycle, cycle: Cycle, quantity: int, currency: str
) -> Money | None:
    """What the product costs today for such a service: its quantity, in its cycle; rounded once."""
    one_time = Cycle.ONE_TIME in (product_cycle, cycle)
    if product_price.currency != currency or (one_time and product_cycle is not cycle):
        return None
    share = Fraction(1) if one_time else cycle.months / product_cycle.months
    return product_price.times(share * quantity)


@dataclass(frozen=True, kw_only=True)
class EligibilityFacts:
    status: Status
    renewal_date: date | None
    is_denied: bool
    cancels_on: date | None
    breaches_in_term: int
    overdue: Money
    overdue_limit: Money


def reasons_against(facts: EligibilityFacts) -> list[str]:
    """Every reason why the service may not renew by itself; none means that it is eligible."""
    checks = (
        (facts.status is not Status.ACTIVE, f"is {facts.status}, not active"),
        (facts.renewal_date is None, "has no renewal date"),
        (facts.is_denied, "renewal was denied"),
        (facts.cancels_on is not None, f"is to be cancelled on {facts.cancels_on}"),
        (
            facts.breaches_in_term > MOST_BREACHES_IN_TERM,
            f"{facts.breaches_in_term} SLA breaches in this term, more than {MOST_BREACHES_IN_TERM}",
        ),
        (
            facts.overdue > facts.overdue_limit,
            f"the client owes {facts.overdue} overdue, above its limit of {facts.overdue_limit}",
        ),
    )
    return [reason for applies, reason in checks if applies]


def next_term(*, start_date: date, renewal_date: date, months: int) -> Period:
    """From the old renewal date, not from today, so that no day is lost or given twice.

    A service that began on the 31st and renews on 28 Feb runs to a 31st again; one whose end was moved off
    its start day keeps the day that it was moved to.
    """
    if months < 1:
        raise Invalid(faults={"months": "A term has at least one month."})
    is_on_anchor = add_months(renewal_date, 0, start_date.day) == renewal_date
    anchor_day = start_date.day if is_on_anchor else renewal_date.day
    return Period(renewal_date, add_months(renewal_date, months, anchor_day))


def reminder_due(
    *,
    renewal_date: date,
    today: date,
    sent: Collection[int],
    stages: Collection[int] = REMINDER_STAGES,
) -> int | None:
    """The stage (days before the renewal date) to send today, or None.

    A missed day is made up until the renewal date itself; of several late stages only the most urgent one
    goes out, and a stage that a more urgent one has overtaken never does.
    """
    days_left = (renewal_date - today).days
    reached = [stage for stage in stages if days_left <= stage]
    if days_left < 0 or not reached:
        return None
    stage = min(reached)
    return None if any(done <= stage for done in sent) else stage


def decision_due_on(*, end_date: date, notice_days: int) -> date:
    """The last day on which the client can still be given notice."""
    return end_date - timedelta(days=notice_days)


def is_decision_overdue(*, due_on: date, today: date, is_decided: bool) -> bool:
    return not is_decided and due_on < today


def grace_ends_on(*, end_date: date, grace_days: int) -> date:
    """The day on which an unrenewed service is completed; it runs and is billed until then."""
    return end_date + timedelta(days=grace_days)
