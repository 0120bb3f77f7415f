"""M1 and M7: one charge per service and period, however often and at once it is billed; a bad one stops nobody."""

from contextlib import suppress
from datetime import date

import pytest
import sqlalchemy as sa

from portal import clock
from portal.db import db, transaction
from portal.domain import billing, company
from portal.domain.billing.models import BillingRun
from portal.domain.lifecycle.rules import Status
from portal.domain.staff import Role
from portal.jobs import batches, worker
from tests import kills, volume
from tests.browsing import Browser
from tests.factories import make_user
from tests.proof.side_by_side import at_once

pytestmark = pytest.mark.usefixtures("live", "quiet_bell")

SERVICES = 10_000
POISONED = 37
REFUSED = 20
DRAFTS = 500
AS_OF = date(2026, 11, 20)
MONTHS_DUE = 3
EACH_PERIOD = """
    SELECT count(*), count(DISTINCT (client_service_id, period_start)) FROM invoice_lines WHERE kind = 'recurring'
"""
NUMBERS = """
    SELECT count(*), count(DISTINCT number), max(substring(number FROM '[0-9]+$')::int) FROM invoices
    WHERE status <> 'draft'
"""
# Twenty that the database refuses, and seventeen that are too far behind to be billed without a person's word.
POISON = """
    CREATE FUNCTION refuse_some() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.client_service_id % 500 = 0 THEN RAISE EXCEPTION 'the meter of this service is broken'; END IF;
        RETURN NEW; END $$;
    CREATE TRIGGER refuse_some BEFORE INSERT ON invoice_lines FOR EACH ROW EXECUTE FUNCTION refuse_some();
"""
REPAIR = "DROP TRIGGER refuse_some ON invoice_lines; DROP FUNCTION refuse_some()"


def sell_active(services: int, due_on: date) -> None:
    with transaction():
        volume.make_clients(max(services // 5, 1))
        volume.make_services(services, status=Status.ACTIVE)
        volume.make_schedules(due_on=due_on)


def test_five_runs_in_a_row_and_four_at_once(sized, say):
    services = sized(SERVICES)
    sell_active(services, date(2026, 9, 1))
    in_a_row = [batches.bill(AS_OF).lines for _ in range(5)]
    expected = services * MONTHS_DUE
    assert kills.wrong(EACH_PERIOD) == [(expected, expected)]

    at_once(lambda number: batches.bill(date(2027, 1, 20)), 4)
    expected += services * 2
    [(rows, distinct)] = kills.wrong(EACH_PERIOD)
    [(invoices, numbers, highest)] = kills.wrong(NUMBERS)
    say(
        f"lines of five runs {in_a_row}; then four at once: rows {rows} = distinct {distinct} = expected {expected}"
    )
    assert in_a_row == [services * MONTHS_DUE, 0, 0, 0, 0]
    assert (rows, distinct) == (expected, expected)
    assert invoices == numbers == highest


def test_thirty_seven_bad_services_stop_no_other(app, sized, say):
    """At a smaller scale there are fewer that the database refuses."""
    services = sized(SERVICES)
    refused, late = services // 500, POISONED - REFUSED
    sell_active(services, date(2026, 11, 1))
    kills.execute(POISON)
    kills.execute(
        "UPDATE recurring_billings SET first_on = '2025-01-01', next_bill_date = '2025-01-01'"
        f" WHERE client_service_id % 500 BETWEEN 1 AND {late} AND client_service_id < 500"
    )

    first = batches.bill(AS_OF)
    finance = Browser(app).sign_in(make_user(role=Role.FINANCE))
    board = finance.get("/billing").text
    say(f"{first.lines} lines done, {first.parked} parked")
    assert (first.lines, first.parked) == (services - refused - late, refused + late)
    assert board.count("the meter of this service is broken") == refused
    assert board.count("periods are unbilled since") == late

    kills.execute(REPAIR)
    finance.post("/billing/parked/rerun")
    worker.drain_all()
    rerun = db.session.scalars(sa.select(BillingRun).order_by(BillingRun.id.desc())).first()
    assert rerun is not None
    billed = kills.wrong(
        f"SELECT count(DISTINCT client_service_id) FROM invoice_lines JOIN invoices ON invoices.id = invoice_id"
        f" WHERE run_id = {rerun.id}"
    )
    say(f"after repair the rerun does {billed[0][0]} services and parks {rerun.parked}")
    assert (billed, rerun.parked) == ([(refused + late,)], 0)
    assert batches.bill(AS_OF).lines == 0


def test_four_processes_issue_five_hundred_drafts(sized, say):
    """M6: numbers 1 to 500, though each of them is asked for by four at once, and every seventh try is rolled back."""
    drafts = sized(DRAFTS)
    with transaction():
        company.change(values={"approve_runs": True}, by=None, at=clock.now())
        volume.make_clients(drafts)
        volume.make_services(drafts, status=Status.ACTIVE)
        volume.make_schedules(due_on=AS_OF)
    batches.bill(AS_OF)
    ids = [row[0] for row in kills.wrong("SELECT id FROM invoices ORDER BY id")]

    def issue(number: int) -> None:
        for nth, invoice_id in enumerate(ids[number * 7 :] + ids[: number * 7]):
            with suppress(ZeroDivisionError), transaction():
                billing.issue(invoice_id=invoice_id, at=clock.now())
                if nth % 7 == number:
                    raise ZeroDivisionError
        for invoice_id in ids:
            with transaction():
                billing.issue(invoice_id=invoice_id, at=clock.now())

    at_once(issue, 4)
    [(invoices, numbers, highest)] = kills.wrong(NUMBERS)
    say(f"{invoices} invoices, {numbers} numbers, the highest {highest}")
    assert invoices == numbers == highest == drafts
