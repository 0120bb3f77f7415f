"""Listeners with an effect that can be counted, and a table of their effects without any unique key.

What they do is said by the reason of a suspension: `fail`, `die`, `bounce`, `slow`; anything else is done.
"""

import os
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime

import sqlalchemy as sa

from portal.db import db, transaction
from portal.domain.events import ProvisioningFailed, ServiceCancelled, ServiceResumed, ServiceSuspended
from portal.outbox import Listener, Outside, PermanentFailure, Recorded
from portal.signals import send

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
TABLE = "CREATE TABLE IF NOT EXISTS effects (subject_id bigint, what text, pid int DEFAULT pg_backend_pid())"


def effect(event: Recorded, what: str = "suspended") -> None:
    db.session.execute(
        sa.text("INSERT INTO effects (subject_id, what) VALUES (:subject_id, :what)"),
        {"subject_id": event.subject_id, "what": what},
    )


def obey(event: Recorded) -> None:
    """The effect first, so that a failure has something to undo."""
    effect(event)
    match event.payload["reason"]:
        case "fail":
            raise RuntimeError("The listener does not like this one.")
        case "die":
            os._exit(9)
        case "bounce":
            raise PermanentFailure("There is no such address.")
        case "slow":
            time.sleep(0.3)
        case "tell":
            send(ServiceResumed(service_id=event.subject_id, resumed_on=date(2026, 11, 20)), by=None, at=AT)


def resumed(event: Recorded) -> None:
    effect(event, "resumed")


def as_a_set(events: Sequence[Recorded]) -> None:
    effects = [{"id": event.subject_id, "size": f"set of {len(events)}"} for event in events]
    db.session.execute(sa.text("INSERT INTO effects (subject_id, what) VALUES (:id, :size)"), effects)
    if any(event.payload["reason"] == "fail" for event in events):
        raise RuntimeError("One of the set is bad.")


def prepare(event: Recorded) -> dict[str, str] | None:
    return None if event.payload["reason"] == "nothing" else {"reason": event.payload["reason"]}


def perform(prepared: dict[str, str], delivery_id: int) -> str:
    """Writes down that it was called, on a connection of its own: that cannot be rolled back either."""
    with db.engine.engine.begin() as outside:
        outside.execute(
            sa.text("INSERT INTO effects (subject_id, what) VALUES (:id, 'performed')"), {"id": delivery_id}
        )
    if prepared["reason"] == "die":
        os._exit(9)
    if prepared["reason"] == "peek":
        db.session.execute(sa.text("SELECT 1"))
    return f"sent {prepared['reason']}"


def settle(event: Recorded, result: str) -> None:
    effect(event, result)


REACTIONS = {
    ServiceSuspended: (Listener("obey", "billing", obey),),
    ServiceResumed: (Listener("note_resumed", "notices", resumed),),
    ProvisioningFailed: (Listener("take_set", "billing", batch=as_a_set),),
    ServiceCancelled: (Listener("post", "mail", outside=Outside(prepare, perform, settle)),),
}


def suspend(*service_ids: int, reason: str = "unpaid") -> None:
    """One commit with one event for each."""
    with transaction():
        for service_id in service_ids:
            event = ServiceSuspended(service_id=service_id, reason=reason, suspended_on=date(2026, 11, 20))
            send(event, by=None, at=AT)


def cancel(service_id: int, *, reason: str = "moved") -> None:
    """An event whose listener reaches outside."""
    with transaction():
        send(
            ServiceCancelled(
                service_id=service_id,
                effective_on=date(2026, 11, 20),
                reason=reason,
                unused="credit",
                fee_minor=0,
                currency="USD",
            ),
            by=None,
            at=AT,
        )


def effects(what: str | None = None) -> list[int]:
    """The subjects that had an effect, in order; one that had two stands there twice."""
    with transaction():
        rows = sa.text("SELECT subject_id FROM effects WHERE :what IS NULL OR what = :what ORDER BY 1")
        return list(db.session.scalars(rows.bindparams(sa.bindparam("what", what, sa.Text))))
