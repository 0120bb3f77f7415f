"""Claims deliveries under a lease, and writes what came of them. SQL only.

The token of a lease is its instant, `leased_at`. Whoever finishes or fails a delivery names the token and is
refused when it is no longer there: the lease ran out and somebody else has the delivery, or an admin gave it
up. All instants are statement_timestamp(): it moves within a long transaction, and unlike clock_timestamp()
an index can be searched with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.outbox.listener import Recorded

TRIES = 8
CRASHES = 3
ERROR_LENGTH = 2000

CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT id FROM deliveries
        WHERE queue = :queue AND done_at IS NULL AND parked_at IS NULL AND due_at <= statement_timestamp()
          AND leased_at IS {state}
        ORDER BY due_at, id LIMIT :limit FOR UPDATE SKIP LOCKED),
    leased AS (
        UPDATE deliveries
        SET attempts = attempts + 1,
            crashes = crashes + (leased_at IS NOT NULL AND leased_alone)::int,
            leased_alone = (SELECT count(*) = 1 FROM due),
            leased_at = statement_timestamp(),
            due_at = statement_timestamp() + make_interval(secs => :lease_s)
        FROM due WHERE deliveries.id = due.id
        RETURNING deliveries.*)
    SELECT leased.id AS delivery_id, leased.event_id, leased.listener, leased.queue, leased.attempts,
           leased.crashes, leased.leased_at, events.kind, events.subject_type, events.subject_id,
           events.occurred_at, events.actor_id, events.payload
    FROM leased JOIN events ON events.id = leased.event_id
    ORDER BY leased.id
"""
CLAIM_FRESH = sa.text(CLAIM.format(state="NULL"))
CLAIM_SUSPECT = sa.text(CLAIM.format(state="NOT NULL"))

# An effect that a crash of PostgreSQL undoes takes its "done" with it, so its commit need not wait for the
# disk. A run of deliveries gives way to people: it lets go of its locks before the second has passed after
# which PostgreSQL looks for deadlocks and might pick somebody's request.
HOLD = sa.text("""
    WITH held AS MATERIALIZED (
        SELECT id FROM deliveries
        WHERE id = ANY(:ids) AND leased_at = :token AND done_at IS NULL AND parked_at IS NULL FOR UPDATE)
    SELECT array_agg(id),
           set_config('synchronous_commit', 'off', true), set_config('lock_timeout', '300', true)
    FROM held
""")
FINISH_ALL = sa.text("""
    UPDATE deliveries SET done_at = statement_timestamp(), leased_at = NULL, error = NULL
    WHERE id = ANY(:ids) AND leased_at = :token AND done_at IS NULL AND parked_at IS NULL
    RETURNING id
""")
RENEW = sa.text("""
    UPDATE deliveries SET due_at = statement_timestamp() + make_interval(secs => :lease_s)
    WHERE id = ANY(:ids) AND leased_at = :token AND done_at IS NULL AND parked_at IS NULL
    RETURNING id
""")
RELEASE = sa.text("""
    UPDATE deliveries SET due_at = statement_timestamp(), leased_at = NULL, attempts = attempts - 1
    WHERE id = ANY(:ids) AND leased_at = :token AND done_at IS NULL AND parked_at IS NULL
""")
FAIL = sa.text("""
    UPDATE deliveries SET leased_at = NULL, error = :error,
        due_at = statement_timestamp() + make_interval(secs => :wait_s),
        parked_at = CASE WHEN :park THEN statement_timestamp() END
    WHERE id = ANY(:ids) AND leased_at = :token AND done_at IS NULL AND parked_at IS NULL
    RETURNING id
""")


class LeaseLost(Exception):
    """Somebody else has this delivery by now: what was done for it here is rolled back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A delivery that is ours until its lease runs out."""

    event: Recorded
    listener: str
    queue: str
    attempts: int
    crashes: int
    token: datetime

    @property
    def id(self) -> int:
        return self.event.delivery_id


def claim(queue: str, *, limit: int, lease_s: float) -> list[Claimed]:
    """Up to `limit` due deliveries, oldest first, each with one attempt more. Commit, then work on them."""
    return _claimed(CLAIM_FRESH, {"queue": queue, "limit": limit, "lease_s": lease_s})


def claim_suspect(queue: str, *, lease_s: float) -> list[Claimed]:
    """One delivery whose lease ran out without a result, alone: if it kills its worker, no other suffers."""
    return _claimed(CLAIM_SUSPECT, {"queue": queue, "limit": 1, "lease_s": lease_s})


def _claimed(statement: sa.TextClause, facts: dict[str, Any]) -> list[Claimed]:
    return [_of_row(row._mapping) for row in db.session.execute(statement, facts)]


def _of_row(row: Any) -> Claimed:
    event = Recorded(**{name: row[name] for name in Recorded.__slots__})
    return Claimed(
        event=event,
        listener=row["listener"],
        queue=row["queue"],
        attempts=row["attempts"],
        crashes=row["crashes"],
        token=row["leased_at"],
    )


def finish(claimed: Claimed) -> None:
    """Mark it done and lock its row until the commit. Raises LeaseLost.

    Call it before the effect when both are one transaction: the row lock then stands in for the lease.
    """
    if not finish_all([claimed]):
        raise LeaseLost(f"Delivery {claimed.id} is somebody else's by now.")


def finish_all(batch: Sequence[Claimed]) -> list[Claimed]:
    """Mark those done that are still ours, and lock their rows; returns them."""
    return _still_ours(FINISH_ALL, batch)


def hold(batch: Sequence[Claimed]) -> list[Claimed]:
    """Lock the rows of those that are still ours until the commit; returns them."""
    if not batch:
        return []
    held = db.session.scalar(HOLD, {"ids": [each.id for each in batch], "token": batch[0].token})
    return [claimed for claimed in batch if claimed.id in set(held or ())]


def renew(batch: Sequence[Claimed], *, lease_s: float) -> list[Claimed]:
    """Begin the lease anew; returns those that are still ours."""
    return _still_ours(RENEW, batch, lease_s=lease_s)


def release(batch: Sequence[Claimed]) -> None:
    """Give back what was not begun, as if it had not been claimed."""
    if batch:
        db.session.execute(RELEASE, {"ids": [each.id for each in batch], "token": batch[0].token})


def fail(claimed: Claimed, error: str, *, wait_s: float, park: bool) -> bool:
    """Keep the error and try again after `wait_s`, or park it. False when the lease was lost."""
    kept = error.replace("\0", "")[:ERROR_LENGTH]
    return bool(_still_ours(FAIL, [claimed], error=kept, wait_s=wait_s, park=park))


def _still_ours(statement: sa.TextClause, batch: Sequence[Claimed], **facts: Any) -> list[Claimed]:
    """Change the deliveries of one claim that are still under its token; returns them."""
    if not batch:
        return []
    ids = [claimed.id for claimed in batch]
    ours = set(db.session.scalars(statement, {"ids": ids, "token": batch[0].token, **facts}))
    return [claimed for claimed in batch if claimed.id in ours]


def due_queues() -> list[str]:
    """The queues that have something due now."""
    due = sa.text("""
        SELECT DISTINCT queue FROM deliveries
        WHERE done_at IS NULL AND parked_at IS NULL AND due_at <= statement_timestamp()
    """)
    return list(db.session.scalars(due))


def count_due() -> int:
    """How many deliveries are due now, on all queues."""
    due = sa.text("""
        SELECT count(*) FROM deliveries
        WHERE done_at IS NULL AND parked_at IS NULL AND due_at <= statement_timestamp()
    """)
    return int(db.session.scalar(due) or 0)


def is_due(queue: str) -> bool:
    """Whether the queue has something due now."""
    due = sa.text("""
        SELECT EXISTS (SELECT FROM deliveries
        WHERE queue = :queue AND done_at IS NULL AND parked_at IS NULL AND due_at <= statement_timestamp())
    """)
    return bool(db.session.scalar(due, {"queue": queue}))


def next_due_s(queue: str) -> float | None:
    """Seconds until the next delivery of the queue that nobody holds is due; None when there is none."""
    wait = sa.text("""
        SELECT extract(epoch FROM min(due_at) - statement_timestamp()) FROM deliveries
        WHERE queue = :queue AND done_at IS NULL AND parked_at IS NULL AND leased_at IS NULL
    """)
    wait_s = db.session.scalar(wait, {"queue": queue})
    return None if wait_s is None else max(0.0, float(wait_s))
