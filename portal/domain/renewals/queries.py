"""Reading the renewal of one service."""

import sqlalchemy as sa

from portal import clock
from portal.db import db, fetch
from portal.domain.lifecycle.models import ClientService
from portal.domain.renewals.facts import standing_of
from portal.domain.renewals.models import RenewalCase
from portal.domain.renewals.prices import price_of
from portal.domain.renewals.rules import RenewalPrice


def eligibility(*, service_id: int) -> list[str]:
    """Every reason why it may not renew by itself today; none means that it is eligible. Raises NotFound."""
    return standing_of(fetch(ClientService, service_id), clock.today()).reasons


def price(*, service_id: int) -> RenewalPrice:
    """What one cycle of the next term costs, and why. Raises NotFound."""
    return price_of(fetch(ClientService, service_id))


def next_case(service: ClientService) -> RenewalCase | None:
    """What is decided and noted about the term that comes next; None when nothing is."""
    starts = service.renewal_date or service.end_date
    found = sa.select(RenewalCase).filter_by(client_service_id=service.id, term_start=starts)
    return db.session.scalar(found)
