"""The moves of a client service (rule book 3): activate, suspend, resume, renew, transfer, complete."""

from datetime import date, datetime

from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.db import db, fetch, lock
from portal.domain import company, events
from portal.domain.clients.models import Client
from portal.domain.errors import Refused
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.moves import locked_for
from portal.domain.lifecycle.queries import renewal_price, why_not_complete
from portal.domain.lifecycle.rules import Command, Status
from portal.domain.lifecycle.terms import contract_value
from portal.domain.metrics import actions as ledger
from portal.domain.money import Money
from portal.domain.periods import Period
from portal.domain.prices import monthly_cost_of
from portal.domain.pricing import actions as pricing
from portal.domain.renewals.models import Renewal
from portal.domain.renewals.rules import next_term
from portal.domain.words import RenewalDecision
from portal.signals import send

LONGEST_TERM_MONTHS = 120


def activate(
    *, service_id: int, override_reason: str | None = None, by: int | None = None, at: datetime
) -> ClientService:
    """Start the service. `override_reason` activates it before provisioning is completed: an admin's right."""
    service, to_do = locked_for(Command.ACTIVATE, service_id, override=bool(override_reason))
    if not to_do:
        return service
    service.status = Status.ACTIVE
    service.activated_at = at
    if service.monitoring_enabled and service.monitored_from is None:
        service.monitored_from = at
    ledger.began(service=service, on=clock.today())
    changes = {"status": (Status.PENDING, Status.ACTIVE)}
    send(
        events.ServiceActivated(service_id=service.id, override_reason=override_reason, changes=changes),
        by=by,
        at=at,
    )
    return service


def suspend(*, service_id: int, reason: str, by: int | None = None, at: datetime) -> ClientService:
    """Pause the service. A listener pauses the schedule and credits the unused days."""
    service, to_do = locked_for(Command.SUSPEND, service_id)
    if not to_do:
        return service
    if not reason.strip():
        raise Refused("Say why the service is suspended: the client will ask.")
    service.status = Status.SUSPENDED
    service.suspended_at = at
    service.suspension_reason = reason.strip()
    ledger.paused(service=service, on=clock.today())
    send(
        events.ServiceSuspended(
            service_id=service.id,
            reason=service.suspension_reason,
            suspended_on=clock.today(),
            changes={"status": (Status.ACTIVE, Status.SUSPENDED)},
        ),
        by=by,
        at=at,
    )
    return service


def resume(*, service_id: int, by: int | None = None, at: datetime) -> ClientService:
    """Take a suspended service up again. The gap is never billed."""
    service, to_do = locked_for(Command.RESUME, service_id)
    if not to_do:
        return service
    service.status = Status.ACTIVE
    service.suspended_at = None
    service.suspension_reason = ""
    ledger.resumed(service=service, on=clock.today())
    send(
        events.ServiceResumed(
            service_id=service.id,
            resumed_on=clock.today(),
            changes={"status": (Status.SUSPENDED, Status.ACTIVE)},
        ),
        by=by,
        at=at,
    )
    return service


def renew(
    *,
    service_id: int,
    months: int,
    cycle_price: Money | None = None,
    term_start: date | None = None,
    by: int | None = None,
    at: datetime,
) -> ClientService:
    """Open the next term, from the old renewal date, at `cycle_price` (by default the renewal price).

    `term_start` is the term that the caller saw: when it has been renewed meanwhile, nothing happens.
    """
    service, _ = locked_for(Command.RENEW, service_id)
    starts = term_start or service.renewal_date or service.end_date
    _refuse_renewal(service, months, starts, is_agreed=cycle_price is not None)
    assert starts is not None
    price = cycle_price or renewal_price(service)
    term = next_term(start_date=service.start_date, renewal_date=starts, months=months)
    if not _insert_renewal(service, term, months, price, by=by, at=at):
        service.already_done_message = f"The term from {starts} has been renewed already."
        return service
    changes: dict[str, tuple[object, object]] = {"end_date": (service.end_date, term.end)}
    price_before = service.cycle_price_minor
    if pricing.agree_for_term(service, price=price, term_start=term.start, by=by, at=at):
        changes["cycle_price_minor"] = (price_before, price.minor)
    _open_term(service, term, price, at)
    renewed = events.ServiceRenewed(
        service_id=service.id, term_start=term.start, term_end=term.end, months=months, changes=changes
    )
    send(renewed, by=by, at=at)
    return service


def transfer(
    *, service_id: int, client_id: int, effective_on: date, by: int | None = None, at: datetime
) -> ClientService:
    """Hand the service to another client. Issued invoices stay with the old one."""
    for each in sorted({client_id, fetch(ClientService, service_id).client_id}):
        lock(Client, each)
    service, _ = locked_for(Command.TRANSFER, service_id)
    old, new = service.client, fetch(Client, client_id)
    _refuse_transfer(service, new, effective_on)
    service.client = new
    service.client_id = new.id
    service.contract_id = service.escalation_contact_id = None
    ledger.transferred(service=service, from_client_id=old.id, on=clock.today())
    send(
        events.ServiceTransferred(
            service_id=service.id,
            from_client_id=old.id,
            to_client_id=new.id,
            effective_on=effective_on,
            changes={"client": (old.name, new.name)},
        ),
        by=by,
        at=at,
    )
    return service


def complete(*, service_id: int, by: int | None = None, at: datetime) -> ClientService:
    """End a service whose term and grace have passed, or a one-time project that is done."""
    service, to_do = locked_for(Command.COMPLETE, service_id)
    if not to_do:
        return service
    refusal = why_not_complete(service)
    if refusal:
        raise Refused(refusal)
    was = service.status
    ledger.ended(service=service, on=clock.today())
    service.status = Status.COMPLETED
    service.suspended_at = None
    service.completed_at = at
    send(
        events.ServiceCompleted(
            service_id=service.id, completed_on=clock.today(), changes={"status": (was, Status.COMPLETED)}
        ),
        by=by,
        at=at,
    )
    return service


def _refuse_renewal(service: ClientService, months: int, starts: date | None, *, is_agreed: bool) -> None:
    if not 1 <= months <= LONGEST_TERM_MONTHS:
        raise Refused(f"A term has 1 to {LONGEST_TERM_MONTHS} months.")
    if starts is None:
        raise Refused("This service has no renewal date: it runs until it is cancelled.")
    if service.has_scheduled_cancellation:
        raise Refused(f"It is cancelled on {service.cancel_on}: withdraw the cancellation first.")
    if service.renewal_decision is RenewalDecision.APPROVED and not is_agreed:
        raise Refused(f"The next term is approved: it begins by itself on {starts}.")


def _insert_renewal(
    service: ClientService, term: Period, months: int, price: Money, *, by: int | None, at: datetime
) -> bool:
    """False when the term has been renewed before: the unique key decides, not a look beforehand."""
    row = insert(Renewal).values(
        client_service_id=service.id,
        term_start=term.start,
        term_end=term.end,
        months=months,
        cycle_price_minor=price.minor,
        currency=price.currency,
        renewed_at=at,
        renewed_by_id=by,
    )
    return bool(db.session.scalar(row.on_conflict_do_nothing().returning(Renewal.id)))


def _open_term(service: ClientService, term: Period, price: Money, at: datetime) -> None:
    service.end_date = service.renewal_date = term.end
    service.renewal_count += 1
    service.last_renewed_at = at
    service.renewal_decision = RenewalDecision.UNDECIDED
    service.renewal_denied_at, service.renewal_denied_reason = None, ""
    monthly = monthly_cost_of(price, service.billing_cycle)
    service.total_contract_value_minor = contract_value(service, term.start, monthly).minor


def _refuse_transfer(service: ClientService, new: Client, effective_on: date) -> None:
    if new.id == service.client_id:
        raise Refused(f"The service is {new.name}'s already.")
    if not new.is_active:
        raise Refused(f"{new.name} is not an active client. Choose another, or make it active first.")
    if new.currency != service.currency:
        raise Refused(f"{new.name} pays in {new.currency}, this service is sold in {service.currency}.")
    if effective_on > clock.today():
        raise Refused("A transfer takes effect today or on a past day. Come back on that day.")
    closed = company.setting("books_closed_until")
    if effective_on < service.start_date or (closed and effective_on < date.fromisoformat(closed)):
        raise Refused(
            "That day is before the service starts, or in books that are closed. Choose a later one."
        )
