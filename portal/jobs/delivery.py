"""Calls the listeners of claimed deliveries: an effect and its "done" are one commit, or neither happened."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import takewhile

from sqlalchemy.exc import DBAPIError

from portal import clock, outbox
from portal.db import db, transaction
from portal.domain.events import DeliveryParked
from portal.jobs.queues import Spec
from portal.outbox import Claimed, LeaseLost, Outside, PermanentFailure
from portal.signals import send

log = logging.getLogger(__name__)

Tally = Counter[str]

TOGETHER_S = 0.05


def work_through(claimed: Sequence[Claimed], spec: Spec, over: Callable[[], bool]) -> Tally:
    """Deliver what was claimed, in the order of events, and keep the lease of what still waits.

    When the time is over, the rest is given back.
    """
    tally: Tally = Counter()
    waiting = sorted(claimed, key=lambda each: each.event.event_id)
    leased_at = time.monotonic()
    while waiting:
        if over():
            with transaction():
                outbox.release(waiting)
            break
        if time.monotonic() - leased_at > spec.lease_s / 3:
            with transaction():
                waiting = outbox.renew(waiting, lease_s=spec.lease_s)
            leased_at = time.monotonic()
            continue
        taken = deliver(next_group(waiting), spec, tally)
        waiting = [each for each in waiting if each.id not in taken]
    return +tally


def next_group(waiting: Sequence[Claimed]) -> list[Claimed]:
    """The deliveries that are taken together: all of a set-based listener, or a run of plain ones, or one."""
    first = waiting[0]
    listener = outbox.listener_named(first.listener)
    if listener is not None and listener.batch is not None:
        return [each for each in waiting if each.listener == first.listener]
    return list(takewhile(is_plain, waiting)) or [first]


def is_plain(claimed: Claimed) -> bool:
    """Whether its listener handles one event inside the delivery's transaction."""
    listener = outbox.listener_named(claimed.listener)
    return listener is not None and listener.handle is not None


def deliver(group: Sequence[Claimed], spec: Spec, tally: Tally) -> set[int]:
    """Deliver a group together as far as it goes, the rest one by one; the ids it has dealt with."""
    begun: list[Claimed] = []
    if len(group) > 1:
        try:
            done = deliver_together(group, begun)
            tally.update(done=len(done), lost=len(begun) - len(done))
            return {claimed.id for claimed in begun}
        except Exception as fault:
            stop_without_database(fault)
            log.info("%d deliveries go one by one: %s", len(begun), fault)
    for claimed in begun or group[:1]:
        tally[deliver_one(claimed, spec)] += 1
    return {claimed.id for claimed in begun or group[:1]}


def deliver_together(group: Sequence[Claimed], begun: list[Claimed]) -> list[Claimed]:
    """A set, or a run of plain deliveries, in one commit, which saves most of the time of cheap ones.

    A run ends after 50 ms, so that nobody waits for its locks. `begun` gets those that it has dealt with, the
    failing one included; returns those that were still ours.
    """
    listener = outbox.listener_named(group[0].listener)
    with transaction():
        ours = outbox.hold(group)
        held = {claimed.id for claimed in ours}
        begun.extend(claimed for claimed in group if claimed.id not in held)
        if listener is not None and listener.batch is not None:
            begun.extend(ours)
            listener.batch([claimed.event for claimed in ours])
            return outbox.finish_all(ours)
        return outbox.finish_all(run_of_plain(ours, begun))


def run_of_plain(ours: Sequence[Claimed], begun: list[Claimed]) -> list[Claimed]:
    """Call one listener after the other until the time of a run is over; returns those that were called."""
    ends_at = time.monotonic() + TOGETHER_S
    done = []
    for claimed in ours:
        begun.append(claimed)
        call_plain(claimed)
        done.append(claimed)
        if time.monotonic() > ends_at:
            break
    return done


def call_plain(claimed: Claimed) -> None:
    """Call the listener inside the transaction that the caller has opened."""
    listener = outbox.listener_named(claimed.listener)
    assert listener is not None
    if listener.handle is not None:
        listener.handle(claimed.event)
    if listener.batch is not None:
        listener.batch([claimed.event])


def deliver_one(claimed: Claimed, spec: Spec) -> str:
    """One delivery: done, failed, or lost to somebody else. Only a lost database stops the drain."""
    try:
        attempt(claimed, spec)
        return "done"
    except LeaseLost as fault:
        log.warning("%s", fault)
        return "lost"
    except Exception as fault:
        stop_without_database(fault)
        log.warning("Delivery %d to %s failed", claimed.id, claimed.listener, exc_info=True)
        keep_failure(claimed, fault, spec)
        return "failed"


def stop_without_database(fault: Exception) -> None:
    """A connection that died is no failure of the listener: the delivery is tried again after its lease."""
    if isinstance(fault, DBAPIError) and fault.connection_invalidated:
        raise fault


def attempt(claimed: Claimed, spec: Spec) -> None:
    """Call the listener in its form. Raises whatever it raises, LeaseLost and PermanentFailure among it."""
    if claimed.crashes >= outbox.CRASHES:
        raise PermanentFailure(f"It killed its worker {claimed.crashes} times; the worker's log says more.")
    listener = outbox.listener_named(claimed.listener)
    if listener is None:
        raise PermanentFailure(f"There is no listener “{claimed.listener}” in this version of the portal.")
    if listener.outside is not None:
        attempt_outside(claimed, listener.outside, spec)
        return
    with transaction():
        outbox.finish(claimed)
        call_plain(claimed)


def attempt_outside(claimed: Claimed, outside: Outside, spec: Spec) -> None:
    """Read, close the transaction, call the outside world, then write its result and "done" in one commit."""
    with transaction():
        if not outbox.renew([claimed], lease_s=outside.lease_s or spec.lease_s):
            raise LeaseLost(f"Delivery {claimed.id} is somebody else's by now.")
        prepared = outside.prepare(claimed.event)
    if prepared is None:
        with transaction():
            outbox.finish(claimed)
        return
    result = outside.perform(prepared, claimed.id)
    if db.session().in_transaction():
        raise RuntimeError(f"{claimed.listener} used the database while it called the outside world.")
    with transaction():
        outbox.finish(claimed)
        outside.settle(claimed.event, result)


def keep_failure(claimed: Claimed, fault: Exception, spec: Spec) -> None:
    """Keep the error and wait, or park it and say so, unless it was itself a notice of something parked."""
    error = f"{type(fault).__name__}: {fault}"
    park = isinstance(fault, PermanentFailure) or claimed.attempts >= outbox.TRIES
    with transaction():
        kept = outbox.fail(claimed, error, wait_s=spec.wait_s(claimed.attempts), park=park)
        if kept and park and claimed.event.kind != DeliveryParked.kind:
            event = DeliveryParked(delivery_id=claimed.id, listener=claimed.listener, error=error[:500])
            send(event, by=None, at=clock.now())
