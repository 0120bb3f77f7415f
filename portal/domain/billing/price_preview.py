"""What a price change will do to the money, before it is done: the same rules and the same lines as the act."""

from dataclasses import dataclass
from datetime import date

from portal import clock
from portal.domain.billing.models import RecurringBilling
from portal.domain.billing.repricing import first_day, swaps, timetable_of
from portal.domain.billing.rules import BilledLine, Charge, Credit, credit_unused, prorated
from portal.domain.billing.schedules import schedules_of
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.money import Money
from portal.domain.periods import Cycle, Period
from portal.domain.prices import monthly_cost_of
from portal.domain.pricing import queries
from portal.domain.pricing.rules import Change, Terms, applied, check


@dataclass(frozen=True)
class Effect:
    """`credits`, `charges`: for days billed ahead, now or, for a day to come, by then. `first`: the first line of an
    invoice to come at the new price; None where nothing is billed. `monthly`: the change of the monthly cost.
    """

    on: date
    before: Terms
    after: Terms
    monthly: Money
    credits: tuple[Credit, ...] = ()
    charges: tuple[Charge, ...] = ()
    first: Charge | None = None

    @property
    def credited(self) -> Money:
        return sum((credit.amount for credit in self.credits), Money.zero(self.monthly.currency))

    @property
    def charged(self) -> Money:
        return sum((charge.amount for charge in self.charges), Money.zero(self.monthly.currency))


def effect(service: ClientService, change: Change, on: date) -> Effect:
    """What the change on that day comes to. Raises Invalid for terms that cannot be."""
    before = queries.terms_on(service, on)
    check(before, change)
    after = applied(before, change)
    monthly = _monthly(service, after) - _monthly(service, before)
    plain = Effect(on, before, after, monthly)
    schedule = open_one(service)
    if schedule is None or after == before:
        return plain
    since = first_day(service, schedule, on)
    pairs = _foreseen(service, schedule, before, after, since)
    credits = tuple(credit for credit, _ in pairs)
    charges = tuple(charge for _, its in pairs for charge in its)
    first = _first_line(service, schedule, after, since)
    return Effect(on, before, after, monthly, credits, charges, first)


def next_boundary(service: ClientService) -> date | None:
    """The next boundary whose period is not billed yet, today at the earliest; None without a schedule."""
    schedule = open_one(service)
    if schedule is None or schedule.frequency is Cycle.ONE_TIME:
        return None
    return timetable_of(schedule).next_boundary(max(schedule.next_bill_date, clock.today()))


def open_one(service: ClientService) -> RecurringBilling | None:
    """The schedule that goes on, not locked: a preview keeps nobody waiting."""
    return next((each for each in schedules_of(service.id) if each.ends_on is None), None)


def _monthly(service: ClientService, terms: Terms) -> Money:
    return monthly_cost_of(terms.cycle_price, service.billing_cycle)


def _foreseen(
    service: ClientService, schedule: RecurringBilling, before: Terms, after: Terms, since: date
) -> list[tuple[Credit, list[Charge]]]:
    price = after.cycle_price
    if since < schedule.next_bill_date or since <= clock.today():
        return [(credit, charges) for _, credit, charges in swaps(service, schedule, price, since)]
    return _of_a_period_to_come(service, schedule, before.cycle_price, price, since)


def _of_a_period_to_come(
    service: ClientService, schedule: RecurringBilling, old: Money, new: Money, since: date
) -> list[tuple[Credit, list[Charge]]]:
    """By then the period around the day has been billed at the price before: the rest of it is swapped."""
    timetable = timetable_of(schedule)
    if service.status is not Status.ACTIVE or since <= schedule.first_on or not old:
        return []
    period = timetable.period_containing(since)
    starts = [row.effective_on for row in queries.planned(service.id, since) if row.effective_on < since]
    start = max([period.start, schedule.next_bill_date, *starts])
    if start >= since:
        return []
    line = prorated(old, timetable, Period(start, period.end))[0]
    credit = credit_unused(BilledLine(line.amount, line.period, service.client.tax_rate_percent), since)
    if credit is None or credit.period is None:
        return []
    return [(credit, prorated(new, timetable, credit.period) if new else [])]


def _first_line(
    service: ClientService, schedule: RecurringBilling, after: Terms, since: date
) -> Charge | None:
    """The line that the billing run makes first at the new price; nothing while suspended or after the end."""
    if service.status is not Status.ACTIVE or not after.cycle_price:
        return None
    timetable = timetable_of(schedule)
    start = max(since, schedule.next_bill_date)
    if since > clock.today() and since > schedule.next_bill_date:
        start = timetable.next_boundary(since)
    end = timetable.period_containing(start).end
    if service.cancel_on is not None:
        end = min(end, service.cancel_on)
    if end <= start:
        return None
    return prorated(after.cycle_price, timetable, Period(start, end), prorate=service.prorate)[0]
