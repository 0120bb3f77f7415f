"""What a person sees of the deliveries, and does about the parked ones."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from portal.db import db, lock
from portal.domain.errors import Refused
from portal.domain.events import DeliveryGivenUp, DeliveryRetried
from portal.outbox.models import Delivery
from portal.signals import send


@dataclass(frozen=True, slots=True)
class Counts:
    """pending + done + parked = created, always; `given_up` are the parked ones somebody acknowledged."""

    created: int
    pending: int
    done: int
    parked: int
    given_up: int


def counts() -> Counts:
    """All deliveries by result, in one reading."""
    is_open = Delivery.done_at.is_(None) & Delivery.parked_at.is_(None)
    row = db.session.execute(
        sa.select(
            sa.func.count(),
            sa.func.count().filter(is_open),
            sa.func.count(Delivery.done_at),
            sa.func.count(Delivery.parked_at),
            sa.func.count(Delivery.gave_up_at),
        )
    ).one()
    return Counts(*row)


def oldest_due_s() -> float:
    """Seconds for which the oldest due delivery has been waiting; 0 when nothing waits."""
    waiting = sa.func.extract("epoch", sa.func.clock_timestamp() - sa.func.min(Delivery.due_at))
    is_open = Delivery.done_at.is_(None) & Delivery.parked_at.is_(None)
    return max(0.0, float(db.session.scalar(sa.select(waiting).where(is_open)) or 0))


def unacknowledged() -> int:
    """Parked deliveries that nobody has given up or retried."""
    waiting = Delivery.parked_at.is_not(None) & Delivery.gave_up_at.is_(None)
    return int(db.session.scalar(sa.select(sa.func.count()).select_from(Delivery).where(waiting)) or 0)


def retry(delivery_id: int, *, by: int | None, at: datetime) -> Delivery:
    """Try a parked delivery again, with all its tries. Raises NotFound, Refused when it is not parked."""
    delivery = lock(Delivery, delivery_id)
    if delivery.parked_at is None:
        raise Refused("This delivery is not parked, so there is nothing to retry. Reload the page.")
    before = {"attempts": (delivery.attempts, 0), "error": (delivery.error, None)}
    delivery.attempts = delivery.crashes = 0
    delivery.leased_alone = False
    delivery.parked_at = delivery.gave_up_at = delivery.gave_up_by = delivery.error = None
    delivery.due_at = sa.func.now()
    send(DeliveryRetried(delivery_id=delivery_id, listener=delivery.listener, changes=before), by=by, at=at)
    queues: set[str] = db.session().info.setdefault("queues", set())
    queues.add(delivery.queue)
    return delivery


def give_up(delivery_id: int, *, by: int | None, at: datetime) -> Delivery:
    """Acknowledge that a parked delivery is never done. Raises NotFound, Refused when it is not parked."""
    delivery = lock(Delivery, delivery_id)
    if delivery.parked_at is None or delivery.gave_up_at is not None:
        raise Refused("Only a parked delivery that nobody has given up yet can be given up. Reload the page.")
    delivery.gave_up_at = sa.func.now()
    delivery.gave_up_by = by
    send(DeliveryGivenUp(delivery_id=delivery_id, listener=delivery.listener), by=by, at=at)
    return delivery
