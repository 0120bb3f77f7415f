"""The lists of bulk price changes, and what one of them adds up to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.db import db, fetch
from portal.domain import search
from portal.domain.catalogue.models import Product
from portal.domain.clients.models import Client
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.money import Money
from portal.domain.pricing.models import PriceBatch, PriceChange
from portal.domain.staff.models import User
from portal.domain.words import PriceState

Listing = sa.Select[*tuple[Any, ...]]
COUNTS_FOR = (PriceState.PROPOSED, PriceState.PLANNED, PriceState.DONE)


def batches() -> Listing:
    """One row per bulk change: 3, 5.0, NULL, NULL, "Backup", NULL, 43 services, 2 left out, planned, "Fay", …"""
    row, batch = PriceChange, PriceBatch
    of_batch = sa.select(sa.func.count()).where(row.batch_id == batch.id).correlate(batch)
    left_out = row.state.in_((PriceState.SKIPPED, PriceState.FAILED))
    return (
        sa.select(
            batch.id, batch.percent, batch.amount_minor, batch.currency, batch.state, batch.effective_on,
            batch.requested_at, Product.name.label("product"), Client.name.label("client"), User.name.label("by"),
            of_batch.where(~left_out).scalar_subquery().label("services"),
            of_batch.where(left_out).scalar_subquery().label("left_out"),
        )
        .outerjoin(Product, Product.id == batch.product_id)
        .outerjoin(Client, Client.id == batch.client_id)
        .outerjoin(User, User.id == batch.requested_by_id)
    )  # fmt: skip


def lines(batch_id: int) -> Listing:
    """One row per service: 7, 12, "Backup", "Acme", "ACME", 250000, 262500, 12500, 2027-01-01, planned, ""."""
    row = PriceChange
    return (
        sa.select(
            row.id, row.client_service_id, ClientService.name, Client.name.label("client"),
            Client.code.label("client_code"), row.cycle_price_before_minor, row.cycle_price_minor,
            row.monthly_change_minor, row.effective_on, row.state, row.note, ClientService.currency,
        )
        .join(ClientService, ClientService.id == row.client_service_id)
        .join(Client, Client.id == ClientService.client_id)
        .where(row.batch_id == batch_id)
    )  # fmt: skip


def of_services(entered: str) -> sa.ColumnElement[bool]:
    """Lines whose service, or its client, has words that begin like those entered."""
    found = sa.select(ClientService.id).where(search.matches(ClientService.search, entered))
    return PriceChange.client_service_id.in_(found)


@dataclass(frozen=True)
class Overview:
    """`counts` by state; `monthly`: the change of MRR per currency, of the active services that are not left out."""

    batch: PriceBatch
    counts: dict[PriceState, int]
    monthly: Sequence[Money]
    who: str

    @property
    def open(self) -> int:
        return self.counts.get(PriceState.PROPOSED, 0) + self.counts.get(PriceState.PLANNED, 0)

    @property
    def left_out(self) -> int:
        return self.counts.get(PriceState.SKIPPED, 0) + self.counts.get(PriceState.FAILED, 0)

    @property
    def done(self) -> int:
        return self.counts.get(PriceState.DONE, 0)


def overview(batch_id: int) -> Overview:
    """Raises NotFound."""
    batch, row = fetch(PriceBatch, batch_id), PriceChange
    counted = sa.select(row.state, sa.func.count()).filter_by(batch_id=batch_id).group_by(row.state)
    counts = {state: int(number) for state, number in db.session.execute(counted)}
    sums = (
        sa.select(ClientService.currency, sa.func.sum(row.monthly_change_minor))
        .join(ClientService, ClientService.id == row.client_service_id)
        .where(row.batch_id == batch_id, row.state.in_(COUNTS_FOR), ClientService.status == Status.ACTIVE)
        .group_by(ClientService.currency)
        .order_by(ClientService.currency)
    )
    monthly = [Money(int(minor or 0), currency) for currency, minor in db.session.execute(sums)]
    who = fetch(User, batch.requested_by_id).name if batch.requested_by_id else "The portal"
    return Overview(batch, counts, monthly, who)


def products() -> Sequence[Any]:
    """(id, name) of the products that are sold, or were."""
    return db.session.execute(sa.select(Product.id, Product.name).order_by(Product.name, Product.id)).all()


def clients() -> Sequence[Any]:
    """(id, name, code) of active clients."""
    rows = sa.select(Client.id, Client.name, Client.code).where(Client.is_active)
    return db.session.execute(rows.order_by(Client.name, Client.id)).all()
