"""What approving many would mean, service by service, before anybody does it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.db import db
from portal.domain.lifecycle.models import ClientService
from portal.domain.money import Money
from portal.domain.periods import Period
from portal.domain.prices import monthly_cost_of
from portal.domain.renewals.prices import prices_of
from portal.domain.renewals.rules import RenewalPrice, next_term


@dataclass(frozen=True)
class Proposed:
    """The next term of one service at its renewal price."""

    service: ClientService
    offer: RenewalPrice
    starts: date

    @property
    def term(self) -> Period:
        months = max(1, self.service.renewal_term_months)
        return next_term(start_date=self.service.start_date, renewal_date=self.starts, months=months)

    @property
    def monthly(self) -> Money:
        return monthly_cost_of(self.offer.price, self.service.billing_cycle)

    @property
    def key(self) -> str:
        """How the page says what it showed."""
        return f"{self.service.id}:{self.offer.price.minor}:{self.starts}"


def proposed(chosen: sa.Select[Any]) -> list[Proposed]:
    """chosen: a SELECT of service ids. In the order of the days on which the terms begin."""
    whole = (
        joinedload(ClientService.client),
        joinedload(ClientService.product),
        joinedload(ClientService.contract),
    )
    rows = sa.select(ClientService).where(ClientService.id.in_(chosen.order_by(None))).options(*whole)
    services = db.session.scalars(rows.order_by(ClientService.renewal_date, ClientService.id)).unique().all()
    prices = prices_of(services)
    return [
        Proposed(service, prices[service.id], service.renewal_date)
        for service in services
        if service.renewal_date
    ]
