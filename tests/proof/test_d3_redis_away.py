"""D3: Redis away while people work: no answer ≥ 500, the usual time to answer, all effects after its return."""

import threading
import time
from dataclasses import dataclass, field
from statistics import quantiles

import pytest
import sqlalchemy as sa

from portal.db import transaction
from portal.jobs import ring
from tests import kills, plant
from tests.jobs.test_kills import people, sell
from tests.plant import Plant, Visitor

AWAY_S = 30
SERVICES = 400
WITHIN_S = 60
PAGES = ("/services", "/clients", "/billing", "/invoices", "/notices/bell")


@dataclass
class Reader:
    """Looks at one page after the other, and activates a service in between."""

    visitor: Visitor
    service_ids: list[int]
    statuses: list[int] = field(default_factory=list)
    took_s: list[float] = field(default_factory=list)

    def work(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for path in PAGES:
                self._ask(lambda path=path: self.visitor.get(path))
            if self.service_ids:
                service_id = self.service_ids.pop()
                self._ask(lambda service_id=service_id: self.visitor.post(f"/services/{service_id}/activate"))

    def _ask(self, ask) -> None:
        begun = time.monotonic()
        self.statuses.append(ask()[0])
        self.took_s.append(time.monotonic() - begun)

    @property
    def p95_ms(self) -> float:
        return quantiles(self.took_s, n=20)[-1] * 1000


@pytest.fixture
def portal(sized):
    with plant.standing(queues=("default", "billing", "notices")) as portal:
        portal.users = people()
        sell(SERVICES, portal.users[0])
        portal.start()
        yield portal


def service_ids() -> list[int]:
    with transaction() as session:
        return list(session.scalars(sa.text("SELECT id FROM client_services ORDER BY id")))


def work_for(seconds: float, portal: Plant, ids: list[int], *, servers: bool) -> list[Reader]:
    """Two people at once."""
    readers = [Reader(portal.sign_in(user), ids[number::2]) for number, user in enumerate(portal.users)]
    threads = [threading.Thread(target=reader.work, args=(seconds,)) for reader in readers]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        portal.keep(servers=servers)
        time.sleep(0.1)
    return readers


def all_done() -> bool:
    return not kills.pending("default", "billing", "notices")


def test_redis_goes_and_comes_back(portal, sized, say):
    ids = service_ids()
    work_for(5, portal, [], servers=True)  # the first pages after a start are slower than any other
    before = work_for(sized(AWAY_S), portal, ids[: SERVICES // 2], servers=True)
    portal.kill("valkey")
    ring._quiet_until = 0.0
    away = work_for(sized(AWAY_S), portal, ids[SERVICES // 2 :], servers=False)
    portal.servers.revive()
    after_s = portal.wait_for(all_done, WITHIN_S)

    p95, p95_away = (max(reader.p95_ms for reader in readers) for readers in (before, away))
    statuses = {status for reader in (*before, *away) for status in reader.statuses}
    answers = sum(len(reader.statuses) for reader in away)
    say(
        f"{answers} answers while away, statuses {sorted(statuses)}, p95 {p95_away:.0f} ms "
        f"({p95:.0f} ms before); all effects {after_s:.1f} s after its return"
    )
    assert statuses <= {200, 204, 303}
    assert p95_away <= 1.5 * p95 + 50
    assert kills.counts().parked == 0
    with transaction() as session:
        missing = session.scalar(sa.text(
            "SELECT count(*) FROM client_services WHERE status = 'active'"
            " AND id NOT IN (SELECT client_service_id FROM recurring_billings)"
        ))  # fmt: skip
    assert missing == 0


def test_flushall_in_mid_run_loses_nothing(portal, sized, say):
    """Everything that Redis knows is thrown away twenty times while services are activated."""
    flushes = 0

    def flush() -> None:
        nonlocal flushes
        while not done.wait(0.5):
            ring.client().flushall()
            flushes += 1

    done = threading.Event()
    with portal.app.app_context():
        context = portal.app.app_context
    flusher = threading.Thread(target=lambda: _within(context, flush))
    flusher.start()
    try:
        kills.activate_under_kills(portal, portal.users, ["valkey"], kills=0, seconds=300)
    finally:
        done.set()
        flusher.join()
    after_s = portal.wait_for(all_done, WITHIN_S)
    say(f"{flushes} times FLUSHALL; all effects {after_s:.1f} s after the last activation")
    assert flushes
    assert kills.wrong(kills.SCHEDULES) == []
    assert kills.wrong(kills.NOTICES) == []
    assert kills.counts().parked == 0


def _within(context, work) -> None:
    with context():
        work()
