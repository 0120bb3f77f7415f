"""Ending a service early: now, on a day to come, or not after all."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from portal import clock
from portal.db import db, fetch, lock
from portal.domain import company, events
from portal.domain.errors import DomainError, Refused, StaleVersion
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.moves import locked_for
from portal.domain.lifecycle.rules import (
    CancellationFee,
    Command,
    Status,
    cancellation_fee,
    check_effective_date,
)
from portal.domain.metrics import actions as ledger
from portal.domain.money import Money
from portal.domain.pricing import actions as pricing
from portal.domain.staff.models import User
from portal.domain.staff.permissions import Permission, may
from portal.domain.words import Unused
from portal.signals import send


@dataclass(frozen=True)
class BatchResult:
    """`failed`: (service id, reason in words) of what was left as it was."""

    done: int
    failed: tuple[tuple[int, str], ...] = ()


def fee_preview(service: ClientService, effective_on: date) -> CancellationFee:
    """What cancelling on that day costs, and why (contract's percent, else product's, else the setting)."""
    contract, product = service.contract, service.product
    percents = (
        contract.cancellation_fee_percent if contract else None,
        product.cancellation_fee_percent,
        Decimal(company.setting("cancellation_fee_percent")),
    )
    return cancellation_fee(
        percent=next(each for each in percents if each is not None),
        cycle_price=service.cycle_price,
        cycle=service.billing_cycle,
        effective_on=effective_on,
        end_date=service.end_date,
        was_activated=service.activated_at is not None,
        cap_months=contract.cancellation_fee_cap_months if contract else None,
    )


def cancel(
    *,
    service_id: int,
    effective_on: date,
    reason: str,
    unused: str = Unused.CREDIT,
    fee: Money | None = None,
    fee_reason: str = "",
    seen_fee: Money | None = None,
    by: int | None = None,
    at: datetime,
) -> ClientService:
    """Cancel on a day: a past or present one takes effect now, a coming one is scheduled.

    `fee` overrides the computed one (a right of its own, with `fee_reason`); `seen_fee` is what the person
    confirmed: when the fee is another by now, nothing happens. Raises Refused, StaleVersion, InvalidTransition.
    """
    service, to_do = locked_for(Command.CANCEL, service_id)
    if not to_do:
        return service
    if not reason.strip():
        raise Refused("Say why the service is cancelled.")
    _check_day(service, effective_on, by)
    computed = fee_preview(service, effective_on).fee
    _check_fee(computed, fee, fee_reason, seen_fee, by)
    service.cancel_on = effective_on
    service.cancel_unused = Unused(unused)
    service.cancellation_reason = reason.strip()
    service.cancellation_fee_minor = (computed if fee is None else fee).minor
    service.cancellation_fee_note = fee_reason.strip()
    if effective_on <= clock.today():
        _take_effect(service, by=by, at=at)
    else:
        scheduled = events.CancellationScheduled(
            service_id=service.id, effective_on=effective_on, reason=service.cancellation_reason
        )
        send(scheduled, by=by, at=at)
    return service


def withdraw_cancellation(*, service_id: int, by: int | None = None, at: datetime) -> ClientService:
    """Take a scheduled cancellation back. Raises Refused when there is none."""
    service = lock(ClientService, service_id)
    if not service.has_scheduled_cancellation or service.cancel_on is None:
        raise Refused("No cancellation is scheduled for this service: there is nothing to withdraw.")
    withdrawn = events.CancellationWithdrawn(service_id=service.id, effective_on=service.cancel_on)
    service.cancel_on = service.cancellation_fee_minor = None
    service.cancellation_reason = service.cancellation_fee_note = ""
    service.cancel_unused = Unused.CREDIT
    send(withdrawn, by=by, at=at)
    return service


def due_cancellations(as_of: date) -> list[int]:
    """Ids of the services whose scheduled cancellation has come, oldest first."""
    due = sa.select(ClientService.id).where(
        ClientService.cancel_on <= as_of, ClientService.cancelled_at.is_(None)
    )
    return list(db.session.scalars(due.order_by(ClientService.cancel_on, ClientService.id)))


def carry_out_cancellations(*, as_of: date, by: int | None = None, at: datetime) -> BatchResult:
    """Carry out what is due, each in a savepoint: one that is refused does not stop the others."""
    done, failed = 0, []
    for service_id in due_cancellations(as_of):
        try:
            with db.session.begin_nested():
                service, to_do = locked_for(Command.CANCEL, service_id)
                if to_do and service.cancel_on is not None and service.cancel_on <= as_of:
                    _take_effect(service, by=by, at=at)
                    done += 1
        except DomainError as refusal:
            failed.append((service_id, refusal.message))
    return BatchResult(done, tuple(failed))


def _take_effect(service: ClientService, *, by: int | None, at: datetime) -> None:
    """The end, after what was planned for days before it: both may have come while nothing ran."""
    was, effective_on = service.status, service.cancel_on
    assert effective_on is not None
    pricing.carry_out_planned(service, effective_on - timedelta(days=1), at=at)
    if was is not Status.PENDING:
        ledger.ended(service=service, on=clock.today())
    service.status = Status.CANCELLED
    service.suspended_at = None
    service.cancelled_at = at
    send(
        events.ServiceCancelled(
            service_id=service.id,
            effective_on=effective_on,
            reason=service.cancellation_reason,
            unused=service.cancel_unused,
            fee_minor=service.cancellation_fee_minor or 0,
            currency=service.currency,
            changes={"status": (was, Status.CANCELLED)},
        ),
        by=by,
        at=at,
    )


def _check_day(service: ClientService, effective_on: date, by: int | None) -> None:
    closed = company.setting("books_closed_until")
    check_effective_date(
        effective_on=effective_on,
        start_date=service.start_date,
        today=clock.today(),
        books_closed_until=date.fromisoformat(closed) if closed else None,
        may_backdate=_has_right(by, Permission.BACKDATE_CANCELLATION),
    )


def _check_fee(computed: Money, fee: Money | None, why: str, seen: Money | None, by: int | None) -> None:
    if seen is not None and fee is None and seen != computed:
        raise StaleVersion(
            "The fee is another one than you were shown, so nothing was cancelled. Look at it again.",
            theirs={"Cancellation fee": (str(seen), str(computed))},
        )
    if fee is None or fee == computed:
        return
    if not _has_right(by, Permission.WAIVE_FEE):
        raise Refused(f"You cannot change the fee of {computed}. Ask an admin.")
    if fee.minor < 0 or fee.currency != computed.currency or not why.strip():
        raise Refused("A changed fee is zero or more, in the service's currency, and needs a reason.")


def _has_right(by: int | None, permission: Permission) -> bool:
    """The system (None) may do what its callers decided."""
    return by is None or may(fetch(User, by), permission)
