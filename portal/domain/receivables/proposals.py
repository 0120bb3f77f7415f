"""Clients whose services might be suspended because they do not pay. A list for a person; nothing happens by itself."""

from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portal.db import db, lock
from portal.domain import company
from portal.domain.clients.models import Client
from portal.domain.errors import Invalid
from portal.domain.events import ClientEvent
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.money import exponent
from portal.domain.receivables.books import Rows, open_items
from portal.domain.receivables.models import SuspensionDismissal
from portal.domain.staff.models import User
from portal.domain.words import InvoiceKind
from portal.signals import send

LONGEST_WAIT = timedelta(days=366)


def is_on() -> bool:
    return bool(company.setting("suspension_days"))


def listing(day: date) -> Rows:
    """Clients past both limits (settings) with active services, one row for each currency, unless dismissed.

    (id, client, client_code, account_manager, currency, overdue_minor, oldest_days, services, service_ids).
    """
    item = open_items(day).subquery("item")
    services = (
        sa.select(
            ClientService.client_id,
            sa.func.count().label("services"),
            sa.func.array_agg(ClientService.id).label("service_ids"),
        )
        .where(ClientService.status == Status.ACTIVE)
        .group_by(ClientService.client_id)
        .subquery("running")
    )
    owing = _owing(item).subquery("owing")
    return (
        sa.select(
            owing.c.id,
            Client.name.label("client"),
            Client.code.label("client_code"),
            User.name.label("account_manager"),
            owing.c.currency,
            owing.c.overdue_minor,
            owing.c.oldest_days,
            services.c.services,
            services.c.service_ids,
        )
        .join(Client, Client.id == owing.c.client_id)
        .join(services, services.c.client_id == Client.id)
        .outerjoin(User, User.id == Client.account_manager_id)
        .where(~_is_dismissed(day))
    )


def _owing(item: sa.Subquery) -> sa.Select[*tuple[Any, ...]]:
    """(id, client_id, currency, overdue_minor, oldest_days): what is past both limits; nothing while they are off."""
    overdue = sa.cast(sa.func.sum(item.c.open_minor), sa.BigInteger)
    limit = company.setting("suspension_amount") * _units_of(item.c.currency)
    return (
        sa.select(
            sa.func.min(item.c.id).label("id"),
            item.c.client_id,
            item.c.currency,
            overdue.label("overdue_minor"),
            sa.func.max(item.c.days_late).label("oldest_days"),
        )
        .where(
            sa.literal(is_on()),
            item.c.kind == InvoiceKind.INVOICE,
            item.c.days_late >= max(1, company.setting("suspension_days")),
        )
        .group_by(item.c.client_id, item.c.currency)
        .having(overdue >= limit)
    )


def _units_of(currency: sa.ColumnElement[str]) -> sa.ColumnElement[int]:
    """Minor units of a whole one: 100, 1 for JPY, 1000 for KWD."""
    used = db.session.scalars(sa.select(Client.currency).distinct()).all()
    special = {code: 10 ** exponent(code) for code in used if exponent(code) != 2}
    return sa.case(special, value=currency, else_=100) if special else sa.literal(100)


def _is_dismissed(day: date) -> sa.ColumnElement[bool]:
    dismissed = sa.exists().where(
        SuspensionDismissal.client_id == Client.id, SuspensionDismissal.until_on > day
    )
    return dismissed.correlate(Client)


def dismiss(
    *, client_id: int, until_on: date, note: str, today: date, by: int | None = None, at: datetime
) -> SuspensionDismissal:
    """Propose nothing about this client before that day. Raises Invalid."""
    client = lock(Client, client_id)
    faults = {}
    if not today < until_on <= today + LONGEST_WAIT:
        faults["until_on"] = "A day after today, within a year."
    if not note.strip():
        faults["note"] = "Say what was agreed: the next person will ask."
    if faults:
        raise Invalid(faults=faults)
    dismissal = SuspensionDismissal(
        client_id=client.id, until_on=until_on, note=note.strip(), dismissed_by_id=by, dismissed_at=at
    )
    db.session.add(dismissal)
    changes = {"until": (None, until_on), "note": (None, note.strip())}
    said = ClientEvent(client_id=client.id, what="Proposal to suspend dismissed", changes=changes)
    send(said, by=by, at=at)
    return dismissal
