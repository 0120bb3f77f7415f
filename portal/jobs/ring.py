"""The doorbell: after a commit, wakes the workers of the queues that have something to do.

It may fail: the ledger is in PostgreSQL, and the sweep finds what nobody was told of. So an error is counted
and swallowed, and the bell is then left alone for a few seconds: a dead Redis slows down one request, not
each.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import uuid4

from flask import Flask, current_app
from prometheus_client import Counter
from redis import Redis
from redis.exceptions import RedisError

from portal.jobs.queues import QUEUES, put, redis_client, waiting
from portal.signals import events_committed

log = logging.getLogger(__name__)

FAILURES = Counter(
    "portal_doorbell_failures", "Doorbells that Redis did not take; the sweep makes up for them."
)
QUIET_S = 5.0
# More than one, because a job can be lost between queue and worker. A queued drain sees all that is
# committed.
ENOUGH_RINGS = 2
DOORBELL_TIMEOUT_S = 0.2

_quiet_until = 0.0
_held: ContextVar[set[str] | None] = ContextVar("held", default=None)


def connect(app: Flask) -> None:
    """Ring after each commit that recorded something."""
    app.extensions["doorbell"] = None
    events_committed.connect(announce)


def client() -> Redis:
    """The app's connection to Redis for short calls, made at the first use."""
    if current_app.extensions["doorbell"] is None:
        url = current_app.extensions["settings"].redis_url
        current_app.extensions["doorbell"] = redis_client(url, timeout_s=DOORBELL_TIMEOUT_S)
    bell: Redis = current_app.extensions["doorbell"]
    return bell


def announce(_sender: object, *, queues: set[str]) -> None:
    """Receiver of events_committed."""
    held = _held.get()
    if held is None:
        ring(queues)
    else:
        held.update(queues)


@contextmanager
def once() -> Iterator[None]:
    """Ring once at the end for all the commits of the block, instead of after each."""
    mark = _held.set(set())
    try:
        yield
    finally:
        queues = _held.get() or set()
        _held.reset(mark)
        ring(queues)


def ring(queues: Iterable[str]) -> None:
    """Put a drain on each queue, unless enough of them wait there already. Never raises because of Redis."""
    global _quiet_until
    if time.monotonic() < _quiet_until:
        FAILURES.inc()
        return
    try:
        for queue in sorted(queues):
            ring_one(client(), queue)
    except RedisError as fault:
        _quiet_until = time.monotonic() + QUIET_S
        FAILURES.inc()
        log.warning("Redis did not take the doorbell, the sweep will: %s", fault)


def ring_one(connection: Redis, queue: str) -> None:
    """One drain more on this queue, unless enough wait. Raises RedisError."""
    rings = [job_id for job_id in waiting(connection, queue) if job_id.startswith("drain-")]
    if len(rings) < ENOUGH_RINGS:
        job_id = f"drain-{queue}-{uuid4().hex[:12]}"
        put(connection, queue, "drain", (queue,), job_id=job_id, timeout_s=QUEUES[queue].timeout_s)
