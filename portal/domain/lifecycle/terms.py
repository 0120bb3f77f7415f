"""The price and the term of one service, kept consistent wherever they are set."""

from datetime import date

from portal.domain.lifecycle.models import ClientService
from portal.domain.money import Money
from portal.domain.periods import Cycle, months_between
from portal.domain.prices import monthly_cost_of


def set_price(service: ClientService, cycle_price: Money) -> None:
    """Set the price of one cycle, and what follows from it. `unit_price` is for the eye."""
    service.cycle_price_minor = cycle_price.minor
    service.unit_price_minor = cycle_price.minor // service.quantity
    service.monthly_cost_minor = monthly_cost_of(cycle_price, service.billing_cycle).minor


def contract_value(service: ClientService, term_start: date, monthly_cost: Money | None = None) -> Money:
    """Monthly cost × months of the term + setup cost (rule book 4); one-time work is worth its price.

    monthly_cost: that of the term, where it is not the present one.
    """
    if service.billing_cycle is Cycle.ONE_TIME:
        return service.cycle_price + service.setup_cost
    if service.end_date is None or service.end_date <= term_start:
        return service.setup_cost
    monthly = monthly_cost or service.monthly_cost
    return monthly.times(months_between(term_start, service.end_date).exact) + service.setup_cost
