"""When a price cannot change, in words."""

from datetime import date, timedelta

from portal import clock
from portal.domain.errors import Invalid, Refused
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.periods import Cycle
from portal.domain.pricing.rules import Change

FURTHEST = timedelta(days=3660)
ENDED = (Status.CANCELLED, Status.COMPLETED)


def refuse(service: ClientService, effective_on: date) -> None:
    """Raises Refused for a service whose price cannot change any more, Invalid for a day that cannot be."""
    today, ends = clock.today(), service.cancel_on
    if service.status in ENDED:
        raise Refused("The service has ended: its price stays as it was.")
    if service.billing_cycle is Cycle.ONE_TIME and service.status is not Status.PENDING:
        raise Refused("One-time work is billed once, on activation: its price cannot change any more.")
    if effective_on < today:
        raise Invalid(
            faults={"effective_on": "A price changes today or on a day to come, never in the past."}
        )
    if effective_on > today + FURTHEST:
        raise Invalid(faults={"effective_on": "At most ten years ahead."})
    if ends is not None and effective_on >= ends:
        raise Invalid(faults={"effective_on": f"The service is cancelled on {ends}: choose an earlier day."})


def check_discount(change: Change, effective_on: date) -> None:
    until = change.discount.until if change.discount else None
    if until is not None and not effective_on < until <= effective_on + FURTHEST:
        raise Invalid(faults={"discount_until": "A day after the one on which the discount begins."})
