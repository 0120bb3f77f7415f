"""Everything that RQ ever calls: drain(queue), tick(), run_periodic(name, slot); and the sweep."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from redis.exceptions import RedisError
from rq.utils import import_attribute
from sqlalchemy.exc import DBAPIError

from portal import outbox, runs
from portal.clock import now
from portal.db import batch_lock, db, transaction
from portal.domain.events import PeriodicRunMissed
from portal.jobs import process, ring
from portal.jobs.delivery import Tally, work_through
from portal.jobs.queues import QUEUES, Spec, put, waiting
from portal.jobs.schedule import CALENDAR, Entry, last_slot, slots_between
from portal.runs import PeriodicRun, RunState
from portal.signals import send

log = logging.getLogger(__name__)

HELD_FOR_S = 50.0
LINGER_S = 3.0
TELL_AFTER = timedelta(minutes=5)
RUNS_KEPT = timedelta(days=60)


def drain(queue: str) -> dict[str, int]:
    """Deliver what is due on a queue, for up to 50 s; rings again when something is left."""
    spec = QUEUES[queue]
    ends_at = time.monotonic() + HELD_FOR_S
    tally = deliver_due(spec, over=lambda: process.stopping() or time.monotonic() > ends_at)
    with transaction():
        left = outbox.is_due(queue)
    if left:
        ring.ring({queue})
    return dict(tally)


def deliver_due(spec: Spec, *, over: Callable[[], bool]) -> Tally:
    """Deliver until nothing is due or the time is over; what is tried again in a moment is waited for."""
    tally: Tally = Counter()
    linger_until = time.monotonic() + LINGER_S
    while not over():
        with ring.once():
            turn = deliver_turn(spec, over)
        tally += turn
        if turn.total() == 0:
            with transaction():
                wait_s = outbox.next_due_s(spec.name)
            if wait_s is None or time.monotonic() + wait_s > linger_until:
                break
            time.sleep(wait_s)
    return tally


def deliver_turn(spec: Spec, over: Callable[[], bool]) -> Tally:
    """One batch, and one of those whose worker died: they get their turn, and block nobody."""
    tally: Tally = Counter()
    with transaction():
        fresh = outbox.claim(spec.name, limit=spec.batch, lease_s=spec.lease_s)
    tally += work_through(fresh, spec, over)
    with transaction():
        suspect = outbox.claim_suspect(spec.name, lease_s=spec.lease_s)
    return tally + work_through(suspect, spec, over)


def drain_all(queues: Collection[str] = tuple(QUEUES)) -> Tally:
    """Deliver everything that is due on these queues in this process, until nothing is left."""
    tally: Tally = Counter()
    while True:
        with transaction():
            due = outbox.due_queues()
        known = [QUEUES[queue] for queue in due if queue in QUEUES and queue in queues]
        turns = sum((deliver_turn(spec, lambda: False) for spec in known), Counter())
        if not turns:
            return tally
        tally += turns


def sweep(slot: datetime) -> None:
    """Ring for everything that is due: whatever Redis lost, or was never told."""
    with transaction():
        queues = outbox.due_queues()
    ring.ring(queue for queue in queues if queue in QUEUES)


def tidy_runs(slot: datetime) -> None:
    """Forget the runs of two months ago, and workers that are long gone."""
    with transaction():
        db.session.execute(sa.delete(PeriodicRun).where(PeriodicRun.slot < slot - RUNS_KEPT))
        runs.forget_workers()


def tick() -> None:
    """Ask the calendar what is due, and put a job for each run on its queue."""
    at = now()
    with transaction():
        batch_lock("calendar")
        last = {run.name: run.slot for run in runs.latest_runs(at)}
        for name, entry in CALENDAR.items():
            enter_due(name, entry, last.get(name), at)
        open_runs = [(run.name, run.slot) for run in runs.waiting_runs()]
    for name, slot in open_runs:
        if name in CALENDAR:
            put_run(name, slot)


def enter_due(name: str, entry: Entry, last: datetime | None, at: datetime) -> None:
    """Enter the last slot that has come since the last tick; say so when it or one before it is late."""
    if last is None:
        runs.enter(name, last_slot(entry.cron, at), state=RunState.BASELINE)
        return
    due = list(slots_between(entry.cron, last, at))
    if not due:
        return
    missed = [slot for slot in due if slot < at - TELL_AFTER]
    run_id = runs.enter(name, due[-1], state=RunState.DUE, missed=len(missed))
    if run_id is not None and missed:
        event = PeriodicRunMissed(run_id=run_id, name=name, slot=due[-1], missed=len(missed))
        send(event, by=None, at=at)


def put_run(name: str, slot: datetime) -> None:
    """Put a run on its queue, unless it waits there. What Redis does not take, the next tick brings."""
    entry = CALENDAR[name]
    job_id = f"run-{name}-{slot:%Y%m%dT%H%M}"
    try:
        if job_id not in waiting(ring.client(), entry.queue):
            args = (name, slot.isoformat())
            put(ring.client(), entry.queue, "run_periodic", args, job_id=job_id, timeout_s=entry.timeout_s)
    except RedisError as fault:
        log.warning("Redis did not take %s: %s", job_id, fault)


def run_periodic(name: str, slot: str) -> None:
    """Run one slot of the calendar, unless it has been run or is being run."""
    with transaction():
        run_id = runs.find(name, datetime.fromisoformat(slot))
    if run_id is None:
        return
    with runs.alone_with(run_id) as alone:
        if alone:
            run_alone(run_id, name, datetime.fromisoformat(slot))


def run_alone(run_id: int, name: str, slot: datetime) -> None:
    """Call the function of the calendar and keep what came of it. Raises only when the database is gone."""
    with transaction():
        begun = runs.begin(run_id, at=now())
    if not begun:
        return
    try:
        import_attribute(CALENDAR[name].function.replace(":", "."))(slot)
    except Exception as fault:
        if isinstance(fault, DBAPIError) and fault.connection_invalidated:
            raise
        log.warning("The run %s of %s failed", name, slot, exc_info=True)
        with transaction():
            runs.fail(run_id, f"{type(fault).__name__}: {fault}", at=now())
        return
    with transaction():
        runs.succeed(run_id, at=now())
