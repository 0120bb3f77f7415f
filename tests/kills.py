"""Services are activated over HTTP while everything around them is killed; and what must be true afterwards."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from portal import outbox
from portal.db import transaction
from portal.domain.staff import User
from tests.plant import Plant, Visitor

# One row for each service that has not exactly what an activation brings.
SCHEDULES = """
    SELECT service.id, count(schedule.id) AS found
    FROM client_services AS service LEFT JOIN recurring_billings AS schedule ON schedule.client_service_id = service.id
    GROUP BY service.id HAVING count(schedule.id) <> 1
"""
# Each service × each person × each channel, counted by what it is about: two activations of one service show as two.
NOTICES = """
    SELECT service.id, users.id, channel.name, count(told.id) AS found
    FROM client_services AS service CROSS JOIN users CROSS JOIN (VALUES ('in_app'), ('email')) AS channel (name)
    LEFT JOIN (SELECT notices.id, notices.user_id, notices.channel, events.subject_id
               FROM notices JOIN events ON events.id = notices.event_id AND events.kind = 'service_activated') AS told
    ON told.subject_id = service.id AND told.user_id = users.id AND told.channel = channel.name
    GROUP BY service.id, users.id, channel.name HAVING count(told.id) <> 1
"""


@dataclass
class Activation:
    """Several people activate a share of the services each, one after the other, and give up for nothing."""

    people: Sequence[Visitor]
    service_ids: Sequence[int]
    give_up_after_s: float
    done: int = 0
    refused: list[tuple[int, int]] = field(default_factory=list)
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> list[threading.Thread]:
        give_up_at = time.monotonic() + self.give_up_after_s
        shares = [self.service_ids[number :: len(self.people)] for number in range(len(self.people))]
        threads = [
            threading.Thread(target=self._work, args=(person, share, give_up_at), daemon=True)
            for person, share in zip(self.people, shares, strict=True)
        ]
        for thread in threads:
            thread.start()
        return threads

    def _work(self, person: Visitor, share: Sequence[int], give_up_at: float) -> None:
        for service_id in share:
            status = person.insist(f"/services/{service_id}/activate", give_up_at)
            with self._counting:
                self.done += 1
                if status != 303:
                    self.refused.append((service_id, status))


def activate_under_kills(
    plant: Plant, users: Sequence[User], victims: Sequence[str], *, kills: int, seconds: float,
    at_each_kill: Callable[[int], None] = lambda number: None,
) -> float:  # fmt: skip
    """Kill at even steps of the work until all services are activated; the instant of the last kill."""
    with transaction() as session:
        ids = list(session.scalars(sa.text("SELECT id FROM client_services ORDER BY id")))
    work = Activation([plant.sign_in(user) for user in users], ids, seconds)
    hand, last_at = random.Random(20261120), time.monotonic()
    threads = work.begin()
    while any(thread.is_alive() for thread in threads):
        if plant.kills < kills and work.done >= (plant.kills + 1) * len(ids) // (kills + 1):
            plant.kill(hand.choice(victims), hand)
            last_at = time.monotonic()
            at_each_kill(plant.kills)
        plant.keep()
        time.sleep(0.05)
    assert (work.done, work.refused) == (len(ids), []), (
        f"{work.done} of {len(ids)} done, refused: {work.refused[:9]}"
    )
    return last_at


def pending(*queues: str) -> int:
    """Deliveries that are neither done nor parked."""
    with transaction() as session:
        left = sa.text(
            "SELECT count(*) FROM deliveries WHERE done_at IS NULL AND parked_at IS NULL AND queue = ANY(:queues)"
        )
        return int(session.scalar(left, {"queues": list(queues)}) or 0)


def wrong(statement: str) -> list[tuple[object, ...]]:
    """The rows that should not be there."""
    with transaction() as session:
        return [tuple(row) for row in session.execute(sa.text(statement))]


def execute(statements: str) -> None:
    """Change the database behind the portal's back."""
    with transaction() as session:
        connection = session.connection().connection.driver_connection
        assert connection is not None
        connection.execute(statements)


def lost_and_doubled(statement: str) -> tuple[int, int]:
    """How often something is missing, and how often it is there more than once."""
    found = [int(str(row[-1])) for row in wrong(statement)]
    return sum(1 for each in found if each == 0), sum(1 for each in found if each > 1)


def counts() -> outbox.Counts:
    with transaction():
        return outbox.counts()
