"""Reading the ledger row by row, and what it can be narrowed by."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.domain.catalogue.models import Product
from portal.domain.clients.models import Client
from portal.domain.lifecycle.models import ClientService
from portal.domain.metrics.models import MrrMovement
from portal.domain.staff.models import User
from portal.domain.words import ServiceType

Condition = sa.ColumnElement[bool]


def listing() -> sa.Select[*tuple[Any, ...]]:
    """One row per movement: 7, 2026-11-20, expansion, "Acme", "ACME", 12, "Backup", 3000, "USD", "Ana Reyes" …"""
    row = MrrMovement
    return (
        sa.select(
            row.id, row.on_date, row.kind, Client.name.label("client_name"), Client.code.label("client_code"),
            row.client_service_id.label("service_id"), ClientService.name.label("service"),
            ClientService.service_type, Product.name.label("product_name"), User.name.label("manager_name"),
            row.amount_minor, row.currency,
        )
        .join(Client, Client.id == row.client_id)
        .join(ClientService, ClientService.id == row.client_service_id)
        .join(Product, Product.id == ClientService.product_id)
        .outerjoin(User, User.id == Client.account_manager_id)
    )  # fmt: skip


def of_client(code: str) -> Condition:
    return MrrMovement.client_id.in_(sa.select(Client.id).where(Client.code == code))


def of_types(types: Sequence[ServiceType]) -> Condition:
    return ClientService.service_type.in_(types)


def of_product(sku: str) -> Condition:
    return Product.sku == sku


def of_managers(ids: Sequence[str]) -> Condition:
    return Client.account_manager_id.in_([int(each) for each in ids])


def currencies() -> Sequence[str]:
    """Those in which there ever was MRR."""
    return db.session.scalars(
        sa.select(MrrMovement.currency).group_by(MrrMovement.currency).order_by(MrrMovement.currency)
    ).all()


def managers() -> list[tuple[str, str]]:
    """(id, name) of everybody who looks after a client, by name."""
    looks_after = sa.exists().where(Client.account_manager_id == User.id)
    people = sa.select(User.id, User.name).where(looks_after).order_by(User.name, User.id)
    return [(str(row.id), row.name) for row in db.session.execute(people)]


def names_of(client: str | None, product: str | None) -> dict[str, str]:
    """What people call the client and the product that figures are narrowed to; unknown ones by their code."""
    asked = {"client": (Client.name, Client.code, client), "product": (Product.name, Product.sku, product)}
    return {
        key: db.session.scalar(sa.select(name).where(code == value)) or value
        for key, (name, code, value) in asked.items()
        if value
    }
