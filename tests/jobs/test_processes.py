"""Workers and scheduler as processes, while everything around them is killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import upgrade

from portal import create_app, outbox, runs
from portal.db import db, transaction
from portal.embedded import Servers
from portal.jobs import listeners, process, ring
from portal.jobs.queues import PortalQueue
from portal.settings import Settings
from tests.conftest import MIGRATIONS
from tests.jobs import reactions
from tests.jobs.reactions import effects, suspend

ROOT = Path(__file__).parents[2]


@dataclass
class Plant:
    """Servers of its own, which may be killed, and the processes that work on them."""

    servers: Servers
    settings: Settings
    app: Flask

    def start(self, what: str) -> psutil.Popen:
        environ = os.environ | {
            "PORTAL_ENV": "test",
            "PORTAL_VAR": str(self.servers.var),
            "DATABASE_URL": self.settings.database_url,
            "REDIS_URL": self.settings.redis_url,
        }
        command = [sys.executable, "-m", "tests.jobs.worker_process", what]
        with (self.servers.var / f"{what}.log").open("ab") as log:
            return psutil.Popen(command, env=environ, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)


@pytest.fixture(scope="module")
def servers_that_die() -> Iterator[Servers]:
    folder = Path("/tmp") / f"portal-plant-{os.getpid():x}"
    folder.mkdir(mode=0o755)
    with Servers(folder, durable=False) as servers:
        yield servers
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def plant(servers_that_die: Servers) -> Iterator[Plant]:
    folder = str(servers_that_die.var)
    settings = servers_that_die.fill(Settings.from_env({"PORTAL_ENV": "test", "PORTAL_VAR": folder}))
    app = create_app(settings)
    outbox.connect(reactions.REACTIONS)
    with app.app_context():
        upgrade(directory=str(MIGRATIONS))
        with db.engine.begin() as connection:
            connection.execute(sa.text(reactions.TABLE))
        yield Plant(servers_that_die, settings, app)
        db.session.remove()
        db.engine.dispose()
    outbox.connect(listeners.REACTIONS)


@pytest.fixture(autouse=True)
def empty(plant: Plant) -> None:
    plant.servers.revive()
    ring._quiet_until = 0.0
    ring.client().flushall()
    with transaction() as session:
        session.execute(sa.text("TRUNCATE effects, deliveries, periodic_runs, worker_heartbeats"))


@pytest.fixture
def start(plant: Plant) -> Iterator[Callable[[str], psutil.Popen]]:
    started: list[psutil.Popen] = []

    def begin(what: str) -> psutil.Popen:
        started.append(plant.start(what))
        return started[-1]

    yield begin
    for each in started:
        children = each.children(recursive=True) if each.is_running() else []
        for victim in (each, *children):
            if victim.is_running():
                victim.kill()
        each.wait()


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.05)


def pending() -> int:
    with transaction():
        return outbox.counts().pending


def alive() -> list[str]:
    with transaction():
        return [worker.queue for worker in runs.workers()]


def horse_of(worker: psutil.Popen) -> psutil.Process | None:
    return next(iter(worker.children()), None)


def test_a_worker_is_rung_works_says_that_it_lives_and_stops_when_asked(
    start: Callable[[str], psutil.Popen],
) -> None:
    worker = start("billing")
    wait_for(lambda: alive() == ["billing"])
    rung_at = time.monotonic()
    suspend(*range(1, 201))
    wait_for(lambda: not pending())
    assert time.monotonic() - rung_at < 3
    assert effects() == list(range(1, 201))
    worker.terminate()
    assert worker.wait(5) == 0
    assert alive() == []


def test_asked_to_stop_in_mid_work_it_ends_the_delivery_in_hand_and_fails_no_job(
    start: Callable[[str], psutil.Popen],
) -> None:
    suspend(*range(1, 41), reason="slow")
    worker = start("billing")
    wait_for(lambda: len(effects()) > 1)
    worker.terminate()
    assert worker.wait(4) == 0
    done = len(effects())
    assert done < 40
    with transaction():
        assert outbox.counts().done == done
        assert outbox.count_due() == 40 - done
    assert PortalQueue("billing", connection=ring.client()).failed_job_registry.count == 0


def test_work_goes_on_when_the_worker_or_the_process_that_does_the_work_is_killed(
    start: Callable[[str], psutil.Popen],
) -> None:
    suspend(*range(1, 13), reason="slow")
    first = start("billing")
    wait_for(lambda: effects())
    horse = horse_of(first)
    assert horse is not None
    horse.kill()
    wait_for(lambda: (found := horse_of(first)) and found != horse)
    first.kill()
    start("billing")
    wait_for(lambda: not pending(), 30)
    assert effects() == list(range(1, 13))


def test_what_redis_forgets_and_what_it_is_never_told_is_delivered(
    plant: Plant, start: Callable[[str], psutil.Popen]
) -> None:
    worker = start("billing")
    wait_for(lambda: alive())
    ring._quiet_until = time.monotonic() + 60
    suspend(1)
    wait_for(lambda: effects() == [1])
    ring.client().flushall()
    plant.servers.valkey.process.kill()  # type: ignore[union-attr]
    suspend(2)
    time.sleep(1.5)
    plant.servers.revive()
    wait_for(lambda: effects() == [1, 2])
    assert worker.is_running()


def test_a_worker_outlives_a_crash_of_postgresql(plant: Plant, start: Callable[[str], psutil.Popen]) -> None:
    worker = start("billing")
    wait_for(lambda: alive())
    suspend(*range(1, 9), reason="slow")
    wait_for(lambda: effects())
    plant.servers.postgresql.process.kill()  # type: ignore[union-attr]
    wait_for(lambda: plant.servers.postgresql.process is None)
    plant.servers.revive()
    wait_for(lambda: not pending(), 30)
    assert effects() == list(range(1, 9))
    assert worker.is_running()


def test_the_scheduler_ticks_and_a_lost_tick_comes_back(
    plant: Plant, start: Callable[[str], psutil.Popen]
) -> None:
    bell = ring.client()
    scheduler = start("scheduler")
    wait_for(lambda: bell.zscore("rq:scheduler:scheduled_jobs", process.TICK_ID))
    bell.flushall()
    wait_for(lambda: bell.zscore("rq:scheduler:scheduled_jobs", process.TICK_ID))
    valkey = plant.servers.valkey.process
    assert valkey is not None
    valkey.kill()
    valkey.wait(5)
    plant.servers.revive()
    bell.flushall()
    wait_for(lambda: bell.zscore("rq:scheduler:scheduled_jobs", process.TICK_ID))
    start("default")
    with_baseline = sa.text("SELECT count(*) FROM periodic_runs WHERE name = 'sweep'")

    def ticked() -> bool:
        with transaction() as session:
            return bool(session.scalar(with_baseline))

    wait_for(ticked)
    scheduler.send_signal(signal.SIGTERM)
    assert scheduler.wait(5) == 0
