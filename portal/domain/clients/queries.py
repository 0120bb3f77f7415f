"""Reading the book of clients. What needs services and invoices beside them is in `overview`."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.domain import search
from portal.domain.clients.models import Client, Contact, Contract
from portal.domain.errors import NotFound
from portal.domain.fields import is_code

# By its table and not by its model: a service belongs to a client, so that package builds on this one.
SERVICES = sa.table(
    "client_services", sa.column("id"), sa.column("client_id"), sa.column("name"), sa.column("status"),
    sa.column("escalation_contact_id"),
)  # fmt: skip
LIVING = ("pending", "active", "suspended")


def by_code(code: str) -> Client:
    """Raises NotFound."""
    client = db.session.scalar(sa.select(Client).filter_by(code=code)) if is_code(code) else None
    if client is None:
        raise NotFound("There is no such client.")
    return client


def contact_of(client: Client, contact_id: int) -> Contact:
    """A contact of this very client who was not removed. Raises NotFound."""
    found = db.session.scalar(
        sa.select(Contact).filter_by(id=contact_id, client_id=client.id, is_active=True)
    )
    if found is None:
        raise NotFound("There is no such contact at this client.")
    return found


def contract_of(client: Client, contract_id: int) -> Contract:
    """A contract with this very client. Raises NotFound."""
    found = db.session.scalar(sa.select(Contract).filter_by(id=contract_id, client_id=client.id))
    if found is None:
        raise NotFound("There is no such contract with this client.")
    return found


def contacts_of(client_id: int) -> Sequence[Contact]:
    """Those who were not removed, by name."""
    people = sa.select(Contact).filter_by(client_id=client_id, is_active=True)
    return db.session.scalars(people.order_by(Contact.name, Contact.id)).all()


def matching(entered: str) -> sa.ColumnElement[bool]:
    """Clients whose code or name has words that begin so."""
    return search.matches(Client.search, entered)


def active() -> Sequence[Any]:
    """(id, code, name, currency) of the clients to whom something can be sold, by name."""
    rows = sa.select(Client.id, Client.code, Client.name, Client.currency).where(Client.is_active)
    return db.session.execute(rows.order_by(Client.name, Client.id)).all()


def services_count(client_id: int) -> int:
    """Services ever sold to this client, those that are over included."""
    count = sa.select(sa.func.count()).select_from(SERVICES).where(SERVICES.c.client_id == client_id)
    return db.session.scalar(count) or 0


def living_services(client_id: int, *, escalating_to: int | None = None) -> Sequence[str]:
    """Names of the services that are not over, those that escalate to this contact or all, by name."""
    names = sa.select(SERVICES.c.name).where(SERVICES.c.client_id == client_id, SERVICES.c.status.in_(LIVING))
    if escalating_to is not None:
        names = names.where(SERVICES.c.escalation_contact_id == escalating_to)
    return db.session.scalars(names.order_by(SERVICES.c.name, SERVICES.c.id)).all()
