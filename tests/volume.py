"""Thousands of clients and services in seconds: one statement each, for proofs and measurements.

They are written past the domain, so nothing has happened to them: no event, no delivery, no schedule unless asked for.
"""

from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import array

from portal import clock
from portal.db import Base, db, table_of
from portal.domain.billing.models import RecurringBilling
from portal.domain.catalogue.models import Product
from portal.domain.clients.models import Client
from portal.domain.lifecycle import ClientService
from portal.domain.lifecycle.rules import ProvisioningStatus, Status
from portal.domain.periods import Cycle
from portal.domain.words import ServiceType

# Of twenty services: what a provider of some years has.
MIX = [
    *[Status.ACTIVE] * 15,
    Status.PENDING,
    Status.SUSPENDED,
    Status.CANCELLED,
    Status.CANCELLED,
    Status.COMPLETED,
]
WHAT = [
    "Backup",
    "Firewall",
    "Mail archive",
    "Managed server",
    "Monitoring",
    "Office licences",
    "VoIP",
    "Web hosting",
]
WHERE = [
    "Berlin",
    "Bremen",
    "Dresden",
    "Essen",
    "Hamburg",
    "Jena",
    "Kiel",
    "Leipzig",
    "Mainz",
    "Passau",
    "Ulm",
]
TAGS = ["gold", "critical", "legacy", "pilot", "onsite", "remote"]
PRICE_MINOR = 100_000
START = date(2026, 1, 1)


def make_clients(count: int, *, managers: list[int] | None = None) -> None:
    """Clients K1, K2, … with account managers in turn."""
    number = _numbers(count)
    _insert_each(
        Client,
        code=sa.literal("K") + sa.cast(number, sa.Text),
        name=_of(WHERE, number) + " Company " + sa.cast(number, sa.Text),
        currency=sa.literal("USD"),
        account_manager_id=_of(managers, number) if managers else sa.null(),
    )


def make_services(
    count: int, *, status: Status | None = None, technicians: list[int] | None = None, start: date = START
) -> None:
    """Services dealt out to the clients that there are; `status` None: as MIX says. Pending ones are ready."""
    number = _numbers(count)
    is_a = sa.literal(status.value) if status else _of([each.value for each in MIX], number)
    began = datetime(start.year, start.month, start.day, tzinfo=clock.now().tzinfo)
    active, cost = is_a == "active", PRICE_MINOR + number % 977 * 100
    _insert_each(
        ClientService,
        name=_of(WHAT, number) + " " + _of(WHERE, number // 8) + " " + sa.cast(number, sa.Text),
        client_id=(number - 1) % _count(Client) + 1,
        product_id=sa.literal(_product()),
        service_type=sa.literal(ServiceType.MANAGED_SERVICES.value),
        status=is_a,
        provisioning_status=sa.literal(ProvisioningStatus.COMPLETED.value),
        start_date=sa.literal(start),
        end_date=sa.literal(start + timedelta(days=365)) + number % 300,
        renewal_date=sa.literal(start + timedelta(days=365)) + number % 300,
        activated_at=sa.case((active, began)),
        suspended_at=sa.case((is_a == "suspended", began)),
        cancelled_at=sa.case((is_a == "cancelled", began)),
        completed_at=sa.case((is_a == "completed", began)),
        technician_id=_of(technicians, number) if technicians else sa.null(),
        tags=array([_of(TAGS, number), _of(TAGS, number // 6)])
        if technicians
        else sa.cast(sa.literal("{}"), sa.ARRAY(sa.String(40))),
        health_score=sa.case((active, 30 + number * 7 % 71)),
        billing_cycle=sa.literal(Cycle.MONTHLY.value),
        currency=sa.literal("USD"),
        unit_price_minor=cost,
        cycle_price_minor=cost,
        monthly_cost_minor=cost,
    )


def make_schedules(*, first_on: date = START, due_on: date) -> None:
    """A monthly schedule for each active service, billed up to `due_on`."""
    service = table_of(ClientService)
    columns: dict[str, Any] = {
        "client_service_id": service.c.id,
        "client_id": service.c.client_id,
        "amount_minor": service.c.cycle_price_minor,
        "currency": service.c.currency,
        "frequency": service.c.billing_cycle,
        "anchor_day": sa.literal(first_on.day),
        "first_on": sa.literal(first_on),
        "next_bill_date": sa.literal(due_on),
    }
    rows = sa.select(*columns.values()).where(service.c.status == Status.ACTIVE)
    db.session.execute(sa.insert(table_of(RecurringBilling)).from_select(list(columns), rows))


def analyse() -> None:
    """What autovacuum would have found out by tomorrow."""
    db.session.commit()
    with db.engine.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SET statement_timeout = '300s'")
        connection.exec_driver_sql("VACUUM ANALYZE")
        connection.exec_driver_sql("RESET statement_timeout")


def _product() -> int:
    """The id of the one product that all of them are of."""
    found = db.session.scalar(sa.select(Product.id).limit(1))
    if found is not None:
        return found
    one = Product(
        sku="MANY", name="One of many", service_type=ServiceType.MANAGED_SERVICES,
        billing_cycle=Cycle.MONTHLY, currency="USD", cycle_price_minor=PRICE_MINOR,
    )  # fmt: skip
    db.session.add(one)
    db.session.flush()
    return one.id


def _insert_each(model: type[Base], **columns: Any) -> None:
    """One row for each number; what is not named gets the model's default."""
    db.session.execute(sa.text("SET LOCAL statement_timeout = '300s'"))
    table = table_of(model)
    db.session.execute(sa.insert(table).from_select(list(columns), sa.select(*columns.values())))


def _numbers(count: int) -> sa.ColumnElement[int]:
    return sa.func.generate_series(1, count, type_=sa.Integer).column_valued("number")


def _of(choices: list[Any], number: Any) -> sa.Case[Any]:
    """One choice after the other, as the numbers go."""
    return sa.case(dict(enumerate(choices)), value=number % len(choices))


def _count(model: type[Base]) -> int:
    return int(db.session.scalar(sa.select(sa.func.count()).select_from(table_of(model))) or 0)
