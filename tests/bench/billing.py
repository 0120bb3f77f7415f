"""A billing run over every due schedule, beside the bare rows that it writes; and the pages while it is under way."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa

from portal.db import db, transaction
from portal.domain.billing.previewing import preview_run
from portal.domain.lifecycle.rules import Status
from portal.jobs import batches
from tests import volume
from tests.bench.pages import Connection, Timings
from tests.bench.verdicts import Verdict
from tests.plant import ROOT, Plant, Visitor

DUE_ON, NEXT_MONTH = date(2026, 11, 1), date(2026, 12, 1)
A_SECOND, RATIO, PAGE_RATIO, MOST_MIB = 1000, 3.0, 3.0, 300
LIST = "/services"
IDLE_ROUNDS = 100
BEFORE = """
    CREATE TABLE before_run AS SELECT id, next_bill_date, bills_setup, is_cleared FROM recurring_billings;
    CREATE TABLE marks AS SELECT (SELECT coalesce(max(id), 0) FROM events) AS events,
                                 (SELECT coalesce(max(id), 0) FROM deliveries) AS deliveries;
"""
SAVE = """
    CREATE TABLE saved_invoices AS SELECT * FROM invoices;
    CREATE TABLE saved_drafts AS SELECT * FROM invoices;
    UPDATE saved_drafts SET status = 'draft', number = NULL, issued_on = NULL;
    CREATE TABLE saved_invoice_lines AS SELECT * FROM invoice_lines;
    CREATE TABLE saved_invoice_taxes AS SELECT * FROM invoice_taxes;
    CREATE TABLE saved_events AS SELECT * FROM events WHERE id > (SELECT events FROM marks);
    CREATE TABLE saved_deliveries AS SELECT * FROM deliveries WHERE id > (SELECT deliveries FROM marks);
    CREATE TABLE after_run AS SELECT id, next_bill_date, bills_setup, is_cleared FROM recurring_billings;
"""
# The guards stand aside while the run is undone; they are back for the yardstick.
UNDO = """
    ALTER TABLE events DISABLE TRIGGER USER;
    TRUNCATE invoices CASCADE;
    DELETE FROM deliveries WHERE id > (SELECT deliveries FROM marks);
    DELETE FROM events WHERE id > (SELECT events FROM marks);
    ALTER TABLE events ENABLE TRIGGER USER;
    UPDATE recurring_billings AS schedule SET next_bill_date = before_run.next_bill_date
    FROM before_run WHERE before_run.id = schedule.id;
"""
# As few statements as the guards of the real tables let through: no line joins an invoice that is issued already, so
# the invoices come as drafts and are what they were in a second statement.
BARE = (
    "INSERT INTO invoices SELECT * FROM saved_drafts",
    "INSERT INTO invoice_lines SELECT * FROM saved_invoice_lines",
    "INSERT INTO invoice_taxes SELECT * FROM saved_invoice_taxes",
    """UPDATE invoices SET status = saved.status, number = saved.number, issued_on = saved.issued_on
       FROM saved_invoices AS saved WHERE saved.id = invoices.id""",
    """UPDATE recurring_billings AS schedule SET next_bill_date = after_run.next_bill_date,
       bills_setup = after_run.bills_setup, is_cleared = after_run.is_cleared
       FROM after_run WHERE after_run.id = schedule.id""",
    "INSERT INTO events SELECT * FROM saved_events",
    "INSERT INTO deliveries SELECT * FROM saved_deliveries",
)


@dataclass(frozen=True)
class Run:
    lines: int
    invoices: int
    seconds: float

    @property
    def a_second(self) -> float:
        return self.lines / self.seconds


@dataclass
class Watched:
    """A run as a process of its own, and a list that is asked for meanwhile."""

    mib: float = 0.0
    lines: int = 0
    seconds: float = 0.0
    timings: Timings = field(default_factory=Timings)


def measure(portal: Plant, visitor: Visitor, schedules: int) -> Iterator[Verdict]:
    """One period of every schedule, the same rows bare, nothing more to bill, and the next month beside a reader."""
    top_up(schedules)
    yield foreseen()
    execute(BEFORE)
    first = bill(DUE_ON)
    yield Verdict(
        f"bill {first.lines:,} services, {first.invoices:,} invoices",
        f"{first.a_second:,.0f} a second",
        f"≥ {A_SECOND:,} a second",
        first.a_second >= A_SECOND,
    )
    bare_s = insert_bare()
    ratio = first.seconds / bare_s
    words = f"{first.lines / bare_s:,.0f} a second; the run takes {ratio:.2f} × as long"
    yield Verdict("the same rows, bare INSERT … SELECT", words, f"≤ {RATIO} ×", ratio <= RATIO)
    second = bill(DUE_ON)
    yield Verdict(
        "bill again", f"{second.lines} lines in {second.seconds:.1f} s", "0 lines", second.lines == 0
    )
    yield from beside_a_reader(portal, visitor)


def top_up(schedules: int) -> None:
    """As many services that are due as asked for."""
    with transaction() as session:
        found = session.scalar(sa.text("SELECT count(*) FROM recurring_billings"))
        volume.make_services(schedules - int(found or 0), status=Status.ACTIVE)
        session.execute(sa.text("DELETE FROM recurring_billings"))
        volume.make_schedules(due_on=DUE_ON)
        session.execute(
            sa.text("""
            DELETE FROM recurring_billings
            WHERE id IN (SELECT id FROM recurring_billings ORDER BY id OFFSET :schedules)"""),
            {"schedules": schedules},
        )
    volume.analyse()


def foreseen() -> Verdict:
    begun = time.perf_counter()
    with transaction():
        seen = preview_run(DUE_ON)
    took_s = time.perf_counter() - begun
    return Verdict(f"preview of {seen.lines:,} lines", f"{took_s:.1f} s", "≤ 10 s", took_s <= 10)


def bill(until: date) -> Run:
    begun = time.perf_counter()
    run = batches.bill(until)
    assert run.parked == 0
    found = Run(run.lines, run.invoices, time.perf_counter() - begun)
    db.session.remove()
    return found


def insert_bare() -> float:
    """Seconds that the very rows of the run take from a saved copy into the real, empty tables.

    In one transaction, with the indexes, keys and guards of the real tables, each kind of row in one statement; the
    schedules move on by one UPDATE. Nothing is computed: no price, no period, no tax, no number.
    """
    execute(SAVE)
    execute(UNDO)
    volume.analyse()
    begun = time.perf_counter()
    with transaction() as session:
        session.execute(sa.text("SET LOCAL statement_timeout = '300s'"))
        for statement in BARE:
            session.connection().exec_driver_sql(statement)
    took_s = time.perf_counter() - begun
    volume.analyse()
    return took_s


def beside_a_reader(portal: Plant, visitor: Visitor) -> Iterator[Verdict]:
    """`portal bill` for the next month, while somebody turns over the list of services."""
    connection, idle = Connection(portal, visitor), Timings()
    for _ in range(IDLE_ROUNDS):
        idle.took_ms.append(connection.get(LIST)[0])
    busy = watched(portal, connection)
    ratio = busy.timings.p95 / idle.p95
    words = f"{busy.timings.p95:.0f} ms : {idle.p95:.0f} ms idle = {ratio:.2f}, {len(busy.timings.took_ms)} answers"
    yield Verdict("list of services while billing: p95", words, f"≤ {PAGE_RATIO} ×", ratio <= PAGE_RATIO)
    what = f"portal bill, {busy.lines:,} lines in {busy.seconds:.0f} s"
    yield Verdict(what, f"{busy.mib:.0f} MiB", f"≤ {MOST_MIB} MiB", busy.mib <= MOST_MIB)


def watched(portal: Plant, connection: Connection) -> Watched:
    found, begun = Watched(), time.perf_counter()
    command = [sys.executable, "-m", "portal", "bill", "--as-of", NEXT_MONTH.isoformat(), "--json"]
    surroundings = {**os.environ, **portal.processes.environ}
    with subprocess.Popen(command, cwd=ROOT, env=surroundings, stdout=subprocess.PIPE, text=True) as process:
        ended = threading.Event()

        def wait() -> None:
            assert process.stdout is not None
            found.lines = json.loads(process.stdout.read())["lines"]
            usage = os.wait4(process.pid, 0)[2]
            process.returncode = 0
            found.mib, found.seconds = usage.ru_maxrss / 1024, time.perf_counter() - begun
            ended.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        while not ended.is_set():
            found.timings.took_ms.append(connection.get(LIST)[0])
        waiting.join()
    return found


def execute(statements: str) -> None:
    with transaction() as session:
        session.execute(sa.text("SET LOCAL statement_timeout = '300s'"))
        for statement in filter(str.strip, statements.split(";")):
            session.connection().exec_driver_sql(statement)
    db.session.remove()
