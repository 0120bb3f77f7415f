"""The queues, and the only kinds of job that RQ can run for us.

RQ is a doorbell: a job says "look into the ledger", never what is to be done. So it is allowed three
functions, no callbacks, no webhooks, and JSON instead of pickle: whoever can write to Redis can ring, and
nothing else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisAway
from redis.retry import Retry
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.utils import import_attribute

KNOWN = frozenset(f"portal.jobs.worker.{name}" for name in ("drain", "tick", "run_periodic"))
RESULT_TTL_S = 60
FAILURE_TTL_S = 7 * 24 * 3600
CONNECT_TIMEOUT_S = 0.2


@dataclass(frozen=True, slots=True)
class Spec:
    """One queue.

    A drain holds its job for up to 50 s and then finishes what it has in hand: `timeout_s` is above both.
    What a killed worker held is taken up when `lease_s` is over: within two minutes on every queue. It is longer
    than an outside call takes; a plain listener is safe beyond it, by the lock of its row. `first_wait_s` doubles
    with each try: a fault of ours is on the parked list within a minute, an SMTP server has an hour to come back.
    `preload` is imported before the fork; `memory_mb` limits the process that does the work.
    """

    name: str
    timeout_s: int = 180
    lease_s: float = 10
    batch: int = 100
    first_wait_s: float = 0.25
    memory_mb: int | None = None
    preload: tuple[str, ...] = ()

    def wait_s(self, attempts: int) -> float:
        """Seconds until the next try after that many."""
        return self.first_wait_s * 2 ** (attempts - 1)


QUEUES = {
    spec.name: spec
    for spec in (
        Spec("default"),
        Spec("billing"),
        Spec("notices"),
        Spec("mail", timeout_s=300, lease_s=90, batch=20, first_wait_s=30),
        Spec(
            "reports",
            timeout_s=600,
            lease_s=100,
            batch=1,
            first_wait_s=5,
            memory_mb=2048,
            preload=("weasyprint",),
        ),
    )
}


class UnknownJob(Exception):
    """A job that is none of ours was found in Redis; it is not run."""


class KnownJob(Job):
    """A job in JSON that runs one of the functions in KNOWN and nothing else."""

    def __init__(
        self, id: str | None = None, connection: Redis | None = None, serializer: Any = None
    ) -> None:
        super().__init__(id, connection, JSONSerializer)

    @property
    def func(self) -> Callable[..., Any]:
        if self.func_name not in KNOWN or self.instance:
            raise UnknownJob(f"{self.func_name} is not a job of the portal.")
        return import_attribute(self.func_name)

    @property
    def success_callback(self) -> None:
        return None

    @property
    def failure_callback(self) -> None:
        return None

    @property
    def stopped_callback(self) -> None:
        return None

    def send_webhooks(self, status: Any, *, exc_string: str | None = None) -> None:
        """RQ would call any address that stands in the job."""


class PortalQueue(Queue):
    """A queue of known jobs. RQ passes its default serializer, pickle, on in many places; it is not taken."""

    job_class = KnownJob

    def __init__(self, name: str = "default", *args: Any, serializer: Any = None, **options: Any) -> None:
        super().__init__(name, *args, serializer=JSONSerializer, **options)


def redis_client(url: str, *, timeout_s: float | None) -> Redis:
    """A client that never makes a request wait for a dead Redis.

    One immediate second try, because after a restart of Redis the pooled connection is stale.
    """
    return Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=timeout_s,
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisAway,)),
    )


def put(
    connection: Redis, queue: str, function: str, args: tuple[str, ...], *, job_id: str, timeout_s: int
) -> None:
    """Put one of the known functions on a queue."""
    PortalQueue(queue, connection=connection).enqueue_call(
        f"portal.jobs.worker.{function}",
        args=args,
        timeout=timeout_s,
        result_ttl=RESULT_TTL_S,
        failure_ttl=FAILURE_TTL_S,
        job_id=job_id,
    )


def waiting(connection: Redis, queue: str) -> list[str]:
    """The ids of the first jobs that wait on a queue."""
    ids: list[bytes] = connection.lrange(PortalQueue.redis_queue_namespace_prefix + queue, 0, 99)
    return [job_id.decode() for job_id in ids]
