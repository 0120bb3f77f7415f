"""D1: nothing lost, nothing twice under kill -9 of web, workers, scheduler and Redis during a billing run."""

import time

import sqlalchemy as sa

from portal.db import transaction
from portal.jobs.queues import QUEUES
from tests import kills, plant
from tests.jobs.test_kills import people, sell
from tests.plant import Plant, Visitor

SERVICES = 10_000
KILLS = 200
RUN_EVERY = 10
WITHIN_S = 60
LINES = """
    SELECT service.id, count(line.id) AS found
    FROM client_services AS service
    LEFT JOIN invoice_lines AS line ON line.client_service_id = service.id AND line.kind = 'recurring'
    GROUP BY service.id HAVING count(line.id) <> 1
"""


def test_nothing_is_lost_or_doubled_in_two_hundred_kills(sized, say):
    """Activations, the billing runs in between, and their effects; the runs are asked for over HTTP as well."""
    with plant.standing() as portal:
        users = people()
        finance = portal.sign_in(users[1])
        sell(sized(SERVICES), users[0])
        portal.start()
        victims = ["web", "scheduler", "valkey", *(f"worker-{queue}" for queue in QUEUES)]

        def bill_now_and_then(number: int) -> None:
            if number % RUN_EVERY == 0:
                request_run(finance)

        begun = time.monotonic()
        last_kill = kills.activate_under_kills(
            portal, users, victims, kills=sized(KILLS), seconds=3600, at_each_kill=bill_now_and_then
        )
        assert finance.insist("/billing/runs/new", time.monotonic() + 30) == 303
        portal.wait_for(lambda: not kills.pending("billing", "notices", "default"), WITHIN_S)
        last_effect_s = time.monotonic() - last_kill

        found = {name: kills.lost_and_doubled(each) for name, each in
                 {"schedules": kills.SCHEDULES, "notices": kills.NOTICES, "lines": LINES}.items()}  # fmt: skip
        say(
            f"{portal.kills} kills in {last_kill - begun:.0f} s; (lost, doubled): {found}; "
            f"last effect {last_effect_s:.0f} s after the last kill"
        )
        assert portal.kills == sized(KILLS)
        assert set(found.values()) == {(0, 0)}
        assert last_effect_s <= WITHIN_S
        the_mail_goes_out_too(portal, sized(SERVICES) * len(users), say)


def request_run(finance: Visitor) -> None:
    """Ask for a billing run, if somebody answers just now."""
    try:
        finance.post("/billing/runs/new")
    except OSError:
        pass


def the_mail_goes_out_too(portal: Plant, mails: int, say) -> None:
    """Mail may wait for a dead worker's lease; then all of it is there, once, and nothing was parked."""
    taken_s = portal.wait_for(lambda: not kills.pending("mail"), 900)
    with transaction() as session:
        sent = session.scalar(
            sa.text("SELECT count(*) FROM notices WHERE channel = 'email' AND status = 'sent'")
        )
    files = list(portal.settings.mail_folder.glob("*.eml"))
    say(f"{len(files)} mails for {mails} notices, the last after {taken_s:.0f} s more; {kills.counts()}")
    counts = kills.counts()
    assert (sent, len(files)) == (mails, mails)
    assert (counts.pending, counts.parked, counts.created) == (0, 0, counts.done)
