"""The life of a client service: which command is allowed when (screen 2), and what a cancellation costs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from portal.domain.errors import InvalidTransition, Refused
from portal.domain.money import Money
from portal.domain.periods import Cycle, MonthSpan, months_between


class Status(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"
    COMPLETED = "completed"

    @property
    def label(self) -> str:
        return self.value.capitalize()


class ProvisioningStatus(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"

    @property
    def label(self) -> str:
        return "Not started" if self is ProvisioningStatus.PENDING else self.words.capitalize()

    @property
    def words(self) -> str:
        return self.value.replace("_", " ")


class Command(StrEnum):
    START_PROVISIONING = "start_provisioning"
    ASSIGN_TECHNICIANS = "assign_technicians"
    CONFIGURE_SLA = "configure_sla"
    SETUP_MONITORING = "setup_monitoring"
    COMPLETE_PROVISIONING = "complete_provisioning"
    FAIL_PROVISIONING = "fail_provisioning"
    ACTIVATE = "activate"
    SUSPEND = "suspend"
    RESUME = "resume"
    CANCEL = "cancel"
    RENEW = "renew"
    TRANSFER = "transfer"
    COMPLETE = "complete"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize().replace("sla", "SLA")


@dataclass(frozen=True)
class Move:
    """One row of the table. `to` and `provisioning_to` are None where the status stays as it is."""

    command: Command
    since: frozenset[Status]
    to: Status | None = None
    provisioning: frozenset[ProvisioningStatus] = frozenset(ProvisioningStatus)
    provisioning_to: ProvisioningStatus | None = None
    needs: str = ""


S, P, C = Status, ProvisioningStatus, Command
_LIVING = frozenset({S.PENDING, S.ACTIVE, S.SUSPENDED})
_PENDING, _ACTIVE, _SUSPENDED = frozenset({S.PENDING}), frozenset({S.ACTIVE}), frozenset({S.SUSPENDED})
_UNDER_WAY = frozenset({P.PENDING, P.IN_PROGRESS})
_TO_START, _READY = frozenset({P.PENDING, P.FAILED}), frozenset({P.COMPLETED})

MOVES: dict[Command, Move] = {
    move.command: move
    for move in (
        #    command                  from                  to            provisioning from, to
        Move(C.START_PROVISIONING,    _PENDING,             None,         _TO_START,  P.IN_PROGRESS),
        Move(C.ASSIGN_TECHNICIANS,    _LIVING),
        Move(C.CONFIGURE_SLA,         _LIVING),
        Move(C.SETUP_MONITORING,      _LIVING),
        Move(C.COMPLETE_PROVISIONING, _PENDING,             None,         _UNDER_WAY, P.COMPLETED,
             "a technician, an SLA and every mandatory task done"),
        Move(C.FAIL_PROVISIONING,     _PENDING,             None,         _UNDER_WAY, P.FAILED, "a reason"),
        Move(C.ACTIVATE,              _PENDING,             S.ACTIVE,     _READY,
             needs="provisioning completed, or an admin's recorded override"),
        Move(C.SUSPEND,               _ACTIVE,              S.SUSPENDED,  needs="a reason"),
        Move(C.RESUME,                _SUSPENDED,           S.ACTIVE),
        Move(C.CANCEL,                _LIVING,              S.CANCELLED,  needs="a date and a reason"),
        Move(C.RENEW,                 _ACTIVE,              needs="a number of months"),
        Move(C.TRANSFER,              _LIVING,              needs="the new client and an effective date"),
        Move(C.COMPLETE,              _ACTIVE | _SUSPENDED, S.COMPLETED,
             needs="the term and its grace passed without renewal, or a one-time project done"),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Decision:
    """What the command leads to. `already_done`: it has happened, so change nothing, send nothing, say so."""

    command: Command
    status: Status
    provisioning_status: ProvisioningStatus
    already_done: bool = False

    @property
    def message(self) -> str:
        if not self.already_done:
            return ""
        return f"This has already happened: the service is {state_of(self.status, self.provisioning_status)}."


def decide(
    command: Command,
    status: Status,
    provisioning_status: ProvisioningStatus,
    *,
    override: bool = False,
) -> Decision:
    """Allowed, already done, or InvalidTransition. `override` activates before provisioning is completed."""
    move = MOVES[command]
    after = Decision(command, move.to or status, move.provisioning_to or provisioning_status)
    if _allows(move, status, provisioning_status, override=override):
        return after
    if _is_already_done(move, status, provisioning_status):
        return Decision(command, status, provisioning_status, already_done=True)
    raise InvalidTransition(
        state_of(status, provisioning_status), command, allowed_commands(status, provisioning_status)
    )


def allowed_commands(
    status: Status, provisioning_status: ProvisioningStatus, *, override: bool = False
) -> tuple[Command, ...]:
    """In the order of the table: what a page offers, and what a refusal names."""
    return tuple(
        move.command
        for move in MOVES.values()
        if _allows(move, status, provisioning_status, override=override)
    )


def state_of(status: Status, provisioning_status: ProvisioningStatus) -> str:
    """ "active", or while it is being set up "pending (provisioning in progress)"."""
    return f"pending (provisioning {provisioning_status.words})" if status is S.PENDING else status.value


def _allows(move: Move, status: Status, provisioning: ProvisioningStatus, *, override: bool) -> bool:
    set_up = provisioning in move.provisioning or (override and move.command is C.ACTIVATE)
    return status in move.since and set_up


def _is_already_done(move: Move, status: Status, provisioning: ProvisioningStatus) -> bool:
    if move.provisioning_to is not None:
        return status in move.since and provisioning is move.provisioning_to
    return status is move.to


@dataclass(frozen=True)
class CancellationFee:
    """The fee and how it came about, for the page that asks for confirmation.

    `remaining` is rounded for the eye; the fee was computed from the exact value and rounded once.
    """

    fee: Money
    percent: Decimal
    remaining: Money
    span: MonthSpan | None
    words: str


def cancellation_fee(
    *,
    percent: Decimal,
    cycle_price: Money,
    cycle: Cycle,
    effective_on: date,
    end_date: date | None,
    was_activated: bool,
    cap_months: int | None = None,
) -> CancellationFee:
    """`percent` of what is left of the contract, at most `cap_months` months of the price (rule book 3)."""
    nothing = Money.zero(cycle_price.currency)
    why_none = _why_no_fee(cycle, effective_on, end_date, was_activated=was_activated)
    if why_none or end_date is None:
        return CancellationFee(nothing, percent, nothing, None, why_none)
    span = months_between(effective_on, end_date)
    month = cycle_price.minor / cycle.months
    exact = month * span.exact * Fraction(percent) / 100
    words = f"{percent.normalize():f} % of the remaining {span}, to {end_date}"
    if cap_months is not None and exact > month * cap_months:
        exact = month * cap_months
        words += f", but at most {cap_months} months of the price"
    remaining = Money.rounded(month * span.exact, cycle_price.currency)
    return CancellationFee(Money.rounded(exact, cycle_price.currency), percent, remaining, span, words)


def _why_no_fee(cycle: Cycle, effective_on: date, end_date: date | None, *, was_activated: bool) -> str:
    reasons: Iterable[tuple[bool, str]] = (
        (not was_activated, "No fee: the service was never activated."),
        (cycle is Cycle.ONE_TIME, "No fee: one-time work has no further charges."),
        (end_date is None, "No fee: the service has no end date."),
        (end_date is not None and effective_on >= end_date, "No fee: the term has ended by then."),
    )
    return next((words for applies, words in reasons if applies), "")


def check_effective_date(
    *,
    effective_on: date,
    start_date: date,
    today: date,
    books_closed_until: date | None,
    may_backdate: bool,
) -> None:
    """Refuses a cancellation that is dated where nobody, or not this person, may date it."""
    if effective_on < start_date:
        raise Refused(f"The service starts on {start_date}. Choose that day or a later one.")
    if books_closed_until is not None and effective_on < books_closed_until:
        raise Refused(f"The books are closed up to {books_closed_until}. Choose that day or a later one.")
    if effective_on < today and not may_backdate:
        raise Refused(
            f"{effective_on} is past. Choose today or later, or ask finance or an admin to date it back."
        )
