"""M1 and M7: one charge per service and period, however often and at once it is billed; a bad one stops nobody."""

from datetime import date

import pytest
import sqlalchemy as sa

from portal import clock
from portal.db import transaction
from portal.domain import billing, company
from portal.domain.lifecycle.rules import Status
from portal.domain.staff import Role
from portal.jobs import batches
from tests import kills, volume
from tests.browsing import Browser
from tests.factories import make_user
from tests.proof.side_by_side import at_once

pytestmark = pytest.mark.usefixtures("live", "quiet_bell")

SERVICES = 10_000
POISONED = 37
REFUSED = 20
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
    board = Browser(app).sign_in(make_user(role=Role.FINANCE)).get("/billing").text
    say(f"{first.lines} lines done, {first.parked} parked")
    assert (first.lines, first.parked) == (services - refused - late, refused + late)
    assert board.count("the meter of this service is broken") == refused
    assert board.count("periods are unbilled since") == late

    release_all()
    rerun = batches.bill(AS_OF)
    billed = kills.wrong(
        f"SELECT count(DISTINCT client_service_id) FROM invoice_lines JOIN invoices ON invoices.id = invoice_id"
        f" WHERE run_id = {rerun.id}"
    )
    say(f"after repair the rerun does {billed[0][0]} services and parks {rerun.parked}")
    assert (billed, rerun.parked) == ([(refused + late,)], 0)
    assert batches.bill(AS_OF).lines == 0


def release_all() -> None:
    kills.execute(REPAIR)
    with transaction():
        company.change(values={"most_missed_periods": 36}, by=None, at=clock.now())
    with transaction() as session:
        parked = sa.text("SELECT client_service_id FROM recurring_billings WHERE status = 'parked'")
        for service_id in list(session.scalars(parked)):
            billing.release(service_id=service_id, at=clock.now())
