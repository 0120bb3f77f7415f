"""Nothing is lost and nothing happens twice, whatever is killed. `make proof` does it with thousands."""

from portal import clock
from portal.db import transaction
from portal.domain.lifecycle.rules import Status
from portal.domain.staff import Role, User
from portal.outbox import Counts
from tests import kills, plant, volume
from tests.factories import make_user

SERVICES = 300
KILLS = 30
QUEUES = ("default", "billing", "notices")


def people() -> list[User]:
    return [
        make_user(name="Ana Reyes", role=Role.ACCOUNT_MANAGER),
        make_user(name="Adi Okoro", role=Role.ADMIN),
    ]


def sell(services: int, manager: User) -> None:
    """Services that wait to be activated."""
    with transaction():
        volume.make_clients(max(services // 5, 1), managers=[manager.id])
        volume.make_services(services, status=Status.PENDING, start=clock.today())


def test_thirty_kills_while_three_hundred_services_are_activated() -> None:
    with plant.standing(queues=QUEUES) as portal:
        users = people()
        sell(SERVICES, users[0])
        portal.start()
        victims = ["web", "scheduler", "valkey", *(f"worker-{queue}" for queue in QUEUES)]

        kills.activate_under_kills(portal, users, victims, kills=KILLS, seconds=60)
        portal.wait_for(lambda: not kills.pending("billing", "notices"), 30)

        assert portal.kills == KILLS
        assert kills.wrong(kills.SCHEDULES) == []
        assert kills.wrong(kills.NOTICES) == []
        # The mail waits for a worker; nothing else does, and nothing was given up.
        mails = SERVICES * len(users)
        assert kills.counts() == Counts(
            created=2 * SERVICES + mails, pending=mails, done=2 * SERVICES, parked=0, given_up=0
        )
