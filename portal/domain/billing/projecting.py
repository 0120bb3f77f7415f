"""The revenue of the months to come, from the services as they stand."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from portal import clock
from portal.db import db
from portal.domain.billing.projection_rules import (
    Change,
    ProjectedMonth,
    Running,
    Why,
    changes,
    projected,
)
from portal.domain.catalogue.models import Product
from portal.domain.clients.models import Contract
from portal.domain.errors import Refused
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.metrics.scope import EVERYTHING, Scope
from portal.domain.money import Money
from portal.domain.periods import Cycle, add_months
from portal.domain.pricing.models import PriceChange
from portal.domain.renewals.rules import base_price
from portal.domain.words import PriceState

MOST_MONTHS = 60
# The prices that wait for their day, by service and in order.
Planned = Mapping[int, tuple[tuple[date, Money], ...]]


def projection(
    months: int, *, as_of: date | None = None, scope: Scope = EVERYTHING
) -> dict[str, list[ProjectedMonth]]:
    """The months after that of `as_of` (by default today), by currency: rule book 4. Raises Refused.

    Only services whose price will change are read one by one; what goes on or ends as it is is a sum.
    """
    if not 1 <= months <= MOST_MONTHS:
        raise Refused(f"A projection has 1 to {MOST_MONTHS} months.")
    today = as_of or clock.today()
    first = add_months(today.replace(day=1), 1)
    until = add_months(first, months)
    ahead, planned = defaultdict[str, list[Change]](list), _planned(until)
    for change in _dropping_out(today, until, scope, planned):
        ahead[change.amount.currency].append(change)
    for service in _to_change(until, scope, planned):
        ahead[service.price.currency].extend(changes(service, today=today, until=until))
    return {
        now.currency: list(projected(now, ahead[now.currency], first=first, months=months))
        for now in _now(scope)
    }


def _now(scope: Scope) -> list[Money]:
    total = sa.func.sum(ClientService.monthly_cost_minor)
    statement = (
        sa.select(ClientService.currency, total)
        .where(*_running(scope))
        .group_by(ClientService.currency)
        .order_by(total.desc(), ClientService.currency)
    )
    return [Money(int(minor), currency) for currency, minor in db.session.execute(statement)]


def _running(scope: Scope) -> list[sa.ColumnElement[bool]]:
    return [
        ClientService.status == Status.ACTIVE,
        ClientService.monthly_cost_minor > 0,
        *scope.of_services(),
    ]


def _dropping_out(today: date, until: date, scope: Scope, planned: Planned) -> Iterator[Change]:
    """What ends or is cancelled at the price of now: a sum for each day."""
    service, tomorrow = ClientService, today + timedelta(days=1)
    is_cancelled = service.cancel_on.is_not(None)
    day = sa.case((is_cancelled, service.cancel_on), (~service.auto_renewal, service.end_date))
    on = sa.func.greatest(day, tomorrow)
    statement = (
        sa.select(service.currency, on, is_cancelled, sa.func.sum(service.monthly_cost_minor))
        .where(*_running(scope), day < until, ~_is_one_of(planned))
        .group_by(service.currency, on, is_cancelled)
    )
    for currency, out_on, cancels, minor in db.session.execute(statement):
        yield Change(out_on, Why.CANCELS if cancels else Why.ENDS, Money(-int(minor), currency))


def _to_change(until: date, scope: Scope, planned: Planned) -> Iterator[Running]:
    """Those with a planned price, and those that renew at a price that may be another."""
    service = ClientService
    uplift = sa.func.coalesce(Contract.uplift_percent, Product.uplift_percent)
    base_is_higher = sa.or_(
        Product.billing_cycle != service.billing_cycle,
        Product.cycle_price_minor * service.quantity > service.cycle_price_minor,
    )
    renews_higher = sa.and_(
        service.auto_renewal,
        service.cancel_on.is_(None),
        sa.func.coalesce(service.renewal_date, service.end_date) < until,
        sa.or_(uplift > 0, base_is_higher),
    )
    statement = (
        sa.select(
            service.id, service.cycle_price_minor, service.currency, service.billing_cycle, service.quantity,
            service.start_date, service.end_date, service.cancel_on, service.renewal_date, service.auto_renewal,
            service.renewal_term_months, Product.cycle_price_minor.label("base_minor"),
            Product.currency.label("base_currency"), Product.billing_cycle.label("base_cycle"),
            uplift.label("uplift_percent"), Product.uplift_cap_percent,
        )
        .join(Product, Product.id == service.product_id)
        .outerjoin(Contract, Contract.id == service.contract_id)
        .where(*_running(scope), sa.or_(renews_higher, _is_one_of(planned)))
        .execution_options(yield_per=2000)
    )  # fmt: skip
    for row in db.session.execute(statement):
        yield _as_it_stands(row, planned.get(row.id, ()))


def _is_one_of(planned: Planned) -> sa.ColumnElement[bool]:
    return ClientService.id == sa.any_(sa.literal(list(planned), ARRAY(sa.BigInteger)))


def _planned(until: date) -> Planned:
    """Prices that wait for their day, as they are foreseen, by service and in order."""
    change, found = PriceChange, defaultdict[int, list[tuple[date, Money]]](list)
    statement = (
        sa.select(
            change.client_service_id, change.effective_on, change.cycle_price_minor, ClientService.currency
        )
        .join(ClientService, ClientService.id == change.client_service_id)
        .where(change.state == PriceState.PLANNED, change.effective_on < until)
        .order_by(change.effective_on, change.id)
    )
    for service_id, on, minor, currency in db.session.execute(statement):
        if minor is not None:
            found[service_id].append((on, Money(minor, currency)))
    return {service_id: tuple(its) for service_id, its in found.items()}


def _as_it_stands(row: Any, planned: tuple[tuple[date, Money], ...]) -> Running:
    base = _base(
        row.base_minor, row.base_currency, row.base_cycle, row.billing_cycle, row.quantity, row.currency
    )
    return Running(
        price=Money(row.cycle_price_minor, row.currency),
        cycle=row.billing_cycle,
        start_date=row.start_date,
        end_date=row.end_date,
        cancel_on=row.cancel_on,
        renewal_date=row.renewal_date,
        renews=row.auto_renewal,
        term_months=row.renewal_term_months,
        base=base,
        uplift_percent=row.uplift_percent,
        uplift_cap_percent=row.uplift_cap_percent,
        planned=planned,
    )


@lru_cache(maxsize=65_536)
def _base(
    minor: int, sold_in: str, product_cycle: Cycle, cycle: Cycle, quantity: int, currency: str
) -> Money | None:
    """Kept, because many services are the same product in the same quantity."""
    return base_price(
        product_price=Money(minor, sold_in),
        product_cycle=product_cycle,
        cycle=cycle,
        quantity=quantity,
        currency=currency,
    )
