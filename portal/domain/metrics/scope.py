"""What the figures are about: the whole company, or a part of it."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.domain.catalogue.models import Product
from portal.domain.clients.models import Client
from portal.domain.lifecycle.models import ClientService
from portal.domain.metrics.models import MrrMovement
from portal.domain.words import ServiceType

Condition = sa.ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything, narrowed by what is set. client: its code; product: its SKU; manager: the user's id.

    A movement belongs to the account manager whom its client has now, and to the type that its service has now.
    """

    currency: str | None = None
    client: str | None = None
    service_type: ServiceType | None = None
    product: str | None = None
    manager: int | None = None

    def of_services(self) -> list[Condition]:
        """Conditions on client_services."""
        return [*self._of(ClientService.client_id, ClientService.currency), *self._of_what_is_sold()]

    def of_movements(self) -> list[Condition]:
        """Conditions on mrr_movements, by the client that had the service then."""
        sold = self._of_what_is_sold()
        of_service = MrrMovement.client_service_id.in_(sa.select(ClientService.id).where(*sold))
        return [*self._of(MrrMovement.client_id, MrrMovement.currency), *([of_service] if sold else [])]

    def _of(self, client_id: Any, currency: Any) -> list[Condition]:
        clients = {Client.code: self.client, Client.account_manager_id: self.manager}
        narrowed = [column == value for column, value in clients.items() if value is not None]
        of_client = client_id.in_(sa.select(Client.id).where(*narrowed))
        of_currency = [currency == self.currency] if self.currency else []
        return [*of_currency, *([of_client] if narrowed else [])]

    def _of_what_is_sold(self) -> list[Condition]:
        product = sa.select(Product.id).where(Product.sku == self.product)
        return [
            *([ClientService.service_type == self.service_type] if self.service_type else []),
            *([ClientService.product_id.in_(product)] if self.product else []),
        ]


EVERYTHING = Scope()
