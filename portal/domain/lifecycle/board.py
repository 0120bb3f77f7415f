"""The list of client services: what it selects, how it is searched and narrowed, what it adds up to."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.domain import search
from portal.domain.billing.models import RecurringBilling
from portal.domain.catalogue.models import Product
from portal.domain.clients.models import Client
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.money import Money
from portal.domain.staff.models import User
from portal.domain.words import ServiceType, Word

Listing = sa.Select[*tuple[Any, ...]]
Condition = sa.ColumnElement[bool]

LIVING = (Status.PENDING, Status.ACTIVE, Status.SUSPENDED)
# Adding up a hundred thousand rows takes 30 ms, five thousand take two.
MOST_ADDED_UP = 5000


class Next(Word):
    """What happens to a service on its next date."""

    CANCELS = "cancels"
    STARTS = "starts"
    RENEWS = "renews"
    ENDS = "ends"
    BILLS = "bills"


class Band(Word):
    """Health as people speak of it; the scores are those of the health rules."""

    HEALTHY = "healthy"
    FAIR = "fair"
    POOR = "poor"
    CRITICAL = "critical"
    UNSCORED = "unscored"

    @property
    def label(self) -> str:
        return BANDS[self][0]


BANDS: dict[str, tuple[str, int, int]] = {
    "healthy": ("Healthy, 80 and more", 80, 100),
    "fair": ("Fair, 60 to 79", 60, 79),
    "poor": ("Poor, 40 to 59", 40, 59),
    "critical": ("Critical, below 40", 0, 39),
    "unscored": ("Not scored yet", -1, -1),
}


def listing() -> Listing:
    """One row per service: 7, "Backup", "Acme", "ACME", active, 84, 250000, "USD", 2027-01-01, renews, "Tom Vale" …

    The next bill date is looked up for the rows that are shown, so that it costs the other rows nothing.
    """
    service = ClientService
    bills_on = (
        sa.select(RecurringBilling.next_bill_date)
        .where(
            RecurringBilling.client_service_id == service.id,
            RecurringBilling.ends_on.is_(None),
            service.status == Status.ACTIVE,
        )
        .correlate(service)
        .scalar_subquery()
    )
    return (
        sa.select(
            service.id, service.name, Client.name.label("client"), Client.code.label("client_code"), service.status,
            service.health_score, service.monthly_cost_minor, service.cycle_price_minor, service.billing_cycle,
            service.currency, sa.func.coalesce(service.next_date, bills_on).label("next_date"),
            _next_what().label("next_what"), User.name.label("technician"), service.tags, service.service_type,
            service.provisioning_status, Product.name.label("product"), service.start_date, service.end_date,
            service.renewal_date, service.sla_breaches_count, service.suspension_reason,
        )
        # Outer joins of what is always there: PostgreSQL leaves them out where only ids are asked for.
        .outerjoin(Client, Client.id == service.client_id)
        .outerjoin(Product, Product.id == service.product_id)
        .outerjoin(User, User.id == service.technician_id)
    )  # fmt: skip


def _next_what() -> sa.Case[Any]:
    service = ClientService
    return sa.case(
        (service.status.in_((Status.CANCELLED, Status.COMPLETED)), None),
        (service.cancel_on.is_not(None), Next.CANCELS.value),
        (service.status == Status.PENDING, Next.STARTS.value),
        (service.renewal_date.is_(None), Next.BILLS.value),
        (service.auto_renewal, Next.RENEWS.value),
        else_=Next.ENDS.value,
    )


def matching(entered: str) -> Condition:
    """Services of which each word entered begins a word of their name, or of their client's name or code."""
    return search.matches(ClientService.search, entered)


def of_client(entered: str) -> Condition:
    """Of the client with this code; when there is none, of those whose code or name has words that begin so."""
    exact = sa.select(Client.id).where(Client.code == entered)
    similar = sa.select(Client.id).where(search.matches(Client.search, entered), ~sa.exists(exact))
    return ClientService.client_id.in_(sa.union(exact, similar))


def of_technicians(ids: Sequence[int], *, unassigned: bool = False) -> Condition:
    """Of any of these people, as the technician or the backup; `unassigned`: also those without a technician."""
    theirs = ClientService.technician_id.in_(ids) | ClientService.backup_technician_id.in_(ids)
    nobody = ClientService.technician_id.is_(None) & ClientService.status.in_(LIVING)
    return sa.or_(*([theirs] if ids else []), *([nobody] if unassigned else []), sa.false())


def in_bands(bands: Sequence[Band]) -> Condition:
    score = ClientService.health_score
    return sa.or_(
        *(score.is_(None) if band is Band.UNSCORED else score.between(*BANDS[band][1:]) for band in bands)
    )


def of_types(types: Sequence[ServiceType]) -> Condition:
    return ClientService.service_type.in_(types)


def tagged(tag: str) -> Condition:
    return ClientService.tags.contains([tag])


def renewing_within(days: int | None, today: date) -> Condition:
    """Active services that renew or end from today on within so many days; None: whose day has passed."""
    day, active = ClientService.renewal_date, ClientService.status == Status.ACTIVE
    if days is None:
        return active & (day < today)
    return active & day.between(today, today + timedelta(days=days))


def technicians() -> Sequence[tuple[int, str]]:
    """Everybody who has ever been given a service and is still with us, by name."""
    assigned = sa.exists().where(ClientService.technician_id == User.id)
    people = sa.select(User.id, User.name).where(User.is_active, assigned)
    return [(row.id, row.name) for row in db.session.execute(people.order_by(User.name, User.id))]


def monthly_totals(ids: sa.Select[Any]) -> list[tuple[int, Money, Money]] | None:
    """(services, their monthly cost, that of the active ones) by currency; None above MOST_ADDED_UP services."""
    cost, status = ClientService.monthly_cost_minor, ClientService.status
    rows = ids.add_columns(ClientService.currency, cost, status).limit(MOST_ADDED_UP + 1).subquery()
    active = sa.func.sum(rows.c.monthly_cost_minor).filter(rows.c.status == Status.ACTIVE)
    sums = (
        sa.select(
            rows.c.currency,
            sa.func.count(),
            sa.func.sum(rows.c.monthly_cost_minor),
            sa.func.coalesce(active, 0),
        )
        .group_by(rows.c.currency)
        .order_by(rows.c.currency)
    )
    found = [
        (services, Money(int(total), currency), Money(int(of_active), currency))
        for currency, services, total, of_active in db.session.execute(sums)
    ]
    return found if sum(services for services, _, _ in found) <= MOST_ADDED_UP else None
