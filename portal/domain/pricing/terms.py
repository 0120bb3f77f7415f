"""The terms of one service as they are stored, and the act of giving it other ones."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.db import db
from portal.domain import events
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.lifecycle.terms import contract_value, set_price
from portal.domain.metrics import actions as ledger
from portal.domain.money import Money
from portal.domain.pricing.models import PriceBatch, PriceChange
from portal.domain.pricing.rules import Discount, Terms, applied
from portal.domain.renewals.models import Renewal
from portal.domain.words import PriceState
from portal.signals import send


def terms_of(service: ClientService) -> Terms:
    """What holds now."""
    if service.undiscounted_minor is None:
        return Terms(service.quantity, service.cycle_price)
    amount = service.discount_minor
    discount = Discount(
        service.discount_percent,
        None if amount is None else Money(amount, service.currency),
        service.discount_until,
    )
    return Terms(service.quantity, Money(service.undiscounted_minor, service.currency), discount)


def give(service: ClientService, terms: Terms) -> None:
    """Set the terms, and what follows from them. `unit_price` is for the eye."""
    discount = terms.discount
    service.quantity = terms.quantity
    set_price(service, terms.cycle_price)
    service.unit_price_minor = terms.full.minor // terms.quantity
    service.undiscounted_minor = terms.full.minor if discount else None
    service.discount_percent = discount.percent if discount else None
    service.discount_minor = discount.amount.minor if discount and discount.amount else None
    service.discount_until = discount.until if discount else None
    service.total_contract_value_minor = contract_value(service, _term_start(service)).minor


def take_effect(
    service: ClientService, row: PriceChange, *, is_told: bool = True, by: int | None, at: datetime
) -> None:
    """Carry the change out on the locked service: columns, ledger, event. Billing follows the event.

    is_told: False where another event reports the price, as a renewal's does.
    """
    before, paid_before = terms_of(service), service.monthly_cost_minor
    after = applied(before, row.change(service.currency))
    give(service, after)
    ledger.repriced(service=service, before_minor=paid_before, on=clock.today())
    row.state, row.settled_at = PriceState.DONE, at
    row.cycle_price_before_minor, row.cycle_price_minor = before.cycle_price.minor, after.cycle_price.minor
    row.monthly_change_minor = service.monthly_cost_minor - paid_before
    if is_told and after != before:
        changed = events.PriceChanged(
            service_id=service.id,
            effective_on=row.effective_on,
            currency=service.currency,
            before_activation=service.status is Status.PENDING,
            on_boundary=row.on_boundary,
            changes=differences(before, after),
        )
        send(changed, by=by, at=at)
    if row.batch_id is not None:
        close_batch(row.batch_id, at)


def differences(before: Terms, after: Terms) -> dict[str, tuple[Any, Any]]:
    """What an event says of a change; the price always, since billing reads it there."""
    changes: dict[str, tuple[Any, Any]] = {
        "cycle_price_minor": (before.cycle_price.minor, after.cycle_price.minor)
    }
    if before.quantity != after.quantity:
        changes["quantity"] = (before.quantity, after.quantity)
    if before.discount != after.discount:
        changes["discount"] = (_said(before.discount), _said(after.discount))
    return changes


def close_batch(batch_id: int, at: datetime) -> None:
    """A bulk change is done when none of its changes is planned any more."""
    db.session.flush()
    planned = sa.exists().where(PriceChange.batch_id == batch_id, PriceChange.state == PriceState.PLANNED)
    open_ones = sa.update(PriceBatch).where(PriceBatch.id == batch_id, PriceBatch.state == PriceState.PLANNED)
    db.session.execute(open_ones.where(~planned).values(state=PriceState.DONE, settled_at=at))


def _said(discount: Discount | None) -> str:
    if discount is None:
        return "none"
    return f"{discount} until {discount.until}" if discount.until else str(discount)


def _term_start(service: ClientService) -> date:
    """The first day of the term that is agreed last."""
    renewed = sa.select(sa.func.max(Renewal.term_start)).filter_by(client_service_id=service.id)
    with db.session.no_autoflush:
        return db.session.scalar(renewed) or service.start_date
