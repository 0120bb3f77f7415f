"""What is stored already, as far as the rows of a book may refer to it; and the imports that there were."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.domain.catalogue.models import Calendar, Product, SlaPolicy
from portal.domain.clients.models import Client
from portal.domain.imports.checking import Facts
from portal.domain.imports.models import ImportRun
from portal.domain.imports.rules import FILES
from portal.domain.lifecycle.models import ClientService
from portal.domain.staff import User


def stored() -> dict[str, Mapping[str, Facts]]:
    """By file and key, for checking.check: what other rows may ask of a stored one."""
    has_services = sa.exists().where(ClientService.client_id == Client.id)
    found: dict[str, sa.Executable] = {
        "staff": sa.select(User.email, User.role),
        "calendars": sa.select(Calendar.name),
        "sla_policies": sa.select(SlaPolicy.name),
        "products": sa.select(Product.sku),
        "clients": sa.select(Client.code, Client.currency, has_services.label("has_services")),
        "services": sa.select(ClientService.external_id).where(ClientService.external_id.is_not(None)),
    }
    return {file.name: _by_key(found[file.name]) if file.name in found else {} for file in FILES}


def _by_key(statement: sa.Executable) -> dict[str, Facts]:
    """By the first column; the others are the facts."""
    return {row[0]: dict(row._mapping) for row in db.session.execute(statement)}


def listing() -> sa.Select[*tuple[Any, ...]]:
    """One row per import, with the number of its faults and the name of who asked for it."""
    return sa.select(
        ImportRun.id,
        ImportRun.filename,
        ImportRun.state,
        ImportRun.is_dry_run,
        ImportRun.requested_at,
        User.name.label("requested_by"),
        sa.func.coalesce(sa.func.jsonb_array_length(ImportRun.result["faults"]), 0).label("faults"),
    ).outerjoin(User, User.id == ImportRun.requested_by_id)
