"""What a bulk change would make of each service: its day, its price before and after, or why it is left out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from portal import clock
from portal.db import db
from portal.domain.billing.models import RecurringBilling
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.money import Money
from portal.domain.periods import Cycle, Timetable
from portal.domain.prices import monthly_cost_of
from portal.domain.pricing.limits import ENDED
from portal.domain.pricing.models import PriceBatch, PriceChange
from portal.domain.pricing.queries import planned_of
from portal.domain.pricing.rules import Change, applied, applied_in_turn
from portal.domain.pricing.terms import terms_of


@dataclass(frozen=True)
class Foreseen:
    """`skipped`: why the service is left out; nothing when it is not. Prices are of one cycle, as it is billed."""

    service: ClientService
    on: date
    before: Money
    after: Money
    skipped: str = ""

    @property
    def monthly(self) -> Money:
        cycle = self.service.billing_cycle
        return monthly_cost_of(self.after, cycle) - monthly_cost_of(self.before, cycle)


Reason = tuple[Callable[[Foreseen, PriceBatch], bool], Callable[[Foreseen], str]]
REASONS: tuple[Reason, ...] = (
    (lambda one, batch: one.service.status in ENDED, lambda one: "It has ended."),
    (
        lambda one, batch: one.service.billing_cycle is Cycle.ONE_TIME and one.service.status is not Status.PENDING,
        lambda one: "One-time work: it is billed already.",
    ),
    (
        lambda one, batch: batch.currency not in (None, one.service.currency),
        lambda one: f"It is sold in {one.service.currency}.",
    ),
    (lambda one, batch: not one.before, lambda one: "It is free of charge."),
    (
        lambda one, batch: one.service.cancel_on is not None and one.on >= one.service.cancel_on,
        lambda one: f"It is cancelled on {one.service.cancel_on}.",
    ),
    (lambda one, batch: one.after == one.before, lambda one: "Its price stays the same."),
)  # fmt: skip


def foresee(services: Sequence[ClientService], batch: PriceBatch) -> list[Foreseen]:
    """For each service, in the same order; with three queries, however many there are."""
    ids = [service.id for service in services]
    boundaries = {} if batch.effective_on else _next_boundaries(ids)
    planned = planned_of(ids)
    return [
        _foreseen(service, batch, batch.effective_on or boundaries.get(service.id), planned[service.id])
        for service in services
    ]


def _foreseen(
    service: ClientService, batch: PriceBatch, on: date | None, planned: Sequence[PriceChange]
) -> Foreseen:
    day = on or max(clock.today(), service.start_date)
    before_it = (row.change(service.currency) for row in planned if row.effective_on <= day)
    before = applied_in_turn(terms_of(service), before_it)
    if batch.currency not in (None, service.currency):
        after = before
    else:
        after = applied(before, Change(raised=batch.raised))
    one = Foreseen(service, day, before.cycle_price, after.cycle_price)
    why = next((words(one) for is_so, words in REASONS if is_so(one, batch)), "")
    return Foreseen(service, day, one.before, one.after, why)


def _next_boundaries(ids: Sequence[int]) -> Mapping[int, date]:
    """The first boundary of each that is not billed yet, today at the earliest."""
    today, schedule = clock.today(), RecurringBilling
    rows = db.session.execute(
        sa.select(
            schedule.client_service_id, schedule.first_on, schedule.anchor_day, schedule.frequency,
            schedule.next_bill_date,
        ).where(schedule.client_service_id.in_(ids), schedule.ends_on.is_(None))
    )  # fmt: skip
    return {
        service_id: Timetable(first_on, anchor, cycle).next_boundary(max(unbilled, today))
        for service_id, first_on, anchor, cycle, unbilled in rows
        if cycle is not Cycle.ONE_TIME
    }
