"""The renewal price as SQL, so that a list of thousands can be sorted, exported and added up by it.

It is `prices.price_of` again, and a test holds the two together. Of several prices that are planned before the new
term, the last one is taken as it was foreseen; whoever approves confirms the exact price.
"""

from typing import Any

import sqlalchemy as sa

from portal.domain.catalogue.models import Product
from portal.domain.clients.models import Contract
from portal.domain.lifecycle.models import ClientService
from portal.domain.periods import Cycle
from portal.domain.pricing.models import PriceChange
from portal.domain.renewals.models import RenewalCase
from portal.domain.words import PriceState, RenewalDecision

# Months of a cycle in thirteenths: a week is 12/52 = 3/13 of a month.
THIRTEENTHS = {cycle: int(cycle.months * 13) for cycle in Cycle}
Minor = sa.ColumnElement[int]


def new_price() -> Minor:
    """What a cycle of the next term costs, in minor units; for a SELECT that joins product, contract and case."""
    return sa.case((_is_agreed(), RenewalCase.agreed_price_minor), else_=_computed())


def price_reason() -> sa.Case[Any]:
    """In words what made it."""
    return sa.case(
        (_is_agreed(), "agreed"),
        (_computed() == _current(), "unchanged"),
        (_computed() > _uplifted(), "the product's base price"),
        else_=sa.func.concat("uplift of ", sa.cast(sa.func.trim_scale(_percent()), sa.Text), " %"),
    )


def _is_agreed() -> sa.ColumnElement[bool]:
    approved = ClientService.renewal_decision == RenewalDecision.APPROVED
    return approved & RenewalCase.agreed_price_minor.is_not(None)


def _computed() -> Minor:
    return sa.func.greatest(_current(), _uplifted(), _base(), type_=sa.BigInteger)


def _current() -> Minor:
    """What it costs by then."""
    planned = (
        sa.select(PriceChange.cycle_price_minor)
        .where(
            PriceChange.client_service_id == ClientService.id,
            PriceChange.state == PriceState.PLANNED,
            PriceChange.effective_on <= ClientService.renewal_date,
        )
        .order_by(PriceChange.effective_on.desc(), PriceChange.id.desc())
        .limit(1)
    )
    foreseen = planned.correlate(ClientService).scalar_subquery()
    return sa.func.coalesce(foreseen, ClientService.cycle_price_minor, type_=sa.BigInteger)


def _percent() -> sa.ColumnElement[Any]:
    return sa.func.least(
        sa.func.coalesce(Contract.uplift_percent, Product.uplift_percent), Product.uplift_cap_percent
    )


def _uplifted() -> Minor:
    exact = sa.cast(_current(), sa.Numeric) * (100 + _percent()) / 100
    return sa.cast(sa.func.round(exact), sa.BigInteger)


def _base() -> Minor:
    """What the product costs today, in the service's cycle; NULL, which is never the greatest, in another currency."""
    one_time = Product.billing_cycle == Cycle.ONE_TIME
    per_cycle = sa.cast(Product.cycle_price_minor, sa.Numeric) * ClientService.quantity
    months_of_product = sa.func.nullif(_thirteenths(Product.billing_cycle), 0)
    exact = per_cycle * _thirteenths(ClientService.billing_cycle) / months_of_product
    comparable = (Product.currency == ClientService.currency) & ~one_time
    return sa.case((comparable, sa.cast(sa.func.round(exact), sa.BigInteger)))


def _thirteenths(cycle: Any) -> sa.ColumnElement[int]:
    return sa.case(THIRTEENTHS, value=cycle, else_=0)
