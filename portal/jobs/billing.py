"""What billing does when something happens to a service; one event of a service after the other."""

from collections.abc import Callable
from datetime import date
from functools import wraps

import sqlalchemy as sa

from portal.clock import now
from portal.db import db, fetch
from portal.domain.billing import repricing, running, schedules
from portal.domain.lifecycle.models import ClientService
from portal.domain.money import Money
from portal.domain.words import Unused
from portal.outbox import Delivery, EventRecord, Recorded

Reaction = Callable[[Recorded], None]


class OutOfTurn(Exception):
    """An earlier event of this service still waits: this one is tried again after it."""


def in_turn(react: Reaction) -> Reaction:
    """Schedules follow events in their order; a retry may bring a later one first."""

    @wraps(react)
    def when_it_is_next(event: Recorded) -> None:
        earlier = (
            sa.select(Delivery.id)
            .join(EventRecord, EventRecord.id == Delivery.event_id)
            .where(
                EventRecord.subject_type == event.subject_type,
                EventRecord.subject_id == event.subject_id,
                EventRecord.id < event.event_id,
                Delivery.queue == "billing",
                Delivery.done_at.is_(None),
                Delivery.gave_up_at.is_(None),
            )
        )
        if db.session.scalar(sa.select(earlier.exists())):
            raise OutOfTurn(f"An earlier event of service {event.subject_id} has not had its effect yet.")
        react(event)

    return when_it_is_next


@in_turn
def create_recurring_billing(event: Recorded) -> None:
    schedules.create(service_id=event.subject_id, event_id=event.event_id, at=now())


@in_turn
def suspend_recurring_billing(event: Recorded) -> None:
    on = date.fromisoformat(event.payload["suspended_on"])
    schedules.pause(service_id=event.subject_id, on=on, event_id=event.event_id, at=now())


@in_turn
def resume_recurring_billing(event: Recorded) -> None:
    on = date.fromisoformat(event.payload["resumed_on"])
    schedules.resume(service_id=event.subject_id, on=on, event_id=event.event_id, at=now())


@in_turn
def end_recurring_billing(event: Recorded) -> None:
    """On cancellation, with its fee; a completion has neither a fee nor a choice."""
    facts = event.payload
    fee = Money(facts["fee_minor"], facts["currency"]) if facts.get("fee_minor") else None
    schedules.end(
        service_id=event.subject_id,
        on=date.fromisoformat(facts.get("effective_on") or facts["completed_on"]),
        unused=Unused(facts.get("unused", Unused.CREDIT)),
        fee=fee,
        event_id=event.event_id,
        at=now(),
    )


@in_turn
def move_recurring_billing(event: Recorded) -> None:
    on = date.fromisoformat(event.payload["effective_on"])
    schedules.move(service_id=event.subject_id, on=on, event_id=event.event_id, at=now())


@in_turn
def extend_recurring_billing(event: Recorded) -> None:
    """The new term's price holds from its first boundary on; that of a term to come is planned, and changes then."""
    if "cycle_price_minor" in event.payload["changes"]:
        _reprice(event, event.payload["term_start"], at_boundary=True, swaps_billed=False)


@in_turn
def adjust_recurring_billing(event: Recorded) -> None:
    if not event.payload["before_activation"]:
        _reprice(event, event.payload["effective_on"], at_boundary=event.payload["on_boundary"])


def _reprice(event: Recorded, since: str, *, at_boundary: bool, swaps_billed: bool = True) -> None:
    was, price = event.payload["changes"]["cycle_price_minor"]
    currency = fetch(ClientService, event.subject_id).currency
    repricing.reprice(
        service_id=event.subject_id,
        price=Money(price, currency),
        was=Money(was, currency),
        effective_on=date.fromisoformat(since),
        at_boundary=at_boundary,
        swaps_billed=swaps_billed,
        event_id=event.event_id,
        at=now(),
    )


def continue_billing_run(event: Recorded) -> None:
    running.continue_run(run_id=event.subject_id, at=now())
