"""Nothing is lost and nothing happens twice, whatever a listener does."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal import outbox
from portal.db import db, transaction
from portal.domain.errors import NotFound, Refused
from portal.domain.events import DeliveryParked, ProvisioningFailed
from portal.jobs import delivery, worker
from portal.jobs.queues import QUEUES, Spec
from portal.outbox import Delivery, EventRecord, Listener
from portal.signals import send
from tests.jobs import reactions
from tests.jobs.conftest import ended
from tests.jobs.reactions import AT, cancel, effects, suspend

pytestmark = pytest.mark.usefixtures("reacting")

Fork = Callable[[Callable[[], object]], int]


def row() -> Delivery:
    """The only delivery."""
    with transaction() as session:
        found = session.scalars(sa.select(Delivery).execution_options(populate_existing=True)).one()
        session.expunge(found)
        return found


def make_due() -> None:
    """As if the back-off, or the lease, had run out."""
    with transaction() as session:
        session.execute(sa.text("UPDATE deliveries SET due_at = now() - interval '1 s'"))


def kinds_recorded() -> list[str]:
    with transaction() as session:
        return list(session.scalars(sa.select(EventRecord.kind).order_by(EventRecord.id)))


def drain_until_parked() -> None:
    for _ in range(outbox.TRIES):
        make_due()
        worker.deliver_turn(QUEUES["billing"], lambda: False)


# --- the ordinary course


def test_a_drain_does_everything_that_is_due() -> None:
    suspend(*range(1, 251))
    assert worker.drain("billing") == {"done": 250}
    assert effects() == list(range(1, 251))
    assert outbox.counts() == outbox.Counts(created=250, pending=0, done=250, parked=0, given_up=0)


def test_what_a_listener_sends_is_delivered_in_its_turn() -> None:
    suspend(5, reason="tell")
    assert worker.drain_all() == {"done": 2}
    assert effects("resumed") == [5]


def test_events_are_delivered_in_their_order() -> None:
    seen: list[int] = []
    outbox.connect(
        {
            **reactions.REACTIONS,
            ProvisioningFailed: (Listener("a_first", "billing", lambda e: seen.append(e.event_id)),),
        }
    )
    for number in range(1, 4):
        suspend(number)
        with transaction():
            send(ProvisioningFailed(service_id=number, reason="x"), by=None, at=AT)
    with transaction():
        claimed = outbox.claim("billing", limit=100, lease_s=30)
    assert [each.event.event_id for each in claimed] == sorted(each.event.event_id for each in claimed)
    delivery.work_through(claimed, QUEUES["billing"], lambda: False)
    assert seen == sorted(seen)
    assert len(seen) == 3


def test_when_the_time_is_over_the_rest_is_given_back_untried(live: Session) -> None:
    suspend(1, 2, 3)
    with transaction():
        claimed = outbox.claim("billing", limit=100, lease_s=30)
    delivery.work_through(claimed, QUEUES["billing"], lambda: True)
    assert effects() == []
    assert set(live.execute(sa.select(Delivery.attempts, Delivery.leased_at))) == {(0, None)}
    live.rollback()
    assert worker.drain("billing") == {"done": 3}


# --- a listener that fails


def test_a_failure_is_undone_kept_and_tried_again_later_while_the_others_go_on() -> None:
    suspend(1, 2)
    suspend(3, reason="fail")
    suspend(4, 5)
    turn = worker.deliver_turn(QUEUES["billing"], lambda: False)
    assert turn == {"done": 4, "failed": 1}
    assert effects() == [1, 2, 4, 5]
    with transaction() as session:
        failed = session.scalars(sa.select(Delivery).where(Delivery.done_at.is_(None))).one()
        assert (failed.attempts, failed.error) == (1, "RuntimeError: The listener does not like this one.")
        assert failed.leased_at is None
        assert failed.due_at - session.scalar(sa.select(sa.func.now())) < timedelta(seconds=0.1)


@pytest.mark.parametrize(("attempts", "wait_s"), [(1, 0.25), (2, 0.5), (8, 32.0)])
def test_each_wait_is_twice_the_one_before(attempts: int, wait_s: float) -> None:
    assert Spec("any").wait_s(attempts) == wait_s


def test_a_listener_that_always_fails_is_parked_after_eight_tries_and_somebody_is_told() -> None:
    suspend(3, reason="fail")
    drain_until_parked()
    assert row().attempts == 8
    assert row().parked_at is not None
    assert kinds_recorded() == ["service_suspended", "delivery_parked"]
    assert outbox.counts() == outbox.Counts(created=1, pending=0, done=0, parked=1, given_up=0)
    assert outbox.unacknowledged() == 1
    assert worker.drain_all() == {}


def test_a_failure_that_is_permanent_is_parked_at_once() -> None:
    suspend(3, reason="bounce")
    assert worker.drain("billing") == {"failed": 1}
    assert (row().attempts, row().error) == (1, "PermanentFailure: There is no such address.")
    assert row().parked_at is not None


def test_a_delivery_to_a_listener_that_is_gone_is_parked() -> None:
    suspend(3)
    outbox.connect({})
    worker.drain("billing")
    assert row().parked_at is not None
    assert "no listener “obey”" in str(row().error)


def test_a_notice_of_a_parked_delivery_that_is_parked_itself_is_not_noticed_again() -> None:
    def refuse(event: object) -> None:
        raise outbox.PermanentFailure("Nobody can be told.")

    outbox.connect({**reactions.REACTIONS, DeliveryParked: (Listener("tell_admins", "notices", refuse),)})
    suspend(3, reason="bounce")
    worker.drain_all()
    assert kinds_recorded() == ["service_suspended", "delivery_parked"]
    assert outbox.counts().parked == 2


def test_a_parked_delivery_can_be_retried_with_all_its_tries_and_it_is_on_record(live: Session) -> None:
    suspend(3, reason="bounce")
    worker.drain("billing")
    parked = row().id
    with transaction():
        outbox.retry(parked, by=4, at=AT)
    assert (row().attempts, row().parked_at, row().error) == (0, None, None)
    event = live.scalars(sa.select(EventRecord).where(EventRecord.kind == "delivery_retried")).one()
    assert (event.subject_id, event.actor_id) == (parked, 4)
    assert event.payload["changes"]["attempts"] == [1, 0]
    live.rollback()
    outbox.connect(
        {**reactions.REACTIONS, reactions.ServiceSuspended: (Listener("obey", "billing", reactions.effect),)}
    )
    assert worker.drain("billing") == {"done": 1}
    assert effects() == [3]


def test_a_parked_delivery_can_be_given_up_and_still_counts_as_parked() -> None:
    suspend(3, reason="bounce")
    worker.drain("billing")
    parked = row().id
    with transaction():
        outbox.give_up(parked, by=4, at=AT)
    assert row().gave_up_by == 4
    assert outbox.counts() == outbox.Counts(created=1, pending=0, done=0, parked=1, given_up=1)
    assert outbox.unacknowledged() == 0
    assert kinds_recorded()[-1] == "delivery_given_up"


@pytest.mark.parametrize("move", [outbox.retry, outbox.give_up])
def test_what_is_not_parked_can_be_neither_retried_nor_given_up(move: Callable[..., object]) -> None:
    suspend(3)
    pending = row().id
    with pytest.raises(Refused), transaction():
        move(pending, by=4, at=AT)
    with pytest.raises(NotFound), transaction():
        move(pending + 1, by=4, at=AT)


# --- a worker that dies, and two that meet


def test_a_worker_that_dies_leaves_no_effect_and_its_work_is_taken_up(in_child: Fork) -> None:
    suspend(1, 2, 3, reason="slow")
    child = in_child(lambda: worker.drain("billing"))
    time.sleep(0.45)
    os.kill(child, 9)
    assert ended(child) == -9
    assert len(effects()) < 3
    make_due()
    worker.drain("billing")
    assert effects() == [1, 2, 3]


def test_a_delivery_that_kills_its_worker_takes_no_others_with_it(in_child: Fork) -> None:
    suspend(1, 2)
    suspend(3, reason="die")
    suspend(4, 5)
    kills = 0
    while outbox_pending() and kills < 10:
        make_due()
        kills += ended(in_child(lambda: worker.drain("billing"))) == 9
    assert effects() == [1, 2, 4, 5]
    assert kills == outbox.CRASHES + 1
    with transaction() as session:
        parked = session.scalars(sa.select(Delivery).where(Delivery.parked_at.is_not(None))).one()
        assert "killed its worker 3 times" in str(parked.error)


def outbox_pending() -> int:
    with transaction():
        return outbox.counts().pending


def test_alone_on_its_queue_a_killer_is_parked_after_three_workers(in_child: Fork) -> None:
    suspend(3, reason="die")
    kills = 0
    while outbox_pending() and kills < 10:
        make_due()
        kills += ended(in_child(lambda: worker.drain("billing"))) == 9
    assert kills == outbox.CRASHES
    assert row().parked_at is not None


def test_the_same_drain_twice_at_the_same_time_does_everything_once(in_child: Fork) -> None:
    suspend(*range(1, 401))
    children = [in_child(lambda: worker.drain("billing")) for _ in range(2)]
    assert [ended(child) for child in children] == [0, 0]
    assert effects() == list(range(1, 401))


def test_an_effect_whose_lease_was_lost_is_rolled_back() -> None:
    suspend(1)
    with transaction():
        [old] = outbox.claim("billing", limit=1, lease_s=0)
    with transaction():
        [new] = outbox.claim_suspect("billing", lease_s=30)
    assert delivery.deliver_one(old, QUEUES["billing"]) == "lost"
    assert effects() == []
    assert delivery.deliver_one(new, QUEUES["billing"]) == "done"
    assert delivery.deliver_one(new, QUEUES["billing"]) == "lost"
    assert effects() == [1]


def test_a_failure_whose_lease_was_lost_changes_nothing() -> None:
    suspend(1)
    with transaction():
        [old] = outbox.claim("billing", limit=1, lease_s=0)
        [new] = outbox.claim_suspect("billing", lease_s=30)
    with transaction():
        assert not outbox.fail(old, "too late", wait_s=0, park=True)
    assert row().parked_at is None
    assert row().leased_at == new.token


def test_the_lease_of_what_waits_in_a_slow_batch_is_renewed(app: Flask) -> None:
    suspend(*range(1, 7), reason="slow")
    with transaction():
        claimed = outbox.claim("billing", limit=100, lease_s=1)
    rivals: list[int] = []

    def rival() -> None:
        with app.app_context():
            while len(rivals) < 14:
                with transaction():
                    rivals.append(len(outbox.claim_suspect("billing", lease_s=1)))
                time.sleep(0.1)

    other = Thread(target=rival)
    other.start()
    tally = delivery.work_through(claimed, QUEUES["billing"], lambda: False)
    other.join()
    assert tally == {"done": 6}
    assert sum(rivals) == 0


def test_a_run_gives_way_to_whoever_holds_a_row_that_it_needs(app: Flask, live: Session) -> None:
    """A request that waits for us is never the one that a deadlock picks: we let go first, then go one by one."""
    live.execute(sa.text("INSERT INTO effects VALUES (99, 'row of a person')"))
    live.commit()

    def touch(event: outbox.Recorded) -> None:
        if event.subject_id == 2:
            db.session.execute(sa.text("UPDATE effects SET pid = 0 WHERE subject_id = 99"))
        reactions.effect(event)

    outbox.connect({reactions.ServiceSuspended: (Listener("obey", "billing", touch),)})
    suspend(1, 2)
    with db.engine.connect() as person:
        person.execute(sa.text("UPDATE effects SET pid = 1 WHERE subject_id = 99"))
        drained = Thread(target=in_context(app, lambda: worker.drain("billing")))
        drained.start()
        time.sleep(0.6)
        first_is_free = person.scalar(
            sa.text("SELECT count(*) FROM (SELECT FROM deliveries FOR UPDATE SKIP LOCKED) AS free")
        )
        person.commit()
    drained.join()
    assert first_is_free == 1
    assert effects("suspended") == [1, 2]


def in_context(app: Flask, work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        with app.app_context():
            work()

    return run


# --- sets


def fail_provisioning(*service_ids: int, reason: str = "no rack") -> None:
    with transaction():
        for service_id in service_ids:
            send(ProvisioningFailed(service_id=service_id, reason=reason), by=None, at=AT)


def test_a_set_based_listener_takes_its_whole_batch_in_one_call() -> None:
    fail_provisioning(1, 2)
    suspend(9)
    fail_provisioning(3)
    worker.drain("billing")
    assert effects("set of 3") == [1, 2, 3]
    assert effects("suspended") == [9]


def test_a_set_with_a_bad_one_is_done_one_by_one() -> None:
    fail_provisioning(1, 3)
    fail_provisioning(2, reason="fail")
    tally = worker.deliver_turn(QUEUES["billing"], lambda: False)
    assert tally == {"done": 2, "failed": 1}
    assert effects() == effects("set of 1") == [1, 3]


# --- the outside


def test_an_outside_effect_has_no_transaction_open_and_settles_with_its_done() -> None:
    cancel(7)
    worker.drain("mail")
    assert effects("performed") == [row().id]
    assert effects("sent moved") == [7]
    assert row().done_at is not None


def test_an_outside_call_has_the_lease_that_it_asks_for() -> None:
    def perform(prepared: dict[str, str], delivery_id: int) -> str:
        with transaction() as session:
            left = session.scalar(sa.text("SELECT extract(epoch FROM due_at - now()) FROM deliveries"))
        return f"{left:.0f} s left"

    slow = outbox.Outside(reactions.prepare, perform, reactions.settle, lease_s=600)
    outbox.connect({reactions.ServiceCancelled: (Listener("post", "mail", outside=slow),)})
    cancel(7)
    worker.drain("mail")
    assert effects("600 s left") == [7]


def test_an_outside_call_whose_lease_was_lost_is_not_made() -> None:
    cancel(7)
    with transaction():
        [old] = outbox.claim("mail", limit=1, lease_s=0)
    with transaction():
        outbox.claim_suspect("mail", lease_s=30)
    assert delivery.deliver_one(old, QUEUES["mail"]) == "lost"
    assert effects() == []


def test_when_there_is_nothing_to_send_nothing_is_called() -> None:
    cancel(7, reason="nothing")
    assert worker.drain("mail") == {"done": 1}
    assert effects() == []


def test_a_crash_between_performing_and_settling_repeats_it_under_the_same_id(in_child: Fork) -> None:
    cancel(7, reason="die")
    assert ended(in_child(lambda: worker.drain("mail"))) == 9
    assert row().done_at is None
    outbox.connect(
        {
            reactions.ServiceCancelled: (
                Listener(
                    "post", "mail", outside=outbox.Outside(reactions.prepare, calm_perform, reactions.settle)
                ),
            )
        }
    )
    make_due()
    worker.drain("mail")
    assert effects("performed") == [row().id] * 2
    assert effects("sent die") == [7]


def calm_perform(prepared: dict[str, str], delivery_id: int) -> str:
    return reactions.perform({"reason": "calm"}, delivery_id).replace("calm", prepared["reason"])


def test_a_listener_that_uses_the_database_while_it_is_outside_fails() -> None:
    cancel(7, reason="peek")
    worker.deliver_turn(QUEUES["mail"], lambda: False)
    assert "used the database while it called the outside world" in str(row().error)
    assert effects("sent peek") == []
