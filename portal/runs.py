"""The book of the calendar's runs, and the signs of life of the workers. SQL only.

A slot of the calendar is run once: (name, slot) is unique. Whoever runs it holds a lock of the database
session, which goes when its process dies; so a run that is marked as running and not locked by anybody was
killed.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Id, Instant, db, enum_type, lock
from portal.domain.errors import Refused
from portal.domain.events import PeriodicRunFailed, PeriodicRunRepeated
from portal.signals import send

TRIES = 3
ERROR_LENGTH = 2000
# The first half of the advisory lock's key: "runs of the calendar"; the second half is the run's id.
LOCK_CLASS = 7003
LATE_AFTER = timedelta(minutes=5)
ALIVE_S = 60


class RunState(StrEnum):
    """`baseline` marks the slot before which nothing is made up for: the first sight of a calendar entry."""

    BASELINE = "baseline"
    DUE = "due"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class PeriodicRun(Base):
    """One entry of the calendar at one instant."""

    __tablename__ = "periodic_runs"
    __label__ = "periodic run"
    __table_args__ = (
        sa.UniqueConstraint("name", "slot"),
        sa.Index("ix_periodic_runs_open", "slot", postgresql_where=sa.text("state IN ('due', 'running')")),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.Text)
    slot: Mapped[Instant]
    state: Mapped[RunState] = mapped_column(enum_type(RunState, "state"))
    missed: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    attempts: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    created_at: Mapped[Instant] = mapped_column(server_default=sa.func.now())
    started_at: Mapped[Instant | None]
    finished_at: Mapped[Instant | None]
    error: Mapped[str | None] = mapped_column(sa.Text)


class WorkerHeartbeat(Base):
    """A worker process that has been seen; in the database's time."""

    __tablename__ = "worker_heartbeats"

    name: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    queue: Mapped[str] = mapped_column(sa.Text)
    pid: Mapped[int] = mapped_column(sa.Integer)
    host: Mapped[str] = mapped_column(sa.Text)
    started_at: Mapped[Instant] = mapped_column(server_default=sa.func.now())
    seen_at: Mapped[Instant] = mapped_column(server_default=sa.func.now())


# One step down the unique index for each name; DISTINCT ON would read the minutes of a month.
LATEST_RUNS = sa.text("""
    WITH RECURSIVE names AS (
        (SELECT name FROM periodic_runs ORDER BY name LIMIT 1)
        UNION ALL
        SELECT (SELECT name FROM periodic_runs WHERE name > names.name ORDER BY name LIMIT 1)
        FROM names WHERE names.name IS NOT NULL)
    SELECT newest.* FROM names CROSS JOIN LATERAL (
        SELECT * FROM periodic_runs WHERE name = names.name AND slot <= :at ORDER BY slot DESC LIMIT 1) AS newest
    ORDER BY newest.name
""")


def enter(name: str, slot: datetime, *, state: RunState, missed: int = 0) -> int | None:
    """Enter a slot; its id, or None when it stands there already."""
    row = insert(PeriodicRun).values(name=name, slot=slot, state=state, missed=missed)
    return db.session.scalar(row.on_conflict_do_nothing().returning(PeriodicRun.id))


def latest_runs(at: datetime) -> Sequence[PeriodicRun]:
    """The last run of each entry of the calendar up to `at` (a test may have put the clock back), by name."""
    newest = sa.select(PeriodicRun).from_statement(LATEST_RUNS)
    return db.session.scalars(newest, {"at": at}, execution_options={"populate_existing": True}).all()


def waiting_runs() -> Sequence[PeriodicRun]:
    """Runs that wait to be run, and those whose process died."""
    is_open = PeriodicRun.state.in_((RunState.DUE, RunState.RUNNING))
    unheld = sa.text("""
        NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = :lock_class AND objsubid = 2
        AND objid = periodic_runs.id
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
    """).bindparams(lock_class=LOCK_CLASS)
    return db.session.scalars(sa.select(PeriodicRun).where(is_open, unheld).order_by(PeriodicRun.slot)).all()


@contextmanager
def alone_with(run_id: int) -> Iterator[bool]:
    """Whether this process is the one that runs it, for as long as the block takes.

    The lock hangs on a connection of its own in autocommit mode, so no transaction stays open beside the run.
    """
    key = {"lock_class": LOCK_CLASS, "run_id": run_id}
    with db.engine.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        got = connection.scalar(
            sa.text("SELECT pg_try_advisory_lock(:lock_class, CAST(:run_id AS int))"), key
        )
        try:
            yield bool(got)
        finally:
            if got and not connection.invalidated:
                connection.execute(
                    sa.text("SELECT pg_advisory_unlock(:lock_class, CAST(:run_id AS int))"), key
                )


def find(name: str, slot: datetime) -> int | None:
    """The id of a run."""
    return db.session.scalar(sa.select(PeriodicRun.id).filter_by(name=name, slot=slot))


def begin(run_id: int, *, at: datetime) -> bool:
    """Mark it as running; False when it has been run already, or killed its worker too often."""
    run = lock(PeriodicRun, run_id)
    if run.state not in (RunState.DUE, RunState.RUNNING):
        return False
    if run.attempts >= TRIES:
        _end(run, f"It did not come back {TRIES} times; the worker's log says more.", at=at)
        return False
    run.state = RunState.RUNNING
    run.attempts += 1
    run.started_at = at
    return True


def succeed(run_id: int, *, at: datetime) -> None:
    """Mark it as done."""
    run = lock(PeriodicRun, run_id)
    run.state = RunState.DONE
    run.finished_at = at
    run.error = None


def fail(run_id: int, error: str, *, at: datetime) -> None:
    """Keep the error; it is tried again at the next tick, until its tries are used up."""
    run = lock(PeriodicRun, run_id)
    if run.attempts >= TRIES:
        _end(run, error, at=at)
        return
    run.state = RunState.DUE
    run.error = error[:ERROR_LENGTH]


def _end(run: PeriodicRun, error: str, *, at: datetime) -> None:
    """It has failed. Only the first failure in a row is told: a run of each minute would tell it each minute."""
    run.state = RunState.FAILED
    run.finished_at = at
    run.error = error[:ERROR_LENGTH]
    before = sa.select(PeriodicRun.state).where(PeriodicRun.name == run.name, PeriodicRun.slot < run.slot)
    if db.session.scalar(before.order_by(PeriodicRun.slot.desc()).limit(1)) is not RunState.FAILED:
        event = PeriodicRunFailed(run_id=run.id, name=run.name, slot=run.slot, error=error[:500])
        send(event, by=None, at=at)


def run_again(run_id: int, *, by: int | None, at: datetime) -> PeriodicRun:
    """Let a failed run run again, with all its tries. Raises NotFound, and Refused when it has not failed."""
    run = lock(PeriodicRun, run_id)
    if run.state is not RunState.FAILED:
        raise Refused("Only a run that has failed can be run again. Reload the page.")
    run.state = RunState.DUE
    run.attempts = 0
    run.finished_at = None
    send(PeriodicRunRepeated(run_id=run.id, name=run.name, slot=run.slot), by=by, at=at)
    return run


def beat(name: str, *, queue: str, pid: int, host: str) -> None:
    """A worker says that it is alive."""
    row = insert(WorkerHeartbeat).values(name=name, queue=queue, pid=pid, host=host)
    db.session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"seen_at": sa.func.now()}))


def farewell(name: str) -> None:
    """A worker stops on purpose."""
    db.session.execute(sa.delete(WorkerHeartbeat).filter_by(name=name))


def forget_workers() -> None:
    """Forget workers that have not been seen for a day."""
    db.session.execute(sa.text("DELETE FROM worker_heartbeats WHERE seen_at < now() - interval '1 day'"))


def workers(alive_s: int = ALIVE_S) -> Sequence[WorkerHeartbeat]:
    """The workers that have been seen in the last minute."""
    since = sa.func.now() - sa.func.make_interval(0, 0, 0, 0, 0, 0, alive_s)
    seen = sa.select(WorkerHeartbeat).where(WorkerHeartbeat.seen_at > since)
    return db.session.scalars(seen.order_by(WorkerHeartbeat.queue, WorkerHeartbeat.name)).all()


def late_runs(at: datetime) -> Sequence[PeriodicRun]:
    """Runs that should have been done by now: five minutes late and still open, or failed last time."""
    overdue = PeriodicRun.state.in_((RunState.DUE, RunState.RUNNING)) & (PeriodicRun.slot < at - LATE_AFTER)
    still_open = db.session.scalars(sa.select(PeriodicRun).where(overdue).order_by(PeriodicRun.slot)).all()
    return [*still_open, *(run for run in latest_runs(at) if run.state is RunState.FAILED)]


def calendar_stands_still(at: datetime) -> bool:
    """Whether no slot has been entered for five minutes, though there is one each minute."""
    return max((run.slot for run in latest_runs(at)), default=at - 2 * LATE_AFTER) < at - LATE_AFTER
