"""Writes an event and one delivery per listener, in the transaction of the change that it reports."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from portal.db import db
from portal.domain.events import Event
from portal.outbox.listener import Listener
from portal.outbox.models import Delivery, EventRecord

Reactions = Mapping[type[Event], tuple[Listener, ...]]

_reactions: Reactions = {}
_listeners: dict[str, Listener] = {}

# One round trip: an event without listeners is still written, because PostgreSQL always runs a writing CTE.
RECORD = sa.text("""
    WITH happened AS (
        INSERT INTO events (kind, subject_type, subject_id, occurred_at, actor_id, payload)
        VALUES (:kind, :subject_type, :subject_id, :occurred_at, :actor_id, CAST(:payload AS jsonb))
        RETURNING id)
    INSERT INTO deliveries (event_id, listener, queue)
    SELECT happened.id, reaction.listener, reaction.queue
    FROM happened
    CROSS JOIN unnest(CAST(:listeners AS text[]), CAST(:queues AS text[])) AS reaction (listener, queue)
""")


def react_with(reactions: Reactions) -> None:
    """Name the listeners of each event. Called once, when the app is made.

    Raises TypeError when two listeners share a name: deliveries find their listener by it.
    """
    global _reactions, _listeners
    named: dict[str, Listener] = {}
    for listener in (each for listeners in reactions.values() for each in listeners):
        if named.setdefault(listener.name, listener) != listener:
            raise TypeError(f"Two listeners are called {listener.name}.")
    _reactions, _listeners = reactions, named


def listener_named(name: str) -> Listener | None:
    """The listener of a delivery; None when this version of the portal does not know it any more."""
    return _listeners.get(name)


def record(event: Event, *, by: int | None, at: datetime) -> None:
    """Receiver of every event's signal: the event, and a delivery for each of its listeners."""
    listeners = _reactions.get(type(event), ())
    db.session.execute(
        RECORD,
        {
            "kind": event.kind,
            "subject_type": event.subject_type,
            "subject_id": event.subject_id,
            "occurred_at": at,
            "actor_id": by,
            "payload": json.dumps(payload_of(event), default=plain),
            "listeners": [listener.name for listener in listeners],
            "queues": [listener.queue for listener in listeners],
        },
    )
    ring_after_commit(listeners)


def record_each(kind: type[Event], facts: sa.Select[Any], *, by: int | None, at: datetime) -> int:
    """Record one event for each row of `facts`, in one statement; how many.

    The columns of `facts` are named like the fields of the event:
    select(ClientService.id.label("service_id"), ClientService.renewal_date, …). Raises TypeError when they do
    not fit the event.
    """
    listeners = _reactions.get(kind, ())
    happened = events_from(kind, facts, by=by, at=at).returning(EventRecord.id).cte("happened")
    written = sa.select(sa.func.count()).select_from(happened)
    if listeners:
        written = written.add_cte(deliveries_from(happened, listeners))
    ring_after_commit(listeners)
    return int(db.session.execute(written).scalar_one())


def events_from(kind: type[Event], facts: sa.Select[Any], *, by: int | None, at: datetime) -> sa.Insert:
    """INSERT INTO events … SELECT: the whole row of `facts` is the payload, beside the event's defaults."""
    fact = facts.subquery("fact")
    defaults = json.loads(json.dumps(defaults_beside(kind, set(fact.c.keys())), default=plain))
    payload = sa.literal(defaults, JSONB).op("||")(sa.func.to_jsonb(fact.table_valued()))
    rows = sa.select(
        sa.literal(kind.kind),
        sa.literal(kind.subject_type),
        fact.c[kind.subject_field],
        sa.literal(at, sa.DateTime(timezone=True)),
        sa.literal(by, sa.BigInteger),
        payload,
    )
    columns = ["kind", "subject_type", "subject_id", "occurred_at", "actor_id", "payload"]
    return sa.insert(EventRecord).from_select(columns, rows)


def deliveries_from(happened: sa.CTE, listeners: tuple[Listener, ...]) -> sa.CTE:
    """INSERT INTO deliveries … SELECT: each event that happened, times each of its listeners."""
    names = sa.literal([listener.name for listener in listeners], ARRAY(sa.Text))
    queues = sa.literal([listener.queue for listener in listeners], ARRAY(sa.Text))
    reaction = (
        sa.func.unnest(names, queues).table_valued("listener", "queue", name="reaction").render_derived()
    )
    rows = sa.select(happened.c.id, reaction.c.listener, reaction.c.queue).join_from(
        happened, reaction, sa.true()
    )
    return sa.insert(Delivery).from_select(["event_id", "listener", "queue"], rows).cte("delivered")


def defaults_beside(kind: type[Event], given: set[str]) -> dict[str, Any]:
    """The defaults of the fields that the facts leave out. Raises TypeError for a missing or unknown fact."""
    known = {field.name: field for field in fields(kind)}
    without = [field for name, field in known.items() if name not in given]
    missing = [
        field.name for field in without if field.default is MISSING and field.default_factory is MISSING
    ]
    unknown = sorted(given - known.keys())
    if missing or unknown:
        raise TypeError(f"{kind.__name__}: missing {missing}, unknown {unknown}.")
    return {f.name: f.default if f.default_factory is MISSING else f.default_factory() for f in without}


def ring_after_commit(listeners: tuple[Listener, ...]) -> None:
    """Leave word for transaction() of the queues that will have something to do."""
    if listeners:
        queues: set[str] = db.session().info.setdefault("queues", set())
        queues.update(listener.queue for listener in listeners)


def payload_of(fact: Any) -> dict[str, Any]:
    """The fields of a frozen dataclass; `plain` turns what is inside into JSON."""
    return {field.name: getattr(fact, field.name) for field in fields(fact)}


def plain(value: Any) -> Any:
    """JSON for what json.dumps does not know: dates and instants as ISO strings, Money as its two fields."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if is_dataclass(value):
        return payload_of(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot stand in an event.")
