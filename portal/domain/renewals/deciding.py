"""Deciding on the next term: approve it, deny it, take that back, let an ended service run on, note a talk."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.db import db, fetch, lock
from portal.domain import events, lifecycle
from portal.domain.errors import Invalid, Refused, StaleVersion
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.queries import grace_ends_on
from portal.domain.lifecycle.rules import Status
from portal.domain.money import Money
from portal.domain.renewals.models import RenewalCase
from portal.domain.renewals.prices import price_of
from portal.domain.words import RenewalDecision, Unused
from portal.signals import send

RUNNING = (Status.ACTIVE, Status.SUSPENDED)
LONGEST_TERM = 120
LONGEST_GRACE = 365


def approve(
    *,
    service_id: int,
    months: int | None = None,
    cycle_price: Money | None = None,
    seen_price: Money | None = None,
    term_start: date | None = None,
    by: int | None = None,
    at: datetime,
) -> ClientService:
    """Agree the next term: renewed at once when the present one is over, else by the run on its day.

    By default for the service's own term at the renewal price; `seen_price` is what that was when the person
    looked, `term_start` the term that it was about. Raises Refused, Invalid, StaleVersion.
    """
    service = _running(service_id)
    starts = _next_start(service)
    if term_start is not None and term_start != starts:
        service.already_done_message = f"The term from {term_start} has been renewed already."
        return service
    _refuse_approval(service)
    price = cycle_price or _price_as_seen(service, seen_price)
    months = months or service.renewal_term_months
    _check_agreement(service, price, months)
    if starts <= clock.today():
        return lifecycle.renew(
            service_id=service_id, months=months, cycle_price=price, term_start=starts, by=by, at=at
        )
    return _agree(service, starts, price, months, by, at)


def approve_as_shown(
    *, service_id: int, shown: Mapping[str, Sequence[Any]], by: int | None = None, at: datetime
) -> ClientService:
    """One of many that were shown together. shown: service id as text → (minor units of a cycle, start of the term)."""
    if str(service_id) not in shown:
        raise Refused("It was not among those that you were shown.")
    minor, starts = shown[str(service_id)]
    currency = fetch(ClientService, service_id).currency
    return approve(
        service_id=service_id,
        seen_price=Money(int(minor), currency),
        term_start=date.fromisoformat(starts),
        by=by,
        at=at,
    )


def deny(*, service_id: int, reason: str, by: int | None = None, at: datetime) -> ClientService:
    """No next term: cancelled without a fee when the present one ends, or now when it has ended."""
    service = _running(service_id)
    if service.renewal_decision is RenewalDecision.DENIED:
        service.already_done_message = "The renewal has been denied already."
        return service
    if not reason.strip():
        raise Invalid(faults={"reason": "Say why it is not renewed."})
    starts = _next_start(service)
    if service.has_scheduled_cancellation:
        raise Refused(f"It is cancelled on {service.cancel_on} anyway: there is nothing to deny.")
    case = case_of(service)
    case.was_automatic = service.auto_renewal
    case.agreed_price_minor = case.agreed_months = None
    before, service.renewal_decision = service.renewal_decision, RenewalDecision.DENIED
    service.renewal_denied_at, service.renewal_denied_reason = at, reason.strip()
    service.auto_renewal = False
    denied = events.RenewalDenied(
        service_id=service.id,
        reason=reason.strip(),
        changes={
            "renewal_decision": (before, RenewalDecision.DENIED),
            "auto_renewal": (case.was_automatic, False),
        },
    )
    send(denied, by=by, at=at)
    db.session.flush()
    return lifecycle.cancel(
        service_id=service.id,
        effective_on=max(service.end_date or starts, clock.today()),
        reason=f"Renewal denied: {reason.strip()}",
        unused=Unused.CREDIT,
        fee=Money.zero(service.currency),
        by=by,
        at=at,
    )


def withdraw_denial(*, service_id: int, by: int | None = None, at: datetime) -> ClientService:
    """As if it had not been denied: undecided, and renewing by itself if it did before."""
    service = _running(service_id)
    if service.renewal_decision is not RenewalDecision.DENIED:
        raise Refused("The renewal of this service is not denied: there is nothing to withdraw.")
    if service.has_scheduled_cancellation:
        lifecycle.withdraw_cancellation(service_id=service_id, by=by, at=at)
    was_automatic = bool(case_of(service).was_automatic)
    service.renewal_decision, service.auto_renewal = RenewalDecision.UNDECIDED, was_automatic
    service.renewal_denied_at, service.renewal_denied_reason = None, ""
    withdrawn = events.RenewalDenialWithdrawn(
        service_id=service.id,
        changes={
            "renewal_decision": (RenewalDecision.DENIED, RenewalDecision.UNDECIDED),
            "auto_renewal": (False, was_automatic),
        },
    )
    send(withdrawn, by=by, at=at)
    return service


def extend_grace(
    *, service_id: int, days: int, reason: str, by: int | None = None, at: datetime
) -> ClientService:
    """Let a service run on so many days longer after its end, which stays where it is. Raises Invalid, Refused."""
    service = _running(service_id)
    before = grace_ends_on(service)
    if before is None or service.end_date is None:
        raise Refused("This service has no end, so it needs no grace.")
    if service.end_date > clock.today():
        raise Refused(f"Its term runs until {service.end_date}: there is no grace to extend yet.")
    _check_extension(days, reason)
    case = case_of(service)
    case.grace_until = before + timedelta(days=days)
    case.grace_reason = reason.strip()
    extended = events.GraceExtended(
        service_id=service.id,
        grace_until=case.grace_until,
        reason=case.grace_reason,
        changes={"grace_ends_on": (before, case.grace_until)},
    )
    send(extended, by=by, at=at)
    return service


def note(
    *, service_id: int, text: str, next_contact_on: date | None = None, by: int | None = None, at: datetime
) -> ClientService:
    """Keep what was said about the renewal, and when to speak again. Raises Invalid for nothing."""
    service = _running(service_id)
    if not text.strip() and next_contact_on is None:
        raise Invalid(faults={"text": "Enter a note, or a day to speak again."})
    case = case_of(service)
    case.note, case.next_contact_on = text.strip()[:2000], next_contact_on
    noted = events.RenewalNoted(service_id=service.id, note=case.note, next_contact_on=next_contact_on)
    send(noted, by=by, at=at)
    return service


def case_of(service: ClientService) -> RenewalCase:
    """The case of the term that comes next; a new one when nothing was decided or noted so far."""
    key = {"client_service_id": service.id, "term_start": _next_start(service)}
    db.session.execute(insert(RenewalCase).values(**key).on_conflict_do_nothing())
    return db.session.scalars(sa.select(RenewalCase).filter_by(**key).with_for_update()).one()


def _running(service_id: int) -> ClientService:
    service = lock(ClientService, service_id)
    if service.status not in RUNNING:
        raise Refused(f"The service is {service.status}: there is no term to decide on.")
    service.already_done_message = ""
    return service


def _next_start(service: ClientService) -> date:
    starts = service.renewal_date or service.end_date
    if starts is None:
        raise Refused("This service has no renewal date: it runs until it is cancelled.")
    return starts


def _refuse_approval(service: ClientService) -> None:
    if service.renewal_decision is RenewalDecision.DENIED:
        raise Refused("Its renewal is denied. Withdraw the denial first.")
    if service.has_scheduled_cancellation:
        raise Refused(f"It is cancelled on {service.cancel_on}: withdraw the cancellation first.")


def _price_as_seen(service: ClientService, seen: Money | None) -> Money:
    price = price_of(service).price
    if seen is not None and seen != price:
        raise StaleVersion(
            "The renewal price is another one than you were shown, so nothing was approved. Look at it again.",
            theirs={"Renewal price": (str(seen), str(price))},
        )
    return price


def _check_agreement(service: ClientService, price: Money, months: int) -> None:
    faults = {}
    if not 1 <= months <= LONGEST_TERM:
        faults["months"] = f"A term has 1 to {LONGEST_TERM} months."
    if price.minor < 0 or price.currency != service.currency:
        faults["cycle_price"] = f"Zero or more, in {service.currency}."
    if faults:
        raise Invalid(faults=faults)


def _check_extension(days: int, reason: str) -> None:
    faults = {}
    if not 1 <= days <= LONGEST_GRACE:
        faults["days"] = f"From 1 to {LONGEST_GRACE} days."
    if not reason.strip():
        faults["reason"] = "Say why it may run on."
    if faults:
        raise Invalid(faults=faults)


def _agree(
    service: ClientService, starts: date, price: Money, months: int, by: int | None, at: datetime
) -> ClientService:
    case = case_of(service)
    case.agreed_price_minor, case.agreed_months = price.minor, months
    before, service.renewal_decision = service.renewal_decision, RenewalDecision.APPROVED
    approved = events.RenewalApproved(
        service_id=service.id,
        term_start=starts,
        months=months,
        cycle_price_minor=price.minor,
        currency=price.currency,
        changes={"renewal_decision": (before, RenewalDecision.APPROVED)},
    )
    send(approved, by=by, at=at)
    return service
