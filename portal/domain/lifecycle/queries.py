"""Reading client services."""

from portal.domain.lifecycle.models import ClientService
from portal.domain.money import Money


def renewal_price(service: ClientService) -> Money:
    return service.cycle_price
