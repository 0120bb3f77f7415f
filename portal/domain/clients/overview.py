"""Our whole business with a client: services, money, incidents. It reads packages that build on this one, so nothing
in the domain imports it; pages do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.domain.billing.models import Invoice
from portal.domain.catalogue.models import Product
from portal.domain.clients.models import Client, Contract
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.money import Money
from portal.domain.sla.models import Incident
from portal.domain.staff.models import User
from portal.domain.words import InvoiceStatus

Listing = sa.Select[*tuple[Any, ...]]

OPEN = (InvoiceStatus.ISSUED, InvoiceStatus.PARTLY_PAID)
LIVING = (Status.PENDING, Status.ACTIVE, Status.SUSPENDED)
ORDER = (Status.ACTIVE, Status.PENDING, Status.SUSPENDED, Status.COMPLETED, Status.CANCELLED)


def clients_listing(today: date) -> Listing:
    """One row per client, with living services, worst health, monthly total of the active ones, open and overdue."""
    of_client = ClientService.client_id == Client.id
    active = of_client & (ClientService.status == Status.ACTIVE)
    due = (Invoice.client_id == Client.id) & Invoice.status.in_(OPEN)
    left = sa.func.coalesce(sa.func.sum(Invoice.total_minor - Invoice.paid_minor), 0)
    return sa.select(
        Client.id,
        Client.code,
        Client.name,
        Client.currency,
        User.name.label("account_manager"),
        _count(ClientService.id, of_client & ClientService.status.in_(LIVING)).label("services"),
        _one(sa.func.min(ClientService.health_score), active).label("worst_health"),
        _one(sa.func.coalesce(sa.func.sum(ClientService.monthly_cost_minor), 0), active).label(
            "monthly_minor"
        ),
        _one(left, due).label("open_minor"),
        _one(left, due & (Invoice.due_on < today)).label("overdue_minor"),
        Client.payment_terms_days,
        Client.timezone,
        Client.is_active,
    ).outerjoin(User, User.id == Client.account_manager_id)


def is_overdue(today: date) -> sa.ColumnElement[bool]:
    """Whether an issued document of the client is past its day and not fully paid."""
    late = sa.select(Invoice.id).where(
        Invoice.client_id == Client.id,
        Invoice.status.in_(OPEN),
        Invoice.due_on < today,
        Invoice.total_minor > 0,
    )
    return late.exists()


def service_ids(client_id: int) -> sa.Select[int]:
    return sa.select(ClientService.id).where(ClientService.client_id == client_id)


def managers() -> list[tuple[str, str]]:
    """(id, name) of everybody who has clients, by name: what a list of clients can be narrowed to."""
    people = sa.select(User.id, User.name).where(User.id.in_(sa.select(Client.account_manager_id)))
    return [(str(each.id), each.name) for each in db.session.execute(people.order_by(User.name, User.id))]


def currencies() -> list[tuple[str, str]]:
    """The currencies that clients have."""
    found = db.session.scalars(sa.select(Client.currency).distinct().order_by(Client.currency))
    return [(each, each) for each in found]


def services_of(client_id: int, *, at_most: int) -> Sequence[Any]:
    """The services with product and technician, the living ones first."""
    rows = (
        sa.select(
            ClientService.id,
            ClientService.name,
            Product.name.label("product"),
            ClientService.status,
            ClientService.health_score,
            ClientService.monthly_cost_minor,
            ClientService.currency,
            ClientService.cancel_on,
            ClientService.renewal_date,
            ClientService.auto_renewal,
            ClientService.end_date,
            User.name.label("technician"),
        )
        .join(Product, Product.id == ClientService.product_id)
        .outerjoin(User, User.id == ClientService.technician_id)
        .where(ClientService.client_id == client_id)
    )
    rank = sa.case({status: place for place, status in enumerate(ORDER)}, value=ClientService.status)
    return db.session.execute(rows.order_by(rank, ClientService.name, ClientService.id).limit(at_most)).all()


@dataclass(frozen=True)
class Standing:
    """How many services are in which state, and what they cost a month, by currency."""

    counts: dict[Status, int]
    active: list[Money]
    paused: list[Money]

    @property
    def living(self) -> int:
        return sum(self.counts.get(status, 0) for status in LIVING)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def standing_of(client_id: int) -> Standing:
    rows = db.session.execute(
        sa.select(
            ClientService.status,
            ClientService.currency,
            sa.func.count().label("services"),
            sa.func.sum(ClientService.monthly_cost_minor).label("monthly_minor"),
        )
        .where(ClientService.client_id == client_id)
        .group_by(ClientService.status, ClientService.currency)
        .order_by(ClientService.currency)
    ).all()
    counts: dict[Status, int] = {}
    for row in rows:
        counts[row.status] = counts.get(row.status, 0) + row.services
    return Standing(counts, _monthly(rows, Status.ACTIVE), _monthly(rows, Status.SUSPENDED))


def invoices_of(client_id: int, *, at_most: int) -> Sequence[Invoice]:
    """The latest documents, drafts first."""
    found = sa.select(Invoice).where(Invoice.client_id == client_id)
    latest = found.order_by(Invoice.issued_on.desc().nulls_first(), Invoice.id.desc())
    return db.session.scalars(latest.limit(at_most)).all()


def open_incidents_of(client_id: int, *, at_most: int) -> Sequence[Incident]:
    """Those not resolved, the one that falls due first on top."""
    found = (
        sa.select(Incident)
        .join(Incident.service)
        .options(sa.orm.contains_eager(Incident.service))
        .where(ClientService.client_id == client_id, Incident.resolved_at.is_(None))
    )
    due_first = found.order_by(Incident.resolution_due_at.nulls_last(), Incident.id)
    return db.session.scalars(due_first.limit(at_most)).all()


def contracts_of(client_id: int) -> Sequence[Any]:
    """(contract, number of living services under it), the latest first."""
    under = _count(
        ClientService.id, (ClientService.contract_id == Contract.id) & ClientService.status.in_(LIVING)
    )
    rows = sa.select(Contract, under.label("services")).where(Contract.client_id == client_id)
    return db.session.execute(rows.order_by(Contract.start_date.desc(), Contract.id)).all()


def _monthly(rows: Sequence[Any], status: Status) -> list[Money]:
    return [Money(int(row.monthly_minor), row.currency) for row in rows if row.status is status]


def _one(value: Any, condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    return sa.select(value).where(condition).correlate(Client, Contract).scalar_subquery()


def _count(key: Any, condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    return _one(sa.func.count(key), condition)
