"""The book of 240 clients: in within a minute, twice without harm, and its figures add up."""

import time

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import imports
from portal.domain.billing.models import RecurringBilling
from portal.domain.clients.models import Client
from portal.domain.imports import BookRefused
from portal.domain.lifecycle.models import ClientService
from portal.domain.metrics.models import MrrMovement
from portal.domain.sla.models import Incident
from portal.outbox import Delivery
from tests.books import bad_book, whole_book

LONGEST_S = 60


def load(files):
    with transaction():
        return imports.load(files, source="test", by=None, at=portal_clock.now())


def by_currency(statement) -> dict[str, int]:
    return {currency: int(total) for currency, total in db.session.execute(statement)}


@pytest.mark.usefixtures("session", "clock")
def test_the_whole_book_goes_in_once():
    began = time.monotonic()
    report = load(whole_book())
    assert time.monotonic() - began < LONGEST_S

    created = {name: tally.created for name, tally in report.files.items()}
    assert created == {
        "staff": 25, "calendars": 4, "sla_policies": 4, "products": 14, "clients": 240, "contacts": 452,
        "services": 939, "incidents": 4424, "maintenance": 852,
    }  # fmt: skip
    again = load(whole_book())
    assert not again.changed_something
    assert {name: tally.unchanged for name, tally in again.files.items()} == created

    running = sa.select(ClientService.currency, sa.func.sum(ClientService.monthly_cost_minor)).where(
        ClientService.status == "active"
    )
    moved = sa.select(MrrMovement.currency, sa.func.sum(MrrMovement.amount_minor))
    assert by_currency(moved.group_by(MrrMovement.currency)) == by_currency(
        running.group_by(ClientService.currency)
    )
    due = sa.select(sa.func.count()).where(
        RecurringBilling.status == "active", RecurringBilling.next_bill_date <= portal_clock.today()
    )
    assert db.session.scalar(due) == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 0

    breaches = sa.func.count(Incident.response_breached_at) + sa.func.count(Incident.resolution_breached_at)
    counted = sa.select(sa.func.sum(ClientService.sla_breaches_count))
    assert db.session.scalar(counted) == db.session.scalar(sa.select(breaches)) > 0


@pytest.mark.usefixtures("session", "clock")
def test_the_bad_book_changes_nothing():
    with pytest.raises(BookRefused) as refused:
        load(bad_book())
    assert len(refused.value.report.faults) == 25
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Client)) == 0
