"""Reading client services."""

from datetime import timedelta

from portal import clock
from portal.domain.company import setting
from portal.domain.lifecycle.models import ClientService
from portal.domain.money import Money
from portal.domain.periods import Cycle
from portal.domain.pricing import queries as timetable
from portal.domain.renewals import rules


def renewal_price(service: ClientService) -> Money:
    """What the next term costs: contract's uplift, else the product's; never less than before (rule book 5).

    Before: what it costs by then, with everything planned up to the day of the renewal.
    """
    product, contract = service.product, service.contract
    terms = timetable.terms_on(service, service.renewal_date or service.end_date or clock.today())
    uplift = (
        contract.uplift_percent
        if contract and contract.uplift_percent is not None
        else product.uplift_percent
    )
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
        uplift_percent=uplift,
        uplift_cap_percent=product.uplift_cap_percent,
    ).price


def why_not_complete(service: ClientService) -> str:
    """Why the service cannot be completed yet, in words; nothing when it can."""
    if service.billing_cycle is Cycle.ONE_TIME:
        return ""
    if service.end_date is None:
        return "This service has no end date: cancel it instead."
    grace = service.grace_days if service.grace_days is not None else setting("grace_days")
    ends = service.end_date + timedelta(days=grace)
    if clock.today() < ends:
        return f"Its term and grace run until {ends}. Renew it, or cancel it for an earlier day."
    return ""
