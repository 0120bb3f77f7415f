"""D5 and D6: a killed worker's work is taken up; what always fails is parked in sight, and can be tried again."""

import re
import time

import pytest
import sqlalchemy as sa

from portal.db import db, transaction
from tests import kills, plant
from tests.jobs.test_kills import people, sell
from tests.plant import Plant

SERVICES = 40
TAKEN_UP_WITHIN_S = 120
ON_SCREEN_WITHIN_S = 60
# Each schedule takes its worker a while, so that it can be killed with work in hand.
SLOW = """
    CREATE FUNCTION take_a_while() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM pg_sleep(0.2); RETURN NEW; END $$;
    CREATE TRIGGER take_a_while BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION take_a_while();
"""
BROKEN = """
    CREATE FUNCTION refuse_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'the ledger is closed'; END $$;
    CREATE TRIGGER refuse_all BEFORE INSERT ON recurring_billings FOR EACH ROW EXECUTE FUNCTION refuse_all();
"""
REPAIR = "DROP TRIGGER refuse_all ON recurring_billings; DROP FUNCTION refuse_all()"
HELD = "SELECT count(*) FROM deliveries WHERE queue = :queue AND leased_at IS NOT NULL"
TABLES = {"billing": "recurring_billings", "notices": "notices", "mail": "notices"}


@pytest.fixture
def portal():
    with plant.standing(queues=("default", "billing", "notices", "mail")) as portal:
        portal.users = people()
        sell(SERVICES, portal.users[0])
        yield portal


def held(queue: str) -> int:
    with transaction() as session:
        return int(session.scalar(sa.text(HELD), {"queue": queue}) or 0)


def activate_all(portal: Plant) -> None:
    kills.activate_under_kills(portal, portal.users, ["web"], kills=0, seconds=120)


def test_a_killed_workers_work_is_taken_up(portal, say):
    """The worker and the process that does its work are killed together, with deliveries in hand, on each queue."""
    kills.execute(SLOW.format(table="recurring_billings"))
    kills.execute(SLOW.format(table="notices").replace("take_a_while", "take_notice"))
    portal.start()
    activate_all(portal)
    for queue in ("billing", "notices", "mail"):
        portal.wait_for(lambda queue=queue: held(queue), 30)
        family = portal.child(f"worker-{queue}").process
        for each in plant.psutil.Process(family.pid).children(recursive=True):
            each.kill()
        family.kill()
        taken = held(queue)
        killed_at = time.monotonic()
        portal.wait_for(lambda queue=queue: not kills.pending(queue), TAKEN_UP_WITHIN_S)
        say(f"{queue}: {taken} in hand when killed, all done {time.monotonic() - killed_at:.0f} s later")
        assert taken
    assert kills.wrong(kills.SCHEDULES) == []
    assert kills.wrong(kills.NOTICES) == []


def test_what_always_fails_is_parked_in_sight_and_can_be_tried_again(portal, say):
    kills.execute(BROKEN)
    portal.start()
    admin = portal.sign_in(portal.users[1])
    activate_all(portal)
    begun = time.monotonic()

    def parked() -> list[int]:
        page = admin.get("/ops/deliveries?state=parked&size=200")[1]
        return [int(each) for each in re.findall(r'<tr id="deliveries-(\d+)"', page)]

    portal.wait_for(lambda: len(parked()) == SERVICES, ON_SCREEN_WITHIN_S)
    say(f"{SERVICES} parked, the last of them in sight after {time.monotonic() - begun:.0f} s")
    assert "the ledger is closed" in admin.get(f"/ops/deliveries/{parked()[0]}")[1]
    assert admin.get("/readyz")[0] == 503
    counts = kills.counts()
    assert counts.created == counts.pending + counts.done + counts.parked
    assert counts.parked == SERVICES

    kills.execute(REPAIR)
    ids = parked()
    assert [admin.post(f"/ops/deliveries/{each}/retry")[0] for each in ids] == [303] * SERVICES
    portal.wait_for(lambda: not kills.pending("billing"), ON_SCREEN_WITHIN_S)
    audited = kills.wrong(
        "SELECT subject_id, actor_id FROM events WHERE kind = 'delivery_retried' ORDER BY 1"
    )
    say(f"{len(audited)} retries, audited; {kills.counts()}")
    assert audited == [(each, portal.users[1].id) for each in sorted(ids)]
    assert kills.wrong(kills.SCHEDULES) == []
    assert kills.counts().parked == 0
    db.session.remove()
