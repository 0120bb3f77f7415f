"""Real servers, real commits; the reactions of these tests stand in for the portal's."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal import outbox
from portal.db import db
from portal.jobs import listeners, ring
from portal.jobs.queues import QUEUES
from tests.jobs import reactions


@pytest.fixture
def reacting(app: Flask, live: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The listeners of tests/jobs/reactions.py, an empty table of effects, leases of a second, no memory of Redis."""
    for name, spec in QUEUES.items():
        monkeypatch.setitem(QUEUES, name, replace(spec, lease_s=1, first_wait_s=0.05))
    monkeypatch.setattr(ring, "_quiet_until", 0.0)
    with db.engine.begin() as connection:
        connection.execute(sa.text(reactions.TABLE))
        connection.execute(sa.text("TRUNCATE effects"))
    ring.client().flushall()
    outbox.connect(reactions.REACTIONS)
    yield
    outbox.connect(listeners.REACTIONS)
    db.session.remove()
    with db.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE effects"))


@pytest.fixture
def in_child(app: Flask) -> Iterator[Callable[[Callable[[], object]], int]]:
    """Runs a function in a process of its own, as RQ does; the pid. Nobody is left behind."""
    pids: list[int] = []

    def start(work: Callable[[], object]) -> int:
        db.session.remove()
        pid = os.fork()
        if pid == 0:
            try:
                db.engine.dispose(close=False)
                work()
            finally:
                os._exit(0)
        pids.append(pid)
        return pid

    yield start
    for pid in pids:
        try:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


def ended(pid: int) -> int:
    """Waits for a child; its exit code, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
