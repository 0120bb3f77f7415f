"""M1 and M6 with several processes: at once, and killed at the worst moments."""

import os

import pytest
import sqlalchemy as sa

from portal import clock, outbox
from portal.db import db, transaction
from portal.domain import company, lifecycle
from portal.domain.billing import issuing, running
from portal.domain.billing.models import Invoice
from portal.domain.lifecycle.rules import Status
from portal.jobs import batches, worker
from tests import kills, volume
from tests.conftest import empty_the_database
from tests.factories import make_client, make_product, make_service
from tests.proof.side_by_side import at_once, killed

SERVICES = 60
DUE = volume.START
EACH_PERIOD = """
    SELECT count(*), count(DISTINCT (client_service_id, period_start)) FROM invoice_lines WHERE kind = 'recurring'
"""
NUMBERS = """
    SELECT count(*), count(DISTINCT number), max(substring(number FROM '[0-9]+$')::int) FROM invoices
    WHERE status <> 'draft' AND kind = 'invoice'
"""
KILLED = 9
pytestmark = pytest.mark.usefixtures("live")


@pytest.fixture(autouse=True)
def from_the_first_id_on(live):
    """The book of tests.volume counts on it."""
    empty_the_database()


def sell(services: int = SERVICES, clients: int = 20) -> None:
    with transaction():
        volume.make_clients(clients)
        volume.make_services(services, status=Status.ACTIVE)
        volume.make_schedules(due_on=DUE)


def numbers_without_gap() -> int:
    [(invoices, numbers, highest)] = kills.wrong(NUMBERS)
    assert invoices == numbers == highest
    return int(str(invoices))


def billed() -> list[tuple[object, ...]]:
    return kills.wrong(EACH_PERIOD)


def test_five_runs_in_a_row_and_four_at_once_bill_each_period_once():
    sell()
    assert [batches.bill(DUE).lines for _ in range(5)] == [SERVICES, 0, 0, 0, 0]
    at_once(lambda number: batches.bill(DUE.replace(month=3)), 4)
    assert billed() == [(3 * SERVICES, 3 * SERVICES)]
    numbers_without_gap()


def die(*_: object, **__: object) -> None:
    os._exit(KILLED)


def after(patch: pytest.MonkeyPatch, module: object, name: str, call: int = 1) -> None:
    """Die right after the nth call of this function."""
    real, calls = getattr(module, name), []

    def then_die(*args: object, **facts: object) -> object:
        result = real(*args, **facts)
        calls.append(name)
        return result if len(calls) < call else die()

    patch.setattr(module, name, then_die)


@pytest.mark.parametrize(
    ("module", "name", "call"),
    [
        (running, "draft", 1),  # the page is flushed, nothing is committed
        (running, "draft", 2),  # one page is committed, the second is flushed
        (running, "finish", 1),  # all is drafted and issued, the run is not closed
        (issuing, "_take_numbers", 1),  # numbers are taken, no invoice has one
        (issuing, "_number", 2),  # the page is numbered
        (issuing, "send_each", 1),  # and told
    ],
)
def test_a_run_that_is_killed_is_made_up_for_by_the_next(monkeypatch, module, name, call):
    sell()
    monkeypatch.setattr(running, "SCHEDULES_A_PAGE", 20)
    with monkeypatch.context() as patch:
        after(patch, module, name, call)
        assert killed(lambda: batches.bill(DUE)) == KILLED
    batches.bill(DUE)
    assert billed() == [(SERVICES, SERVICES)]
    assert numbers_without_gap() == 20
    assert outbox.counts().parked == 0


def test_a_worker_that_dies_after_its_claim_leaves_the_run_to_the_next(monkeypatch):
    sell()
    with transaction():
        running.request_run(as_of=DUE, at=clock.now())
    with monkeypatch.context() as patch:
        patch.setattr(running, "bill_page", die)
        assert killed(worker.drain_all) == KILLED
    assert billed() == [(0, 0)]
    kills.execute("UPDATE deliveries SET due_at = now() WHERE done_at IS NULL")  # the lease runs out
    worker.drain_all()
    assert billed() == [(SERVICES, SERVICES)]
    assert numbers_without_gap() == 20


def test_four_processes_issue_a_hundred_drafts_without_a_gap():
    drafts = 100
    sell(drafts, clients=drafts)
    with transaction():
        company.change(values={"approve_runs": True}, by=None, at=clock.now())
    batches.bill(DUE)
    ids = [row[0] for row in kills.wrong("SELECT id FROM invoices ORDER BY id")]

    def issue(number: int) -> None:
        for invoice_id in ids[number:] + ids[:number]:
            with transaction():
                issuing.issue(invoice_id=invoice_id, at=clock.now())

    at_once(issue, 4)
    assert numbers_without_gap() == drafts


def test_twenty_cancellations_at_once_make_one_fee_and_one_credit():
    """Six people press the button more than three times each."""
    service_id = make_service(
        status="active", client=make_client(), product=make_product(cycle_price_minor=310_000)
    ).id
    worker.drain_all()
    with transaction():
        running.run(as_of=clock.today(), at=clock.now())

    def cancel(number: int) -> None:
        for _ in range(5):
            with transaction():
                lifecycle.cancel(
                    service_id=service_id,
                    effective_on=clock.today(),
                    reason="moved away",
                    by=None,
                    at=clock.now(),
                )
        worker.drain_all()

    at_once(cancel, 4)
    worker.drain_all()
    kinds = (
        "SELECT kind, count(*) FROM invoice_lines WHERE client_service_id = {} GROUP BY kind ORDER BY kind"
    )
    assert kills.wrong(kinds.format(service_id)) == [("cancellation_fee", 1), ("credit", 1), ("recurring", 1)]
    assert db.session.scalar(sa.select(sa.func.count(Invoice.id))) == 3
