"""A drain with a listener that only writes to the database, and a billing run beside a bare insert of its rows."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from portal import outbox
from portal.db import db, transaction
from portal.domain.events import ServiceSuspended
from portal.jobs import batches, worker
from portal.jobs.listeners import REACTIONS
from portal.jobs.queues import QUEUES
from portal.outbox import Listener, Recorded
from tests.bench.verdicts import Verdict

A_SECOND = 1000
BILLED_UNTIL = date(2026, 11, 1)
TABLE = "CREATE TABLE effects (id bigint GENERATED ALWAYS AS IDENTITY, subject_id bigint UNIQUE)"
EVENTS = """
    WITH happened AS (
        INSERT INTO events (kind, subject_type, subject_id, occurred_at, payload)
        SELECT :kind, 'client_service', number, now(), '{"reason": "unpaid", "suspended_on": "2026-11-20"}'
        FROM generate_series(1, :count) AS number RETURNING id)
    INSERT INTO deliveries (event_id, listener, queue) SELECT id, 'note_effect', 'billing' FROM happened
"""
EFFECT = sa.text("INSERT INTO effects (subject_id) VALUES (:subject_id) ON CONFLICT DO NOTHING")
# The rows that the run has written, once more, into tables with the same columns, keys and indexes, in one statement
# each: as fast as the database can take them.
BARE_ROWS = {
    "bare_invoices": "invoices",
    "bare_lines": "invoice_lines",
    "bare_taxes": "invoice_taxes",
}


def measure(deliveries: int) -> Iterator[Verdict]:
    yield drained(deliveries)
    yield from billed()


def drained(count: int) -> Verdict:
    """`count` deliveries in one worker's process."""
    outbox.connect({**REACTIONS, ServiceSuspended: (Listener("note_effect", "billing", note_effect),)})
    with transaction() as session:
        session.execute(sa.text(TABLE))
        session.execute(sa.text(EVENTS), {"kind": ServiceSuspended.kind, "count": count})
    begun = time.perf_counter()
    tally = worker.deliver_due(QUEUES["billing"], over=lambda: False)
    a_second = count / (time.perf_counter() - begun)
    outbox.connect(REACTIONS)
    assert tally == {"done": count}, tally
    return Verdict(
        f"{count:,} deliveries, one worker",
        f"{a_second:,.0f} a second",
        f"≥ {A_SECOND:,} a second",
        a_second >= A_SECOND,
    )


def note_effect(event: Recorded) -> None:
    db.session.execute(EFFECT, {"subject_id": event.subject_id})


@dataclass(frozen=True)
class Run:
    services: int
    invoices: int
    seconds: float

    @property
    def a_second(self) -> float:
        return self.services / self.seconds


def billed() -> Iterator[Verdict]:
    """One period of every active service, and then nothing more."""
    first, bare_s, second = bill(), insert_bare(), bill()
    share = bare_s / first.seconds
    what = f"bill {first.services:,} services, {first.invoices:,} invoices"
    speed = f"{first.a_second:,.0f} a second"
    yield Verdict(what, speed, "≥ 1,000 a second", first.a_second >= A_SECOND)
    yield Verdict(
        "the same rows, bare INSERT … SELECT",
        f"{first.services / bare_s:,.0f} a second, {share:.0%} of the run",
        "",
        True,
    )
    yield Verdict(
        "bill again", f"{second.services} lines in {second.seconds:.1f} s", "0 lines", second.services == 0
    )


def bill() -> Run:
    begun = time.perf_counter()
    run = batches.bill(BILLED_UNTIL)
    assert run.parked == 0
    return Run(run.lines, run.invoices, time.perf_counter() - begun)


def insert_bare() -> float:
    """Seconds that the database needs for the rows alone."""
    begun = 0.0
    with transaction() as session:
        for bare, real in BARE_ROWS.items():
            session.execute(sa.text(f"CREATE TABLE {bare} (LIKE {real} INCLUDING ALL)"))
        begun = time.perf_counter()
        for bare, real in BARE_ROWS.items():
            session.execute(sa.text(f"INSERT INTO {bare} OVERRIDING SYSTEM VALUE SELECT * FROM {real}"))
    return time.perf_counter() - begun
