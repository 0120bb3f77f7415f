"""Two people make the same move at the same moment: it happens once, and both are told so."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa

from portal import clock
from portal.db import db, transaction
from portal.domain import lifecycle
from portal.domain.lifecycle import Status
from tests.factories import make_client, make_product, make_service

PAIRS = {"activate": 50, "suspend": 15, "resume": 15, "cancel": 15}
MOVES = {
    "activate": ("pending", "active", "service_activated", lambda facts: lifecycle.activate(**facts)),
    "suspend": ("active", "suspended", "service_suspended", lambda facts: lifecycle.suspend(**facts, reason="unpaid")),
    "resume": ("suspended", "active", "service_resumed", lambda facts: lifecycle.resume(**facts)),
    "cancel": (
        "active", "cancelled", "service_cancelled",
        lambda facts: lifecycle.cancel(**facts, effective_on=clock.today(), reason="moved away"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("move", MOVES)
def test_each_pair_at_once_makes_one_move(app, live, move):
    before, after, kind, act = MOVES[move]
    pairs = PAIRS[move]
    client, product = make_client(), make_product()
    services = [
        make_service(client=client, product=product, status=before, provisioned=True).id for _ in range(pairs)
    ]
    db.session.rollback()
    together = Barrier(2)

    def one_after_the_other(_: int) -> list[Status]:
        found = []
        with app.app_context():
            for service_id in services:
                together.wait(timeout=30)
                with transaction():
                    service = act({"service_id": service_id, "by": None, "at": clock.now()})
                    found.append(service.status)
        return found

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(one_after_the_other, range(2)))

    assert told == [[Status(after)] * pairs] * 2
    happened = sa.text("SELECT subject_id, count(*) FROM events WHERE kind = :kind GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in db.session.execute(happened, {"kind": kind})] == [
        (each, 1) for each in services
    ]
