"""What hangs on a new service: the term that runs, the schedule, the place in the ledger of MRR."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from portal.db import db
from portal.domain.billing.models import RecurringBilling
from portal.domain.clients.models import Client
from portal.domain.imports import past
from portal.domain.imports.checking import Row
from portal.domain.imports.desk import Desk
from portal.domain.imports.ledger import Life, movements
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.metrics.actions import name_days
from portal.domain.metrics.models import MrrMovement
from portal.domain.renewals.models import Renewal

Made = Sequence[tuple[Row, ClientService]]


def write_terms(made: Made) -> None:
    """The renewal that opened the running term, so that the next one starts where it ends."""
    terms = [
        (service, term)
        for row, service in made
        if (term := past.running_term(row, service.renewal_term_months)) and term.start > service.start_date
    ]
    db.session.add_all(
        Renewal(
            client_service_id=service.id,
            term_start=term.start,
            term_end=term.end,
            months=service.renewal_term_months,
            cycle_price_minor=service.cycle_price_minor,
            currency=service.currency,
            renewed_at=service.last_renewed_at,
        )
        for service, term in terms
    )


def write_schedules(desk: Desk, made: Made, billing_days: Mapping[int, int | None]) -> None:
    """billing_days: each client's, by id."""
    for row, service in made:
        billing_day = billing_days[service.client_id]
        schedule = past.schedule_of(row, service.cycle_price_minor, billing_day, desk.today)
        if schedule:
            its = {"client_service_id": service.id, "client_id": service.client_id}
            db.session.add(RecurringBilling(**its, **schedule))


def in_ledger(clients: Sequence[Client]) -> list[int]:
    """The clients that the ledger of MRR knows already."""
    ids = sa.literal([client.id for client in clients], ARRAY(sa.BigInteger))
    ever = sa.select(MrrMovement.client_id).where(MrrMovement.client_id == sa.any_(ids)).distinct()
    return list(db.session.scalars(ever))


def write_movements(desk: Desk, made: Made, known: Sequence[int]) -> None:
    """From the first day of each service, so that the months before the import have their figures too.

    A service that runs before its start date counts from the import on. `known`: clients that were in the ledger
    before; their days are named anew, because what is imported now may be older than what was there.
    """
    lives = [
        Life(
            client_id=service.client_id,
            service_id=service.id,
            monthly=service.monthly_cost,
            began_on=min(service.start_date, desk.today),
            paused_on=desk.today if service.status is Status.SUSPENDED else None,
            ended_on=past.ended_on(row, desk.today),
        )
        for row, service in made
        if service.activated_at and service.monthly_cost_minor
    ]
    entries = [asdict(entry) for entry in movements(lives)]
    if entries:
        db.session.execute(sa.insert(MrrMovement), entries)
        name_days(known)
