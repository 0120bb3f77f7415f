"""What PostgreSQL computes for thousands of schedules is what the rules say of each (M8)."""

import random
from collections import Counter, defaultdict
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from portal import clock
from portal.db import db, table_of, transaction
from portal.domain.billing import running
from portal.domain.billing.models import BillingRun, Invoice, InvoiceLine, RecurringBilling
from portal.domain.billing.previewing import preview_run
from portal.domain.billing.rules import Schedule, TooManyMissed, lines_due
from portal.domain.billing.staging import BILLS, LINES, stage
from portal.domain.clients.models import Client
from portal.domain.lifecycle.rules import Status
from portal.domain.money import Money
from portal.domain.periods import Cycle, Timetable
from portal.domain.words import ScheduleStatus
from tests import volume
from tests.conftest import empty_the_database

AS_OF = date(2026, 11, 20)
SCHEDULES = 5_000
CYCLES = [*Cycle, Cycle.MONTHLY, Cycle.MONTHLY]
pytestmark = pytest.mark.usefixtures("live", "clock")


@pytest.fixture(autouse=True)
def from_the_first_id_on(live):
    """The book of tests.volume counts on it."""
    empty_the_database()


def any_schedule(chance: random.Random, service_id: int, client_id: int) -> dict[str, object]:
    """On or off its grid, ended or paused anywhere, a little or far behind."""
    first_on = date(2023, 1, 1) + timedelta(days=chance.randrange(1_400))
    anchor = chance.choice([first_on.day, first_on.day, chance.randint(1, 31), 31, 30, 29, 28])
    cycle = chance.choice(CYCLES)
    timetable = Timetable(first_on, anchor, cycle)
    from_day = AS_OF - timedelta(days=chance.choice([0, 0, 1, 3, 20, 29, 30, 200]))
    bills_from = first_on if cycle is Cycle.ONE_TIME else max(first_on, from_day)
    if cycle is not Cycle.ONE_TIME and chance.random() < 0.8:
        bills_from = timetable.period_containing(bills_from).start
    stops_on = (
        max(bills_from, first_on) + timedelta(days=chance.choice([1, 7, 28, 30, 31, 365]))
        if chance.random() < 0.3
        else None
    )
    if stops_on and cycle is not Cycle.ONE_TIME and chance.random() < 0.5:
        stops_on = timetable.period_containing(bills_from).end
    is_paused = bool(stops_on) and chance.random() < 0.5
    return {
        "client_service_id": service_id, "client_id": client_id, "amount_minor": chance.choice([1, 99, 3_333, 250_000]),
        "currency": "USD", "frequency": cycle.value, "anchor_day": anchor, "first_on": first_on,
        "next_bill_date": bills_from, "ends_on": None if is_paused else stops_on,
        "paused_on": stops_on if is_paused else None, "bills_setup": chance.random() < 0.1,
        "status": ScheduleStatus.PAUSED.value if is_paused else ScheduleStatus.ACTIVE.value,
    }  # fmt: skip


def sell(count: int, seed: int, clients: int = 400) -> random.Random:
    chance = random.Random(seed)
    with transaction() as session:
        volume.make_clients(clients)
        volume.make_services(count, status=Status.ACTIVE)
        session.execute(
            sa.text(
                "UPDATE clients SET consolidate_invoices = id % 3 > 0, tax_rate_percent = id % 4 * 7.5,"
                " tax_exempt = id % 5 = 0"
            )
        )
        session.execute(
            sa.text("UPDATE client_services SET prorate = id % 6 > 0, setup_cost_minor = id % 4 * 500")
        )
        owners = session.execute(sa.text("SELECT id, client_id FROM client_services")).all()
        rows = [any_schedule(chance, service_id, client_id) for service_id, client_id in owners]
        session.execute(sa.insert(table_of(RecurringBilling)), rows)
    return chance


def by_the_rules(schedule: RecurringBilling, prorate: bool) -> object:
    facts = Schedule(
        Money(schedule.amount_minor, "USD"),
        Timetable(schedule.first_on, schedule.anchor_day, schedule.frequency),
        schedule.next_bill_date,
        schedule.ends_on or schedule.paused_on,
        prorate,
    )
    try:
        return lines_due(facts, AS_OF)
    except TooManyMissed:
        return None


def test_five_thousand_schedules_are_computed_alike():
    sell(SCHEDULES, seed=1)
    stage(as_of=AS_OF)
    lines = defaultdict(list)
    for line in db.session.execute(
        sa.select(LINES).where(LINES.c.kind == "recurring").order_by(LINES.c.period_start)
    ):
        lines[line.schedule_id].append((line.period_start, line.period_end, line.amount_minor))
    bills = {row.schedule_id: row for row in db.session.execute(sa.select(BILLS))}
    usual = Counter()
    for schedule in db.session.scalars(sa.select(RecurringBilling)):
        due = by_the_rules(schedule, prorate=schedule.service.prorate)
        bill = bills.get(schedule.id)
        if due is None:
            assert bill.parked_reason and not lines[schedule.id]
            continue
        assert lines[schedule.id] == [(c.period.start, c.period.end, c.amount.minor) for c in due.charges], (
            schedule.id
        )
        assert (bill is not None) == bool(due.charges)
        if bill:
            assert (bill.bills_until, bill.is_over) == (due.next_bill_on, due.is_over), schedule.id
            usual[schedule.frequency] += bill.is_usual
            # PostgreSQL takes whole single periods only.
            assert not bill.is_usual or (len(due.charges) == 1 and due.charges[0].is_whole), schedule.id
    assert set(usual) == set(Cycle) and all(
        usual[cycle] > 40 for cycle in Cycle if cycle is not Cycle.ONE_TIME
    ), usual


def test_what_the_preview_shows_is_what_is_billed():
    """M8 over 2,000 random schedules: difference 0, for each currency and each client."""
    sell(2_000, seed=2)
    seen = preview_run(AS_OF)
    by_client = {
        row.client: (row.lines, row.net_minor, row.tax_minor, row.total_minor)
        for row in db.session.execute(seen.by_client)
    }
    with transaction():
        run = running.run(as_of=AS_OF, at=clock.now())
    assert (seen.invoices, seen.lines, seen.parked_count) == (run.invoices, run.lines, run.parked)
    assert {each.total.currency: each.total.minor for each in seen.sums} == run.totals
    billed = sa.select(
        Client.name,
        sa.func.sum(Invoice.subtotal_minor),
        sa.func.sum(Invoice.tax_minor),
        sa.func.sum(Invoice.total_minor),
    ).join(Client, Client.id == Invoice.client_id)
    for name, *amounts in db.session.execute(billed.group_by(Client.name)):
        assert by_client.pop(name)[1:] == tuple(int(each) for each in amounts)
    assert by_client == {}
    assert run.parked > 0 and run.lines > 1_000


def test_a_preview_holds_and_changes_nothing():
    sell(50, seed=3)
    seen = preview_run(AS_OF)
    held = db.session.execute(
        sa.text(
            "SELECT count(*) FROM pg_locks JOIN pg_class ON pg_class.oid = relation WHERE pid = pg_backend_pid()"
            " AND relname = 'recurring_billings' AND mode = 'RowShareLock' AND relpersistence = 'p'"
        )
    ).scalar()
    assert seen.lines > 0 and held == 0
    assert db.session.scalar(sa.select(sa.func.count(InvoiceLine.id))) == 0
    assert db.session.scalar(sa.select(sa.func.count(BillingRun.id))) == 0
