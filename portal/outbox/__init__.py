"""The ledger of promises: every event and, for each of its listeners, one delivery. SQL only, no RQ.

A change and its event are one commit (`record`, `record_each`: receivers of the blinker signals). After it, a
worker claims due deliveries under a lease, calls the listener, and marks them done in the commit of the
effect. Never take "already queued" for "done": only the listener's own commit marks a delivery.

How to write a listener: see `Listener` and `Outside`. Raise `PermanentFailure` when trying again cannot help.
Events of one subject can arrive out of order when an earlier one had to be retried, so a listener looks at
the subject as it is now, not at what the event says it was.
"""

from portal.domain.events import Event
from portal.outbox.care import Counts, counts, give_up, oldest_due_s, retry, unacknowledged
from portal.outbox.claim import (
    CRASHES,
    TRIES,
    Claimed,
    LeaseLost,
    claim,
    claim_suspect,
    count_due,
    due_queues,
    fail,
    finish,
    finish_all,
    hold,
    is_due,
    next_due_s,
    release,
    renew,
)
from portal.outbox.listener import Listener, Outside, PermanentFailure, Recorded
from portal.outbox.models import Delivery, EventRecord
from portal.outbox.record import Reactions, listener_named, react_with, record, record_each
from portal.signals import recorded_in_bulk, signal_of

__all__ = [
    "CRASHES", "TRIES", "Claimed", "Counts", "Delivery", "EventRecord", "LeaseLost", "Listener", "Outside",
    "PermanentFailure", "Recorded", "claim", "claim_suspect", "connect", "count_due", "counts", "due_queues", "fail",
    "finish", "finish_all", "give_up", "hold", "is_due", "listener_named", "next_due_s", "oldest_due_s",
    "record", "record_each", "release", "renew", "retry", "unacknowledged",
]  # fmt: skip


def connect(reactions: Reactions) -> None:
    """Receive every event's signal, and write deliveries for the listeners that `reactions` names."""
    react_with(reactions)
    recorded_in_bulk.connect(record_each)
    for kind in kinds(Event):
        signal_of(kind.kind).connect(record)


def kinds(family: type[Event]) -> list[type[Event]]:
    """The events of a family that can happen: those with a kind."""
    below = [kind for child in family.__subclasses__() for kind in kinds(child)]
    return [family, *below] if "kind" in vars(family) and family.kind else below
