"""Targets that have passed, of one incident and of all: each is a breach once, and once there was a warning before.

A person's act looks at its own incident before it stops a clock, so that a target that passed since the last sweep is
not lost; the sweep passes over incidents that somebody is just working on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from portal.db import batch_lock, db
from portal.domain import events
from portal.domain.sla.models import Incident
from portal.domain.sla.rules import Target
from portal.signals import send, send_each

Condition = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Swept:
    """How many targets: breached now, and warned of now."""

    breaches: int
    warnings: int


def runs(target: Target) -> Condition:
    """Whether this clock of an incident still counts. Waiting stops that of the resolution alone."""
    unresolved = Incident.resolved_at.is_(None)
    return unresolved & Incident.acknowledged_at.is_(None) if target is Target.RESPONSE else unresolved


def has_come(target: Target, instant: Any, as_of: datetime) -> Condition:
    """Whether that instant of a running clock has come, and came before the clock was stopped."""
    come: Condition = instant < as_of
    if target is Target.RESPONSE:
        return come
    return come & sa.or_(Incident.waiting_since.is_(None), instant <= Incident.waiting_since)


def is_late(target: Target, as_of: datetime) -> Condition:
    """A running clock whose target has passed."""
    return runs(target) & has_come(target, column(target, "due_at"), as_of)


def is_close(target: Target, as_of: datetime) -> Condition:
    """A running clock of which three quarters have passed, and the rest has not."""
    due_at, warn_at = column(target, "due_at"), column(target, "warn_at")
    return runs(target) & has_come(target, warn_at, as_of) & (due_at >= as_of)


def column(target: Target, name: str) -> Any:
    return getattr(Incident, f"{target}_{name}")


def sweep(*, as_of: datetime, at: datetime) -> Swept:
    """Raise every target that has passed, and warn of those that soon will; in one transaction, each once."""
    batch_lock("sla_sweep")
    db.session.flush()
    breaches = sum(_raise_all(target, as_of=as_of, at=at) for target in Target)
    warnings = sum(_warn_all(target, as_of=as_of, at=at) for target in Target)
    db.session.expire_all()
    return Swept(breaches, warnings)


def due(as_of: datetime) -> Swept:
    """What a sweep would do now."""
    counts = [
        sa.select(sa.func.count()).select_from(Incident).where(condition)
        for target in Target
        for condition in (_to_raise(target, as_of), _to_warn(target, as_of))
    ]
    found = [db.session.scalar(each) or 0 for each in counts]
    return Swept(breaches=sum(found[::2]), warnings=sum(found[1::2]))


def raise_what_has_passed(
    incident: Incident,
    *,
    by_hand: Mapping[Target, datetime] | None = None,
    by: int | None,
    at: datetime,
) -> None:
    """The breaches of one locked incident that nobody has raised yet; `by_hand`: whatever its clocks say."""
    for target in Target:
        passed_at = (by_hand or {}).get(target) or _passed_at(incident, target, at)
        if passed_at is None or getattr(incident, f"{target}_breached_at") is not None:
            continue
        setattr(incident, f"{target}_breached_at", passed_at)
        count_breaches([incident.client_service_id], [passed_at])
        breach = events.ServiceSlaBreached(
            service_id=incident.client_service_id, incident_id=incident.id, target=target.value
        )
        send(breach, by=by, at=at)


def _passed_at(incident: Incident, target: Target, at: datetime) -> datetime | None:
    """When the target passed, if it has and its clock was running: the same as `is_late` asks of all."""
    due_at: datetime | None = getattr(incident, f"{target}_due_at")
    if incident.resolved_at is not None or due_at is None or due_at >= at:
        return None
    if target is Target.RESPONSE:
        return due_at if incident.acknowledged_at is None else None
    stopped = incident.waiting_since is not None and due_at > incident.waiting_since
    return None if stopped else due_at


def _to_raise(target: Target, as_of: datetime) -> Condition:
    return is_late(target, as_of) & column(target, "breached_at").is_(None)


def _to_warn(target: Target, as_of: datetime) -> Condition:
    untold = column(target, "breached_at").is_(None) & column(target, "warned_at").is_(None)
    return is_close(target, as_of) & untold


def _raise_all(target: Target, *, as_of: datetime, at: datetime) -> int:
    rows = _mark(target, "breached_at", column(target, "due_at"), _to_raise(target, as_of))
    if not rows:
        return 0
    count_breaches([row.client_service_id for row in rows], [row.due_at for row in rows])
    breached = _unnested(rows)
    facts = sa.select(breached.c.service_id, breached.c.incident_id, sa.literal(target.value).label("target"))
    return send_each(events.ServiceSlaBreached, facts.order_by(breached.c.incident_id), by=None, at=at)


def _warn_all(target: Target, *, as_of: datetime, at: datetime) -> int:
    rows = _mark(target, "warned_at", sa.literal(at, sa.DateTime(timezone=True)), _to_warn(target, as_of))
    if not rows:
        return 0
    warned = _unnested(rows)
    facts = (
        sa.select(
            warned.c.service_id, warned.c.incident_id, sa.literal(target.value).label("target"), Incident.title,
            column(target, "due_at").label("due_at"),
        )
        .join(Incident, Incident.id == warned.c.incident_id)
        .order_by(warned.c.incident_id)
    )  # fmt: skip
    return send_each(events.ServiceSlaAtRisk, facts, by=None, at=at)


def _mark(target: Target, name: str, value: Any, condition: Condition) -> Sequence[Any]:
    """Give all of these incidents the instant; (id, client_service_id, due_at) of each.

    Those that somebody is working on right now are left to that act, or to the next minute: nobody waits. The
    version stays as it is: what the sweep does contradicts nothing that a person has open in a form.
    """
    chosen = sa.select(Incident.id).where(condition).with_for_update(skip_locked=True)
    marked = (
        sa.update(Incident)
        .where(Incident.id.in_(chosen))
        .values({f"{target}_{name}": value})
        .returning(Incident.id, Incident.client_service_id, column(target, "due_at").label("due_at"))
        .execution_options(synchronize_session=False)
    )
    return db.session.execute(marked).all()


COUNT = sa.text("""
    UPDATE client_services SET
        sla_breaches_count = sla_breaches_count + breached.times,
        last_sla_breach_at = greatest(last_sla_breach_at, breached.last_at)
    FROM (
        SELECT service_id, count(*) AS times, max(instant) AS last_at
        FROM unnest(CAST(:services AS bigint[]), CAST(:instants AS timestamptz[])) AS raised (service_id, instant)
        GROUP BY service_id
    ) AS breached
    WHERE client_services.id = breached.service_id
""")
# Batches lock services in one order, so that none waits for another in a circle.
IN_ORDER = sa.text("SELECT 1 FROM client_services WHERE id = ANY(:services) ORDER BY id FOR NO KEY UPDATE")


def count_breaches(service_ids: Sequence[int], instants: Sequence[datetime]) -> None:
    """One breach more for each of these services, as often as it is named, at these instants."""
    db.session.execute(IN_ORDER, {"services": list(service_ids)})
    db.session.execute(COUNT, {"services": list(service_ids), "instants": list(instants)})


def _unnested(rows: Sequence[Any]) -> Any:
    ids = sa.literal([row.id for row in rows], ARRAY(sa.BigInteger))
    services = sa.literal([row.client_service_id for row in rows], ARRAY(sa.BigInteger))
    return (
        sa.func.unnest(ids, services)
        .table_valued("incident_id", "service_id", name="raised")
        .render_derived()
    )
