"""The run that renews what renews by itself: in pages, each whole, safe to run again, at once, or after a kill."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import joinedload

from portal.db import batch_lock, db
from portal.domain import lifecycle
from portal.domain.errors import DomainError
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.periods import Cycle
from portal.domain.renewals import together
from portal.domain.renewals.facts import Standing, standings
from portal.domain.renewals.holding import hold
from portal.domain.renewals.prices import prices_of
from portal.domain.renewals.together import Due
from portal.domain.words import RenewalDecision

# A page takes about a second, and each of its services stays locked until it is committed.
PAGE = 500

Held = tuple[int, tuple[str, ...]]


@dataclass
class Report:
    """What became of what was due. `held`: (service id, every reason) of what does not renew by itself."""

    renewed: int = 0
    held: list[Held] = field(default_factory=list)
    last_id: int = 0
    """The service up to which this pass has come; 0 when a pass is over."""
    renewed_before: int = 0
    is_done: bool = False


def run_page(report: Report, *, as_of: date, by: int | None = None, at: datetime) -> None:
    """The next page. A pass that renewed something is followed by another: a term may have passed unseen.

    What is held is looked at once in each pass; the report tells of the last one.
    """
    batch_lock("renewals")
    services = _next(as_of, report.last_id)
    if report.last_id == 0:
        report.held, report.renewed_before = [], report.renewed
    if services:
        _renew(services, report, as_of, by=by, at=at)
        report.last_id = services[-1].id
        return
    report.is_done = report.renewed == report.renewed_before
    report.last_id = 0


def run(*, as_of: date, by: int | None = None, at: datetime) -> Report:
    """All of it in the caller's transaction; a batch takes `run_page` page by page."""
    report = Report()
    while not report.is_done:
        run_page(report, as_of=as_of, by=by, at=at)
    return report


def preview(as_of: date) -> list[tuple[Due, list[str]]]:
    """What a run would look at: each due term with its price, and the reasons against it. Nothing is changed."""
    services = db.session.scalars(_due(as_of)).unique().all()
    return [(due, _against(due, standing)) for due, standing in _standing_due(services, as_of)]


def is_due(as_of: date) -> sa.ColumnElement[bool]:
    """Renews by itself or was approved, and its day has come. What is suspended is due too, and is held."""
    service = ClientService
    return sa.and_(
        service.status.in_((Status.ACTIVE, Status.SUSPENDED)),
        service.renewal_date <= as_of,
        service.billing_cycle != Cycle.ONE_TIME,
        sa.or_(service.auto_renewal, service.renewal_decision == RenewalDecision.APPROVED),
        sa.or_(service.cancel_on.is_(None), service.cancel_on > as_of),
    )


def _due(as_of: date) -> sa.Select[*tuple[ClientService]]:
    everything = (
        joinedload(ClientService.product),
        joinedload(ClientService.contract),
        joinedload(ClientService.client),
    )
    return sa.select(ClientService).where(is_due(as_of)).options(*everything).order_by(ClientService.id)


def _next(as_of: date, after: int) -> Sequence[ClientService]:
    page = _due(as_of).where(ClientService.id > after).limit(PAGE)
    locked = page.with_for_update(of=ClientService).execution_options(populate_existing=True)
    return db.session.scalars(locked).unique().all()


def _renew(
    services: Sequence[ClientService], report: Report, as_of: date, *, by: int | None, at: datetime
) -> None:
    eligible: list[Due] = []
    held: dict[int, tuple[date, list[str]]] = {}
    for due, standing in _standing_due(services, as_of):
        reasons = _against(due, standing)
        if reasons:
            held[due.service.id] = (due.starts, reasons)
        else:
            eligible.append(due)
    left = _together(eligible, by=by, at=at)
    report.renewed += len(eligible) - len(left)
    for due in left:
        fault = _one(due, by=by, at=at)
        if fault:
            held[due.service_id] = (due.starts, [fault])
        else:
            report.renewed += 1
    hold(held, as_of=as_of, at=at)
    report.held += [(service_id, tuple(reasons)) for service_id, (_, reasons) in held.items()]
    db.session.expire_all()


def _standing_due(services: Sequence[ClientService], as_of: date) -> list[tuple[Due, Standing]]:
    prices, facts = prices_of(services), standings(services, as_of)
    found = []
    for service in services:
        agreed = facts[service.id].agreed
        price, months = agreed or (prices[service.id].price, service.renewal_term_months)
        assert service.renewal_date is not None
        due = Due(service=service, service_id=service.id, starts=service.renewal_date, months=months, price=price,
                  is_agreed=agreed is not None)  # fmt: skip
        found.append((due, facts[service.id]))
    return found


def _against(due: Due, standing: Standing) -> list[str]:
    """A person who approved it has weighed breaches and debts: then only its state can be against it."""
    if not due.is_agreed:
        return standing.reasons
    return [] if due.service.status is Status.ACTIVE else standing.reasons[:1]


def _together(eligible: Sequence[Due], *, by: int | None, at: datetime) -> list[Due]:
    """Renew what is plain in a few statements; what is left over is renewed one by one.

    A row that the database refuses takes the statements of its page back, and none of the others down.
    """
    plain, left = together.plain_ones(eligible)
    try:
        with db.session.begin_nested():
            together.renew_each(plain, by=by, at=at)
    except DBAPIError as fault:
        if fault.connection_invalidated:
            raise
        return list(eligible)
    return left


def _one(due: Due, *, by: int | None, at: datetime) -> str:
    """Renew it; why not, in words, when it is refused."""
    try:
        with db.session.begin_nested():
            lifecycle.renew(
                service_id=due.service_id,
                months=due.months,
                cycle_price=due.price,
                term_start=due.starts,
                by=by,
                at=at,
            )
    except DomainError as refusal:
        return refusal.message
    except DBAPIError as fault:
        if fault.connection_invalidated:
            raise
        return str(fault.orig).splitlines()[0]
    except (ValueError, OverflowError):
        return "Its dates or amounts are out of range: correct its record."
    return ""
