"""What tests of settled money are given: billed services, and the figures of documents and accounts."""

from datetime import date
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.db import db, transaction
from portal.domain.billing import running
from portal.domain.billing.accounts import account_credit
from portal.domain.billing.models import Invoice, InvoiceLine, RecurringBilling
from portal.domain.invariants import check_all
from portal.domain.lifecycle import ClientService
from portal.domain.money import Money
from portal.domain.words import InvoiceKind, LineKind
from portal.jobs.worker import drain_all
from tests.factories import make_service

START = date(2026, 1, 1)


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def act(verb: Any, **facts: Any) -> Any:
    """One business act by nobody in particular, and everything that follows from it."""
    with transaction():
        result = verb(**facts, by=facts.pop("by", None), at=clock.now())
    drain_all()
    return result


def active(**facts: Any) -> ClientService:
    facts.setdefault("start_date", START)
    service = make_service(status="active", **facts)
    drain_all()
    return service


def run(hand: Any, on: date) -> None:
    hand.set(on)
    with transaction():
        running.run(as_of=on, at=clock.now())


def documents(kind: InvoiceKind = InvoiceKind.INVOICE) -> list[Invoice]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Invoice).filter_by(kind=kind).order_by(Invoice.id)))


def credit_of(client_id: int, currency: str = "USD") -> int:
    """Account credit in minor units."""
    return account_credit(client_id, currency).minor


def billed(service: ClientService) -> list[tuple[date | None, date | None, int]]:
    """The recurring lines that claim their days, by day."""
    lines = sa.select(InvoiceLine).filter_by(
        client_service_id=service.id, kind=LineKind.RECURRING, is_void=False
    )
    return [
        (each.period_start, each.period_end, each.amount_minor)
        for each in db.session.scalars(lines.order_by(InvoiceLine.period_start))
    ]


def schedules(service: ClientService) -> list[RecurringBilling]:
    rows = sa.select(RecurringBilling).filter_by(client_service_id=service.id)
    return list(db.session.scalars(rows.order_by(RecurringBilling.id)))


def violated() -> dict[str, list[dict[str, Any]]]:
    """The checks of the books that do not hold, with examples."""
    db.session.expire_all()
    with transaction():
        return {each.name: list(each.examples) for each in check_all() if each.violations}
