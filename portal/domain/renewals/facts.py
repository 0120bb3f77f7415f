"""What a renewal is decided on, for any number of services in a few statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.db import db
from portal.domain.billing.models import Invoice
from portal.domain.billing.queries import OPEN
from portal.domain.clients.models import Client
from portal.domain.lifecycle.models import ClientService
from portal.domain.money import Money
from portal.domain.renewals.models import Renewal, RenewalCase
from portal.domain.renewals.rules import EligibilityFacts, reasons_against
from portal.domain.sla.models import Incident
from portal.domain.words import InvoiceKind, RenewalDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`agreed`: the cycle price and the months that were approved for the next term, if they were."""

    eligibility: EligibilityFacts
    agreed: tuple[Money, int] | None

    @property
    def reasons(self) -> list[str]:
        """Every reason why the service may not renew by itself."""
        return reasons_against(self.eligibility)


def standing_of(service: ClientService, as_of: date | None = None) -> Standing:
    return standings([service], as_of or clock.today())[service.id]


def standings(services: Sequence[ClientService], as_of: date) -> Mapping[int, Standing]:
    """By service id; what is overdue, and which term runs, as of that day."""
    named = sa.select(
        ClientService.id,
        breaches_in_term(as_of).label("breaches"),
        overdue_minor(as_of).label("overdue"),
        Client.overdue_limit_minor,
        RenewalCase.agreed_price_minor,
        RenewalCase.agreed_months,
    ).join(Client, Client.id == ClientService.client_id)
    rows = db.session.execute(
        named.outerjoin(RenewalCase, is_next_case()).where(
            ClientService.id.in_([each.id for each in services])
        )
    )
    by_id = {row.id: row for row in rows}
    return {service.id: _standing(service, by_id[service.id]) for service in services}


def is_next_case() -> sa.ColumnElement[bool]:
    """The case of the term that comes next; joins RenewalCase to ClientService."""
    return sa.and_(
        RenewalCase.client_service_id == ClientService.id,
        RenewalCase.term_start == sa.func.coalesce(ClientService.renewal_date, ClientService.end_date),
    )


def breaches_in_term(as_of: date) -> sa.ScalarSelect[int]:
    """SLA targets missed in the term that runs on that day; correlated to ClientService."""
    renewed = sa.select(sa.func.max(Renewal.term_start)).where(
        Renewal.client_service_id == ClientService.id, Renewal.term_start <= as_of
    )
    begins = sa.func.coalesce(renewed.correlate(ClientService).scalar_subquery(), ClientService.start_date)
    zone = clock.company_zone().key

    def missed(instant: Any) -> sa.ColumnElement[int]:
        return sa.func.count(instant).filter(sa.cast(sa.func.timezone(zone, instant), sa.Date) >= begins)

    targets = missed(Incident.response_breached_at) + missed(Incident.resolution_breached_at)
    counted = sa.select(targets).where(Incident.client_service_id == ClientService.id)
    return counted.correlate(ClientService).scalar_subquery()


def overdue_minor(as_of: date) -> sa.ScalarSelect[int]:
    """What the client owes past its due date, in the service's currency; correlated to ClientService."""
    open_amount = sa.func.coalesce(sa.func.sum(Invoice.total_minor - Invoice.paid_minor), 0)
    late = sa.select(open_amount).where(
        Invoice.client_id == ClientService.client_id,
        Invoice.currency == ClientService.currency,
        Invoice.kind == InvoiceKind.INVOICE,
        Invoice.status.in_(OPEN),
        Invoice.due_on < as_of,
    )
    return late.correlate(ClientService).scalar_subquery()


def _standing(service: ClientService, row: sa.Row[*tuple[Any, ...]]) -> Standing:
    currency = service.currency
    agreed = None
    if row.agreed_price_minor is not None and service.renewal_decision is RenewalDecision.APPROVED:
        agreed = Money(row.agreed_price_minor, currency), int(row.agreed_months)
    facts = EligibilityFacts(
        status=service.status,
        renewal_date=service.renewal_date,
        is_denied=service.renewal_decision is RenewalDecision.DENIED,
        cancels_on=service.cancel_on,
        breaches_in_term=int(row.breaches),
        overdue=Money(int(row.overdue), currency),
        overdue_limit=Money(row.overdue_limit_minor, currency),
    )
    return Standing(eligibility=facts, agreed=agreed)
