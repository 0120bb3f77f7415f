"""Reading client services."""

from datetime import date

import sqlalchemy as sa

from portal import clock
from portal.db import db
from portal.domain.company import setting
from portal.domain.lifecycle.models import ClientService
from portal.domain.money import Money
from portal.domain.periods import Cycle
from portal.domain.renewals import rules
from portal.domain.renewals.models import RenewalCase
from portal.domain.renewals.prices import price_of


def renewal_price(service: ClientService) -> Money:
    """What one cycle of the next term costs (rule book 5)."""
    return price_of(service).price


def why_not_complete(service: ClientService) -> str:
    """Why the service cannot be completed yet, in words; nothing when it can."""
    if service.billing_cycle is Cycle.ONE_TIME:
        return ""
    ends = grace_ends_on(service)
    if ends is None:
        return "This service has no end date: cancel it instead."
    if clock.today() < ends:
        return f"Its term and grace run until {ends}. Renew it, or cancel it for an earlier day."
    return ""


def grace_ends_on(service: ClientService) -> date | None:
    """The day on which it is completed unless it is renewed; it runs and is billed until then. None without an end."""
    if service.end_date is None:
        return None
    days = service.grace_days if service.grace_days is not None else setting("grace_days")
    extended = sa.select(sa.func.max(RenewalCase.grace_until)).where(
        RenewalCase.client_service_id == service.id,
        RenewalCase.term_start == (service.renewal_date or service.end_date),
    )
    plain = rules.grace_ends_on(end_date=service.end_date, grace_days=days)
    return max(plain, db.session.scalar(extended) or plain)
