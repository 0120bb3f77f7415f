"""Changing what a service costs: now, or planned for a day; and taking a planned change back.

A change takes effect on its own day, never in the past; the calendar carries planned ones out. A service that is
pending just changes its terms: nothing has been billed. One that is suspended changes its price too: the paused MRR
follows, and billing takes the new price when the service is resumed. A service that ends before the day of the
change has no such change; what was planned for later is dropped when its day comes.
"""

from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa

from portal import clock
from portal.db import db, fetch, lock
from portal.domain import events
from portal.domain.errors import Refused, StaleVersion
from portal.domain.lifecycle.models import ClientService
from portal.domain.money import Money
from portal.domain.prices import monthly_cost_of
from portal.domain.pricing import queries
from portal.domain.pricing.limits import ENDED, check_discount, refuse
from portal.domain.pricing.models import PriceChange
from portal.domain.pricing.rules import Change, Discount, applied, check
from portal.domain.pricing.terms import close_batch, take_effect
from portal.domain.words import PriceState
from portal.signals import send


def change_price(
    *,
    service_id: int,
    cycle_price: Money,
    effective_on: date,
    reason: str = "",
    by: int | None = None,
    at: datetime,
) -> PriceChange:
    """Name the price of one cycle as a whole; a discount that ran is over."""
    wanted = Change(cycle_price=cycle_price)
    return change(
        service_id=service_id, change=wanted, effective_on=effective_on, reason=reason, by=by, at=at
    )


def change_quantity(
    *,
    service_id: int,
    quantity: int,
    effective_on: date,
    reason: str = "",
    by: int | None = None,
    at: datetime,
) -> PriceChange:
    """More or fewer of the same: unit price and discount stay."""
    wanted = Change(quantity=quantity)
    return change(
        service_id=service_id, change=wanted, effective_on=effective_on, reason=reason, by=by, at=at
    )


def set_discount(
    *,
    service_id: int,
    percent: Decimal | None = None,
    amount: Money | None = None,
    until: date | None = None,
    effective_on: date,
    reason: str = "",
    by: int | None = None,
    at: datetime,
) -> PriceChange:
    """A discount in place of any that runs; with neither percent nor amount, none. On `until` it ends by itself."""
    wanted = Change(no_discount=True)
    if percent is not None or amount is not None:
        wanted = Change(discount=Discount(percent, amount, until))
    return change(
        service_id=service_id, change=wanted, effective_on=effective_on, reason=reason, by=by, at=at
    )


def change(
    *,
    service_id: int,
    change: Change,
    effective_on: date,
    reason: str = "",
    seen_price: Money | None = None,
    by: int | None = None,
    at: datetime,
) -> PriceChange:
    """Any of these at once. `seen_price`: what the cycle cost on that day when the person looked.

    Raises Invalid with a fault for each input, Refused, StaleVersion when the price is another one by now.
    """
    service = lock(ClientService, service_id)
    refuse(service, effective_on)
    carry_out_planned(service, clock.today(), at=at)
    before = queries.terms_on(service, effective_on)
    check(before, change)
    check_discount(change, effective_on)
    if seen_price is not None and seen_price != before.cycle_price:
        raise StaleVersion(
            "The price is another one than you were shown, so nothing was changed. Look at it again.",
            theirs={"cycle_price": (str(seen_price), str(before.cycle_price))},
        )
    after = applied(before, change)
    if after == before:
        raise Refused("That is what it costs already: nothing is changed.")
    row = _row(service, change, effective_on, reason, by, at)
    row.cycle_price_before_minor, row.cycle_price_minor = before.cycle_price.minor, after.cycle_price.minor
    row.monthly_change_minor = (
        monthly_cost_of(after.cycle_price, service.billing_cycle).minor
        - monthly_cost_of(before.cycle_price, service.billing_cycle).minor
    )
    return _planned_or_done(service, row, by=by, at=at)


def withdraw(*, change_id: int, by: int | None = None, at: datetime) -> PriceChange:
    """Take a planned change back; with a discount goes its end. Raises Refused when it has taken effect."""
    service = lock(ClientService, fetch(PriceChange, change_id).client_service_id)
    row = lock(PriceChange, change_id)
    if row.state is PriceState.WITHDRAWN:
        return row
    if row.state is not PriceState.PLANNED:
        raise Refused("This change is not planned any more. To go back to another price, change it again.")
    ends = sa.select(PriceChange).filter_by(ends_change_id=change_id, state=PriceState.PLANNED)
    for each in (row, *db.session.scalars(ends)):
        each.state, each.settled_at = PriceState.WITHDRAWN, at
    if row.batch_id is not None:
        close_batch(row.batch_id, at)
    withdrawn = events.PriceChangeWithdrawn(
        service_id=service.id, effective_on=row.effective_on, currency=service.currency
    )
    send(withdrawn, by=by, at=at)
    return row


def agree_for_term(
    service: ClientService, *, price: Money, term_start: date, by: int | None = None, at: datetime
) -> bool:
    """The price of the term that begins on that day, for the locked service; whether it holds already.

    Billing takes it from the first boundary of the term on. A term to come keeps its price planned, so that what
    is changed before does not begin at the price of later.
    """
    change = Change(cycle_price=price)
    carry_out_planned(service, clock.today(), at=at)
    before = queries.terms_on(service, term_start)
    if applied(before, change) == before:
        return False
    row = _row(service, change, term_start, "Renewal", by, at)
    row.on_boundary = True
    row.cycle_price_before_minor, row.cycle_price_minor = before.cycle_price.minor, price.minor
    if term_start <= clock.today():
        take_effect(service, row, is_told=False, by=by, at=at)
        return True
    _tell_plan(service, row, by=by, at=at)
    return False


def carry_out_planned(service: ClientService, as_of: date, *, at: datetime) -> int:
    """Carry out what is planned for the locked service up to that day, in the order of the days; how many."""
    due = queries.planned(service.id, as_of, to_change=True)
    for row in due:
        if service.status in ENDED:
            row.state, row.settled_at = PriceState.WITHDRAWN, at
            row.note = "The service had ended by then."
            continue
        take_effect(service, row, by=row.requested_by_id, at=at)
    db.session.flush()
    return len(due)


def _planned_or_done(
    service: ClientService, row: PriceChange, *, by: int | None, at: datetime
) -> PriceChange:
    if row.discount_until is not None:
        db.session.add(_end_of(row))
    if row.effective_on <= clock.today():
        take_effect(service, row, by=by, at=at)
    else:
        _tell_plan(service, row, by=by, at=at)
    return row


def _tell_plan(service: ClientService, row: PriceChange, *, by: int | None, at: datetime) -> None:
    planned = events.PriceChangePlanned(
        service_id=service.id,
        effective_on=row.effective_on,
        currency=service.currency,
        reason=row.reason,
        changes={"cycle_price_minor": (row.cycle_price_before_minor, row.cycle_price_minor)},
    )
    send(planned, by=by, at=at)


def _row(
    service: ClientService, change: Change, on: date, reason: str, by: int | None, at: datetime
) -> PriceChange:
    discount = change.discount or Discount()
    row = PriceChange(
        client_service_id=service.id,
        effective_on=on,
        quantity=change.quantity,
        unit_price_minor=None if change.unit_price is None else change.unit_price.minor,
        whole_price_minor=None if change.cycle_price is None else change.cycle_price.minor,
        discount_percent=discount.percent,
        discount_minor=discount.amount.minor if discount.amount else None,
        discount_until=discount.until,
        ends_discount=change.no_discount,
        reason=reason.strip(),
        requested_by_id=by,
        requested_at=at,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _end_of(row: PriceChange) -> PriceChange:
    return PriceChange(
        client_service_id=row.client_service_id,
        effective_on=row.discount_until,
        ends_discount=True,
        ends_change_id=row.id,
        requested_by_id=row.requested_by_id,
        requested_at=row.requested_at,
    )
