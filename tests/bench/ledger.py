"""A drain with a listener that only writes to the database."""

import time

import sqlalchemy as sa

from portal import outbox
from portal.db import db, transaction
from portal.domain.events import ServiceSuspended
from portal.jobs import worker
from portal.jobs.listeners import REACTIONS
from portal.jobs.queues import QUEUES
from portal.outbox import Listener, Recorded
from tests.bench.verdicts import Verdict

A_SECOND = 1000
TABLE = "CREATE TABLE effects (id bigint GENERATED ALWAYS AS IDENTITY, subject_id bigint UNIQUE)"
EVENTS = """
    WITH happened AS (
        INSERT INTO events (kind, subject_type, subject_id, occurred_at, payload)
        SELECT :kind, 'client_service', number, now(), '{"reason": "unpaid", "suspended_on": "2026-11-20"}'
        FROM generate_series(1, :count) AS number RETURNING id)
    INSERT INTO deliveries (event_id, listener, queue) SELECT id, 'note_effect', 'billing' FROM happened
"""
EFFECT = sa.text("INSERT INTO effects (subject_id) VALUES (:subject_id) ON CONFLICT DO NOTHING")


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
