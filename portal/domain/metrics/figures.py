"""MRR as it is now: in all, and by what it is made of."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.domain.catalogue.models import Product
from portal.domain.clients.models import Client
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.metrics.scope import EVERYTHING, Scope
from portal.domain.money import Money
from portal.domain.staff.models import User
from portal.domain.words import Word

COUNTED = (Status.ACTIVE, Status.SUSPENDED)


class Breakdown(Word):
    """What MRR can be taken apart by."""

    CLIENT = "client"
    TYPE = "type"
    PRODUCT = "product"
    MANAGER = "manager"

    @property
    def label(self) -> str:
        return {"manager": "Account manager", "type": "Service type"}.get(self.value, self.value.capitalize())


@dataclass(frozen=True, slots=True)
class Mrr:
    """One currency, now. `services` and `clients` are those that `total` adds up; `paused` stands apart."""

    total: Money
    paused: Money
    services: int
    paused_services: int
    clients: int

    @property
    def arr(self) -> Money:
        return self.total.times(12)

    @property
    def average(self) -> Money | None:
        """Of one active service a month; None where there is none."""
        return self.total.times(Fraction(1, self.services)) if self.services else None


def mrr(scope: Scope = EVERYTHING) -> list[Mrr]:
    """One figure for each currency, the largest first; never added up across them."""
    service = ClientService
    is_active, is_paused = service.status == Status.ACTIVE, service.status == Status.SUSPENDED
    statement = (
        sa.select(
            service.currency,
            _sum(service.monthly_cost_minor, is_active).label("total"),
            _sum(service.monthly_cost_minor, is_paused),
            sa.func.count().filter(is_active),
            sa.func.count().filter(is_paused),
            sa.func.count(sa.distinct(service.client_id)).filter(is_active),
        )
        .where(service.status.in_(COUNTED), service.monthly_cost_minor > 0, *scope.of_services())
        .group_by(service.currency)
        .order_by(sa.desc("total"), service.currency)
    )
    return [
        Mrr(Money(int(total), currency), Money(int(paused), currency), services, paused_services, clients)
        for currency, total, paused, services, paused_services, clients in db.session.execute(statement)
    ]


def breakdown(by: Breakdown, scope: Scope = EVERYTHING) -> sa.Select[Any]:
    """One row for each part and currency: id, "Acme", "ACME", "USD", 12 services, 250000, 3000000, 20833, 0 …

    id is that of the part's oldest service: a service is in one part only. key is what the filters name the part by.
    """
    service, (key, name) = ClientService, _PARTS[by]
    is_active, is_paused = service.status == Status.ACTIVE, service.status == Status.SUSPENDED
    total = _sum(service.monthly_cost_minor, is_active)
    services = sa.func.count().filter(is_active)
    average = sa.func.round(sa.cast(total, sa.Numeric) / sa.func.nullif(services, 0))
    parts = (
        sa.select(
            sa.func.min(service.id).label("id"),
            name.label("name"),
            key.label("key"),
            service.currency.label("currency"),
            services.label("services"),
            total.label("mrr_minor"),
            (12 * total).label("arr_minor"),
            sa.cast(average, sa.BigInteger).label("average_minor"),
            _sum(service.monthly_cost_minor, is_paused).label("paused_minor"),
        )
        .join(Client, Client.id == service.client_id)
        .join(Product, Product.id == service.product_id)
        .outerjoin(User, User.id == Client.account_manager_id)
        .where(service.status.in_(COUNTED), service.monthly_cost_minor > 0, *scope.of_services())
        .group_by(key, name, service.currency)
        .subquery()
    )
    return sa.select(*parts.c)


def _sum(column: Any, which: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.coalesce(sa.func.sum(column).filter(which), 0), sa.BigInteger)


_PARTS: dict[Breakdown, tuple[Any, Any]] = {
    Breakdown.CLIENT: (Client.code, Client.name),
    Breakdown.TYPE: (ClientService.service_type, ClientService.service_type),
    Breakdown.PRODUCT: (Product.sku, Product.name),
    Breakdown.MANAGER: (User.id, sa.func.coalesce(User.name, "Nobody")),
}
