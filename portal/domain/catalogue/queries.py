"""Reading the catalogue."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from portal.db import db, fetch
from portal.domain.catalogue.days_off import DaysOff
from portal.domain.catalogue.models import Calendar, Product, SlaPolicy
from portal.domain.catalogue.rules import span_in_words
from portal.domain.errors import NotFound
from portal.domain.fields import is_code
from portal.domain.money import Money
from portal.domain.prices import monthly_cost_of
from portal.domain.words import Severity

if TYPE_CHECKING:
    from portal.domain.sla.hours import Calendar as BusinessHours

Row = TypeVar("Row", Product, SlaPolicy, Calendar)

# By its table and not by its model: a service is sold from the catalogue, so lifecycle builds on this package.
SERVICES = sa.table(
    "client_services", sa.column("id"), sa.column("product_id"), sa.column("sla_policy_id"), sa.column("status")
)  # fmt: skip
LIVING = ("pending", "active", "suspended")


def calendar_of(calendar_id: int) -> "BusinessHours":
    """The calendar as the SLA clocks read it, public and dated holidays included. Raises NotFound."""
    return business_hours(fetch(Calendar, calendar_id))


def business_hours(calendar: Calendar) -> "BusinessHours":
    """The same of a row that is at hand, with `holidays` and all."""
    # Here and not above: that package builds on this one.
    from portal.domain.sla.hours import Calendar as BusinessHours
    from portal.domain.sla.hours import parse_windows

    return BusinessHours(calendar.timezone, parse_windows(calendar.windows), days_off_of(calendar))


def days_off_of(calendar: Calendar) -> DaysOff:
    return DaysOff(calendar.holidays_country, {each.on_date: each.name for each in calendar.holidays})


def product_by_sku(sku: str) -> Product:
    """Raises NotFound."""
    product = db.session.scalar(sa.select(Product).filter_by(sku=sku)) if is_code(sku) else None
    if product is None:
        raise NotFound("There is no such product.")
    return product


def products_listing() -> sa.Select[*tuple[Any, ...]]:
    """One row per product, with the policy's name, the number of steps and of living services."""
    living = SERVICES.c.status.in_(LIVING)
    sold = sa.select(sa.func.count()).select_from(SERVICES).where(SERVICES.c.product_id == Product.id, living)
    return sa.select(
        Product.id,
        Product.sku,
        Product.name,
        Product.service_type,
        Product.category,
        Product.service_level,
        Product.billing_cycle,
        Product.currency,
        Product.cycle_price_minor,
        Product.setup_fee_minor,
        Product.term_months,
        Product.notice_days,
        SlaPolicy.name.label("sla_policy"),
        sold.scalar_subquery().label("services"),
        Product.is_active,
    ).outerjoin(SlaPolicy, SlaPolicy.id == Product.sla_policy_id)


def products_matching(entered: str) -> sa.ColumnElement[bool]:
    """Products whose number, name or category holds this text."""
    return sa.or_(
        *(
            column.icontains(entered, autoescape=True)
            for column in (Product.sku, Product.name, Product.category)
        )
    )


def products(*, active_only: bool = True) -> Sequence[Product]:
    """For lists to choose from, by name."""
    found = sa.select(Product).order_by(Product.name, Product.id)
    return db.session.scalars(found.where(Product.is_active) if active_only else found).all()


def policies(*, active_only: bool = False) -> Sequence[SlaPolicy]:
    """By name, the archived ones last."""
    found = sa.select(SlaPolicy).order_by(SlaPolicy.is_active.desc(), SlaPolicy.name)
    return db.session.scalars(found.where(SlaPolicy.is_active) if active_only else found).all()


def policies_with_usage() -> Sequence[Any]:
    """(policy, products on sale with it, services with it), the archived ones last."""
    on_sale = sa.select(sa.func.count(Product.id)).where(
        Product.sla_policy_id == SlaPolicy.id, Product.is_active
    )
    living = sa.select(sa.func.count(SERVICES.c.id)).where(
        SERVICES.c.sla_policy_id == SlaPolicy.id, SERVICES.c.status.in_(LIVING)
    )
    found = sa.select(SlaPolicy, on_sale.scalar_subquery(), living.scalar_subquery()).options(
        selectinload(SlaPolicy.targets), joinedload(SlaPolicy.calendar)
    )
    return db.session.execute(found.order_by(SlaPolicy.is_active.desc(), SlaPolicy.name)).all()


def policies_by_calendar() -> dict[int, list[str]]:
    """Calendar id → names of the policies that count its hours."""
    names: dict[int, list[str]] = {}
    rows = sa.select(SlaPolicy.calendar_id, SlaPolicy.name).order_by(SlaPolicy.name)
    for calendar_id, name in db.session.execute(rows):
        names.setdefault(calendar_id, []).append(name)
    return names


def calendars() -> Sequence[Calendar]:
    """By name, with their dated days off."""
    found = sa.select(Calendar).options(selectinload(Calendar.holidays))
    return db.session.scalars(found.order_by(Calendar.name)).all()


def price_of(product: Product) -> Money:
    """The price of one cycle."""
    return Money(product.cycle_price_minor, product.currency)


def monthly_price_of(product: Product) -> Money:
    return monthly_cost_of(price_of(product), product.billing_cycle)


def targets_of(policy: SlaPolicy) -> list[tuple[Severity, str, str]]:
    """(severity, response, resolution) in words, the most severe first."""
    by_severity = {each.severity: each for each in policy.targets}
    return [
        (severity, span_in_words(target.response_minutes), span_in_words(target.resolution_minutes))
        for severity in reversed(Severity)
        if (target := by_severity.get(severity))
    ]


def services_sold(product_id: int) -> int:
    """Services ever sold of this product, those that are over included."""
    return _count(SERVICES, SERVICES.c.product_id == product_id)


def policy_usage(policy_id: int) -> tuple[int, int]:
    """How many products and how many services, whatever their state, name this policy."""
    return (
        _count(Product.__table__, Product.sla_policy_id == policy_id),
        _count(SERVICES, SERVICES.c.sla_policy_id == policy_id),
    )


def products_with(policy_id: int) -> Sequence[str]:
    """Names of the products on sale that are sold with this policy, by name."""
    names = sa.select(Product.name).where(Product.sla_policy_id == policy_id, Product.is_active)
    return db.session.scalars(names.order_by(Product.name)).all()


def policies_on(calendar_id: int) -> Sequence[str]:
    """Names of the policies that count this calendar's hours, by name."""
    names = sa.select(SlaPolicy.name).where(SlaPolicy.calendar_id == calendar_id)
    return db.session.scalars(names.order_by(SlaPolicy.name)).all()


def _count(source: sa.FromClause, condition: sa.ColumnElement[bool]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(source).where(condition)) or 0
