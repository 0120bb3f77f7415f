"""When services were down, and when it was agreed that they may be."""

import hashlib
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from portal.db import db
from portal.domain import fields
from portal.domain.fields import Changes
from portal.domain.imports.checking import Row
from portal.domain.imports.desk import Desk, Kept, stored_by
from portal.domain.lifecycle.models import ClientService
from portal.domain.sla.models import Incident
from portal.domain.uptime.models import MaintenanceWindow, Outage


def import_key(row: Row) -> str:
    """The natural key of an incident or a maintenance window, as 64 characters."""
    began = row.values.get("opened_at") or row["starts_at"]
    words = (row["service_external_id"], began.isoformat(), row["title"])
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def lengthen_outages(desk: Desk, stored: Mapping[str, Incident]) -> dict[str, Changes]:
    """Stored incidents' downtime as the file knows it since; what changed, by key of the incident."""
    ids = sa.literal([incident.id for incident in stored.values()], ARRAY(sa.BigInteger))
    outages = {
        outage.incident_id: outage
        for outage in db.session.scalars(sa.select(Outage).where(Outage.incident_id == sa.any_(ids)))
    }
    changed = {}
    for row in desk.rows["incidents"]:
        incident = stored.get(import_key(row))
        if incident is None or row["downtime_start"] is None:
            continue
        outage = outages.get(incident.id) or _outage(row, incident)
        changes = {} if outage.id else {"downtime": (None, row["downtime_start"])}
        changes |= fields.assign(
            outage, {"started_at": row["downtime_start"], "ended_at": row["downtime_end"] or outage.ended_at}
        )
        if changes:
            incident.is_downtime = True
            changed[import_key(row)] = changes
    return changed


def add_outages(kept: Kept) -> None:
    for row, incident in kept.created:
        if row["downtime_start"]:
            _outage(row, incident)


def _outage(row: Row, incident: Incident) -> Outage:
    outage = Outage(
        client_service_id=incident.client_service_id,
        started_at=row["downtime_start"],
        ended_at=row["downtime_end"],
        source=row["source"],
        incident_id=incident.id,
    )
    db.session.add(outage)
    return outage


def write_maintenance(desk: Desk) -> None:
    services = stored_by(ClientService.external_id, desk.keys("maintenance", "service_external_id"))
    keys = map(import_key, desk.rows["maintenance"])
    desk.keep(
        "maintenance",
        MaintenanceWindow,
        stored_by(MaintenanceWindow.import_key, keys, to_change=True),
        key=import_key,
        facts=lambda row: {"ends_at": row["ends_at"], "agreed_at": row["agreed_at"]},
        born=lambda row: {
            "client_service_id": services[row["service_external_id"]].id,
            "title": row["title"],
            "starts_at": row["starts_at"],
            "import_key": import_key(row),
        },
    )
