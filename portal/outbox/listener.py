"""What a listener is, and what it is given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


class PermanentFailure(Exception):
    """Trying again cannot help (an address that does not exist): park the delivery at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event as it was recorded. `delivery_id` is the same at every try: the stable id of mail and HTTP."""

    delivery_id: int
    event_id: int
    kind: str
    subject_type: str
    subject_id: int
    occurred_at: datetime
    actor_id: int | None
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outside:
    """The three phases of an effect outside the database, which cannot be rolled back.

    `prepare(event)` reads inside a short transaction and returns plain values, or None when nothing is to be
    done. `perform(prepared, delivery_id)` calls the outside world with no transaction open; it may happen
    twice, so it carries the delivery id (Message-ID, Idempotency-Key). `settle(event, result)` writes what
    came of it; its rows and the delivery's `done_at` are one commit. `lease_s` is given when performing may
    take longer than the lease of the queue.
    """

    prepare: Callable[[Recorded], Any]
    perform: Callable[[Any, int], Any]
    settle: Callable[[Recorded, Any], None]
    lease_s: float | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """One reaction to an event. It has exactly one of three forms:

    `handle(event)` runs inside the delivery's transaction: its effect and `done_at` are one commit. It opens
    no transaction of its own and is safe to run twice. `batch(events)` is the set-based form: one call and
    one commit for up to a hundred events. When it raises, each event is tried alone, as a batch of one.
    `outside` is for mail, PDF and HTTP: see Outside.
    """

    name: str
    queue: str
    handle: Callable[[Recorded], None] | None = None
    batch: Callable[[Sequence[Recorded]], None] | None = None
    outside: Outside | None = None

    def __post_init__(self) -> None:
        if sum(form is not None for form in (self.handle, self.batch, self.outside)) != 1:
            raise TypeError(f"Listener {self.name} needs exactly one of handle, batch and outside.")
