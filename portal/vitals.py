"""Is the machine well? One reading of the ledger, the calendar and the workers; SQL only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from portal import backups, outbox, runs
from portal.db import db
from portal.outbox import Delivery, EventRecord
from portal.runs import PeriodicRun

OLDEST_DUE_S = 300
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Vital:
    """One thing that has to be so, and in words how it is."""

    name: str
    is_well: bool
    words: str


def vitals(at: datetime, queues: Collection[str]) -> list[Vital]:
    """Everything that `/readyz` answers for. `queues`: those that need a worker."""
    waited_s = outbox.oldest_due_s()
    parked = outbox.unacknowledged()
    late = [run.name for run in runs.late_runs(at)]
    idle = sorted(set(queues) - {worker.queue for worker in runs.workers()})
    still = runs.calendar_stands_still(at)
    unsaved = backups.age(at)
    hours = f"the last backup is {unsaved / HOUR:.0f} hours old" if unsaved else "nothing to back up yet"
    return [
        Vital("deliveries", waited_s <= OLDEST_DUE_S, f"the oldest due delivery has waited {waited_s:.0f} s"),
        Vital("parked", not parked, f"{parked} parked deliveries wait for a decision"),
        Vital("workers", not idle, f"no worker on: {', '.join(idle)}" if idle else "a worker on every queue"),
        Vital("calendar", not still, "the calendar stands still" if still else "the calendar ticks"),
        Vital("runs", not late, f"late or failed: {', '.join(late)}" if late else "every run in time"),
        Vital("backup", not backups.is_overdue(at), hours),
    ]


def queue_depths() -> Sequence[sa.Row[tuple[str, int]]]:
    """(queue, deliveries that are due or wait for their next try), the deepest first."""
    is_open = Delivery.done_at.is_(None) & Delivery.parked_at.is_(None)
    depth = sa.func.count().label("depth")
    return db.session.execute(
        sa.select(Delivery.queue, depth).where(is_open).group_by(Delivery.queue).order_by(depth.desc())
    ).all()


def deliveries() -> sa.Select[tuple[object, ...]]:
    """Every delivery with what it is about and what became of it."""
    state = sa.case(
        (Delivery.done_at.is_not(None), "done"),
        (Delivery.gave_up_at.is_not(None), "given up"),
        (Delivery.parked_at.is_not(None), "parked"),
        (Delivery.attempts > 0, "trying again"),
        else_="waiting",
    )
    return sa.select(
        Delivery.id,
        Delivery.listener,
        Delivery.queue,
        EventRecord.kind,
        EventRecord.subject_type,
        EventRecord.subject_id,
        state.label("state"),
        Delivery.attempts,
        Delivery.created_at,
        Delivery.error,
    ).join(EventRecord, EventRecord.id == Delivery.event_id)


def periodic_runs() -> sa.Select[tuple[object, ...]]:
    """Every run of the calendar."""
    return sa.select(
        PeriodicRun.id,
        PeriodicRun.name,
        PeriodicRun.slot,
        PeriodicRun.state,
        PeriodicRun.missed,
        PeriodicRun.attempts,
        PeriodicRun.started_at,
        PeriodicRun.finished_at,
        PeriodicRun.error,
    )
