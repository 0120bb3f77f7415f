"""The blinker signals: one per event of portal.domain.events, and one promise for all of them.

Promise: a receiver runs inside the sender's transaction, before the commit; what it writes is committed
with the change, or not at all. `events_committed` is sent after the commit, once per business act, and
carries the names of the queues that have something to do (`queues: set[str]`).
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from blinker import Namespace, Signal

if TYPE_CHECKING:
    from sqlalchemy import Select

    from portal.domain.events import Event

_signals = Namespace()

events_committed = _signals.signal("events_committed")
recorded_in_bulk = _signals.signal("recorded_in_bulk")


def signal_of(kind: str) -> Signal:
    """The signal of an event kind such as `service_activated`."""
    return _signals.signal(kind)


def send(event: "Event", *, by: int | None, at: datetime) -> None:
    """Say inside the transaction that something happened; the outbox keeps it with the change."""
    signal_of(event.kind).send(event, by=by, at=at)


def send_each(kind: "type[Event]", facts: "Select[*tuple[Any, ...]]", *, by: int | None, at: datetime) -> int:
    """Say the same of thousands at once: one event for each row of `facts`, in one statement; how many.

    The columns of `facts` are named like the fields of the event; those with a default may be left out.
    """
    answers = recorded_in_bulk.send(kind, facts=facts, by=by, at=at)
    return sum(recorded for _, recorded in answers)
