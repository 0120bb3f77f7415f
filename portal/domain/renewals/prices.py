"""What the next term of a service costs, and why."""

from collections.abc import Iterable, Mapping, Sequence

from portal import clock
from portal.domain.lifecycle.models import ClientService
from portal.domain.money import Money
from portal.domain.pricing import queries as timetable
from portal.domain.pricing.models import PriceChange
from portal.domain.pricing.queries import planned_of
from portal.domain.pricing.rules import applied_in_turn
from portal.domain.pricing.terms import terms_of
from portal.domain.renewals import rules
from portal.domain.renewals.rules import RenewalPrice


def price_of(service: ClientService) -> RenewalPrice:
    """By the contract's uplift, else the product's; never less than it costs by then (rule book 5)."""
    day = service.renewal_date or service.end_date or clock.today()
    return price_after(service, timetable.planned(service.id, day))


def price_after(service: ClientService, planned: Iterable[PriceChange]) -> RenewalPrice:
    """The same, where the price changes planned up to that day are at hand."""
    product, contract = service.product, service.contract
    terms = applied_in_turn(terms_of(service), (row.change(service.currency) for row in planned))
    own = contract.uplift_percent if contract else None
    base = rules.base_price(
        product_price=Money(product.cycle_price_minor, product.currency),
        product_cycle=product.billing_cycle,
        cycle=service.billing_cycle,
        quantity=terms.quantity,
        currency=service.currency,
    )
    return rules.renewal_price(
        current=terms.cycle_price,
        base=base,
        uplift_percent=product.uplift_percent if own is None else own,
        uplift_cap_percent=product.uplift_cap_percent,
    )


def prices_of(services: Sequence[ClientService]) -> Mapping[int, RenewalPrice]:
    """By service id, with one query however many there are."""
    planned = planned_of([service.id for service in services])
    return {
        service.id: price_after(
            service,
            [
                row
                for row in planned[service.id]
                if service.renewal_date and row.effective_on <= service.renewal_date
            ],
        )
        for service in services
    }
