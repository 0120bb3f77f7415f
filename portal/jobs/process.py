"""The worker process and the scheduler process: RQ and rq-scheduler, taught to outlive their servers."""

import importlib
import logging
import os
import resource
import signal
import socket
import time
import warnings
from types import FrameType
from typing import Any
from uuid import uuid4

from flask import current_app
from redis import Redis
from redis.exceptions import RedisError
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import Worker
from rq_scheduler import Scheduler
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from portal import clock, outbox, runs
from portal.db import db, transaction
from portal.jobs import ring
from portal.jobs.queues import KnownJob, PortalQueue, Spec, redis_client

log = logging.getLogger(__name__)

TICK_ID = "tick"
TICK_TIMEOUT_S = 120
TEND_EVERY_S = 5
WORKER_TTL_S = 60
MAINTENANCE_EVERY_S = 30
SCHEDULER_EVERY_S = 5
REDIS_AWAY_S = 1
STATEMENT_TIMEOUT_MS = 60_000

_stop_requested = False
_parent: int | None = None


def stopping() -> bool:
    """Whether the work in hand is to be the last: the worker was asked to stop, or is no longer there."""
    return _stop_requested or (_parent is not None and os.getppid() != _parent)


def _request_stop(_signum: int, _frame: FrameType | None) -> None:
    global _stop_requested
    _stop_requested = True


class PortalWorker(Worker):
    """Works on one queue, and looks after it: signs of life, lost doorbells, the tick."""

    queue_class = PortalQueue
    job_class = KnownJob
    max_connection_wait_time = 5.0

    def __init__(self, spec: Spec, connection: Redis) -> None:
        super().__init__(
            [PortalQueue(spec.name, connection=connection)],
            name=f"{spec.name}-{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:6]}",
            connection=connection,
            worker_ttl=WORKER_TTL_S,
            maintenance_interval=MAINTENANCE_EVERY_S,
            job_monitoring_interval=TEND_EVERY_S,
            log_job_description=False,
            serializer=JSONSerializer,
        )
        self.spec = spec
        self.tended_at = 0.0

    @property
    def asked_to_stop(self) -> bool:
        return self._shutdown_requested_date is not None

    @property
    def dequeue_timeout(self) -> int:
        """Seconds for which an idle worker waits in Redis before it looks after its queue again."""
        return TEND_EVERY_S

    def subscribe(self) -> None:
        """RQ's remote commands are not taken: they need a thread, which does not go with a fork."""

    def unsubscribe(self) -> None:
        """Nothing was subscribed."""

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        super().heartbeat(timeout, pipeline)
        if not self.is_horse and time.monotonic() - self.tended_at >= TEND_EVERY_S:
            self.tended_at = time.monotonic()
            self.tend()

    def tend(self) -> None:
        """Say that we are alive, ring for what is due here though nobody rang, put back a lost tick."""
        try:
            with transaction():
                runs.beat(self.name, queue=self.spec.name, pid=os.getpid(), host=socket.gethostname())
                due = outbox.is_due(self.spec.name)
        except DBAPIError as fault:
            log.warning("PostgreSQL does not answer the worker %s: %s", self.name, fault)
            return
        if due:
            ring.ring_one(self.connection, self.spec.name)
        keep_ticking(self.connection)

    def maintain_heartbeats(self, job: Job, execution: Any) -> None:
        """A dead Redis must not part us from the process that does the work."""
        try:
            super().maintain_heartbeats(job, execution)
        except RedisError as fault:
            log.warning("Redis does not answer the worker %s: %s", self.name, fault)

    def handle_warm_shutdown_request(self) -> None:
        """Let the process that does the work end after the delivery that it has in hand."""
        super().handle_warm_shutdown_request()
        if self.horse_pid:
            os.kill(self.horse_pid, signal.SIGTERM)

    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()
        signal.signal(signal.SIGTERM, _request_stop)

    def main_work_horse(self, job: Job, queue: PortalQueue) -> None:
        """After the fork: the parent's database connections stay the parent's."""
        global _parent
        _parent = os.getppid()
        db.engine.dispose(close=False)
        db.session.remove()
        if self.spec.memory_mb:
            limit = self.spec.memory_mb * 1024 * 1024
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        super().main_work_horse(job, queue)


class PortalScheduler(Scheduler):
    """Carries one job, the minute tick, and puts it back when it is gone."""

    queue_class = PortalQueue
    job_class = KnownJob

    def __init__(self, connection: Redis) -> None:
        super().__init__(connection=connection, interval=SCHEDULER_EVERY_S)
        self.asked_to_stop = False

    def _install_signal_handlers(self) -> None:
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGTERM, self._stop)

    def _stop(self, _signum: int, _frame: FrameType | None) -> None:
        self.asked_to_stop = True
        raise SystemExit

    def acquire_lock(self) -> bool:
        """None is taken: two schedulers do no harm, while the lock of a killed one would stop the calendar."""
        return True

    def remove_lock(self) -> None:
        """None was taken."""

    def enqueue_jobs(self) -> Any:
        keep_ticking(self.connection)
        return super().enqueue_jobs()

    def enqueue_job(self, job: Job) -> None:
        """One tick on the queue is enough: many would wait there when no worker is up."""
        self.connection.lrem(self.get_queue_for_job(job).key, 0, job.id)
        super().enqueue_job(job)


def keep_ticking(connection: Redis) -> None:
    """Register the minute tick, unless it is there; the first comes at once. Doing it twice does no harm."""
    scheduler = PortalScheduler(connection)
    if TICK_ID in scheduler and KnownJob.exists(TICK_ID, connection):
        return
    scheduler.cron(
        "* * * * *",
        "portal.jobs.worker.tick",
        id=TICK_ID,
        queue_name="default",
        timeout=TICK_TIMEOUT_S,
        result_ttl=-1,
    )
    connection.zadd(scheduler.scheduled_jobs_key, {TICK_ID: clock.system_time().timestamp()})


def work(spec: Spec) -> None:
    """Run a worker until it is asked to stop; when Redis goes, begin anew until it is back."""
    use_utc()
    event.listen(db.engine, "connect", allow_long_statements)
    for module in ("portal.jobs.worker", *spec.preload):
        importlib.import_module(module)
    while not work_until_redis_goes(spec):
        time.sleep(REDIS_AWAY_S)


def work_until_redis_goes(spec: Spec) -> bool:
    """Run a worker; whether it was asked to stop. RQ logs the rest itself and returns."""
    url = current_app.extensions["settings"].redis_url
    worker = None
    try:
        worker = PortalWorker(spec, redis_client(url, timeout_s=None))
        worker.work(logging_level="WARNING")
    except RedisError as fault:
        log.warning("Redis does not answer the worker of %s: %s", spec.name, fault)
    if worker is None or not worker.asked_to_stop:
        return False
    try:
        with transaction():
            runs.farewell(worker.name)
    except DBAPIError as fault:
        log.warning("PostgreSQL does not hear that %s stops: %s", worker.name, fault)
    return True


def schedule() -> None:
    """Run the scheduler until it is asked to stop; when Redis goes, begin anew until it is back."""
    use_utc()
    url = current_app.extensions["settings"].redis_url
    while True:
        scheduler = PortalScheduler(redis_client(url, timeout_s=SCHEDULER_EVERY_S))
        try:
            scheduler.run()
        except RedisError as fault:
            if scheduler.asked_to_stop:
                return
            log.warning("Redis does not answer the scheduler: %s", fault)
            time.sleep(REDIS_AWAY_S)


def use_utc() -> None:
    """rq-scheduler reads the local time, which leaps twice a year; its warning about that is answered by this."""
    warnings.filterwarnings("ignore", category=FutureWarning, module="rq_scheduler")
    os.environ["TZ"] = "UTC"
    time.tzset()


def allow_long_statements(connection: Any, _record: Any) -> None:
    """A job may take longer over a statement than a page."""
    connection.autocommit = True
    connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
    connection.autocommit = False
