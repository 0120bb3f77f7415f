"""The doorbell is cheap, and may be missed."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from flask import Flask
from redis import Redis

from portal import outbox
from portal.db import transaction
from portal.embedded import Valkey
from portal.jobs import ring, worker
from portal.jobs.queues import KnownJob, PortalQueue, UnknownJob, put, redis_client, waiting
from tests.jobs.reactions import AT, suspend

pytestmark = pytest.mark.usefixtures("reacting")


@pytest.fixture
def valkey(app: Flask) -> Iterator[Valkey]:
    """A Valkey that may be killed; the app rings there."""
    folder = Path(tempfile.mkdtemp(prefix="portal-ring-", dir="/tmp"))
    server = Valkey(folder)
    server.start()
    bell = app.extensions["doorbell"]
    app.extensions["doorbell"] = redis_client(server.url, timeout_s=ring.DOORBELL_TIMEOUT_S)
    yield server
    app.extensions["doorbell"] = bell
    server.stop()
    shutil.rmtree(folder)


def bells(queue: str = "billing") -> int:
    return sum(job_id.startswith("drain-") for job_id in waiting(ring.client(), queue))


def test_a_commit_rings_for_the_queues_concerned() -> None:
    suspend(1, 2, 3)
    assert (bells("billing"), bells("mail")) == (1, 0)


def test_many_commits_leave_only_a_few_bells_waiting() -> None:
    for number in range(10):
        suspend(number)
    assert bells() == ring.ENOUGH_RINGS


def test_a_block_of_commits_rings_once_at_its_end() -> None:
    with ring.once():
        suspend(1)
        suspend(2)
        assert bells() == 0
    assert bells() == 1


def test_a_commit_that_recorded_nothing_rings_nowhere() -> None:
    with transaction():
        pass
    assert bells() == 0


def test_a_dead_redis_neither_fails_nor_slows_a_request_and_the_sweep_makes_up_for_it(valkey: Valkey) -> None:
    valkey.stop()
    failures = ring.FAILURES._value.get()
    begun = time.monotonic()
    for number in range(20):
        suspend(number)
    assert time.monotonic() - begun < 1
    assert ring.FAILURES._value.get() == failures + 20
    assert outbox.counts().pending == 20
    valkey.start()
    ring._quiet_until = 0.0
    worker.sweep(AT)
    assert bells() == 1


def test_a_redis_that_hangs_costs_one_short_wait_and_is_then_left_alone(valkey: Valkey) -> None:
    assert valkey.process is not None
    hung = psutil.Process(valkey.process.pid)
    hung.suspend()
    try:
        begun = time.monotonic()
        suspend(1)
        first = time.monotonic() - begun
        suspend(2)
        assert first < 0.7
        assert time.monotonic() - begun - first < 0.1
    finally:
        hung.resume()


def test_a_redis_that_was_restarted_is_rung_at_the_first_try(valkey: Valkey) -> None:
    suspend(1)
    valkey.stop()
    valkey.start()
    ring.client().flushall()
    suspend(2)
    assert bells() == 1


@pytest.mark.parametrize("function", ["os.system", "portal.jobs.worker.drain_all", "portal.outbox.counts"])
def test_only_known_functions_can_be_run(function: str) -> None:
    job = KnownJob.create(function, args=("x",), connection=ring.client())
    with pytest.raises(UnknownJob, match="is not a job of the portal"):
        job.perform()


def test_callbacks_that_stand_in_redis_are_not_run() -> None:
    put(ring.client(), "billing", "drain", ("billing",), job_id="drain-billing-x", timeout_s=60)
    connection: Redis = ring.client()
    connection.hset("rq:job:drain-billing-x", mapping={"success_callback_name": "os.abort"})
    job = PortalQueue("billing", connection=connection).fetch_job("drain-billing-x")
    assert isinstance(job, KnownJob)
    assert job.success_callback is job.failure_callback is job.stopped_callback is None
    assert (job.func, list(job.args)) == (worker.drain, ["billing"])
