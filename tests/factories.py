"""The given of a test. Factories act through the domain: a suspended service has really been suspended."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any, TypeVar

from portal import clock
from portal.db import db, transaction
from portal.domain import lifecycle, staff
from portal.domain.catalogue.models import Calendar, ChecklistItem, Product, SlaPolicy, SlaTarget
from portal.domain.clients.models import Client, Contact
from portal.domain.lifecycle import ClientService
from portal.domain.lifecycle.rules import ProvisioningStatus
from portal.domain.periods import Cycle
from portal.domain.staff import Role, User
from portal.domain.words import ServiceType, Severity

Row = TypeVar("Row")
_numbers = count(1)


@dataclass
class Cast:
    ana: User
    tom: User
    fay: User
    adi: User
    vic: User

    @classmethod
    def assemble(cls) -> "Cast":
        return cls(
            ana=make_user(name="Ana Reyes", role=Role.ACCOUNT_MANAGER),
            tom=make_user(name="Tom Vale", role=Role.TECHNICIAN),
            fay=make_user(name="Fay Lind", role=Role.FINANCE),
            adi=make_user(name="Adi Okoro", role=Role.ADMIN),
            vic=make_user(name="Vic Sand", role=Role.VIEWER),
        )

    def by_role(self) -> dict[Role, User]:
        return {user.role: user for user in (self.ana, self.tom, self.fay, self.adi, self.vic)}


def make_user(*, name: str = "", role: Role = Role.TECHNICIAN, email: str = "") -> User:
    number = next(_numbers)
    name = name or f"Person {number}"
    email = email or f"{name.split()[0].lower()}{number}@msp.example"
    with transaction():
        return staff.add(email=email, name=name, role=role, by=None, at=clock.now())


def make_client(**facts: Any) -> Client:
    number = next(_numbers)
    facts = {"code": f"K{number}", "name": f"Client {number}", "currency": "USD"} | facts
    return _saved(Client(**facts))


def make_contact(client: Client, **facts: Any) -> Contact:
    number = next(_numbers)
    facts = {"name": f"Contact {number}", "email": f"c{number}@client.example", "roles": ["billing"]} | facts
    return _saved(Contact(client_id=client.id, **facts))


def make_calendar(**facts: Any) -> Calendar:
    facts = {"name": f"office-{next(_numbers)}", "timezone": "UTC", "windows": "Mon-Fri 09:00-17:00"} | facts
    return _saved(Calendar(**facts))


def make_policy(**facts: Any) -> SlaPolicy:
    calendar = facts.pop("calendar", None) or make_calendar()
    facts = {"name": f"policy-{next(_numbers)}", "availability_target": Decimal("99.9")} | facts
    targets = [
        SlaTarget(severity=severity, response_minutes=60 * weight, resolution_minutes=480 * weight)
        for severity, weight in zip(reversed(Severity), (1, 2, 4, 8), strict=True)
    ]
    return _saved(SlaPolicy(calendar=calendar, targets=targets, **facts))


def make_product(*, checklist: tuple[str, ...] = (), **facts: Any) -> Product:
    """`checklist`: titles; one that ends in * is mandatory."""
    number = next(_numbers)
    facts = {
        "sku": f"P-{number}",
        "name": f"Product {number}",
        "service_type": ServiceType.MANAGED_SERVICES,
        "billing_cycle": Cycle.MONTHLY,
        "currency": "USD",
        "cycle_price_minor": 100_000,
        "term_months": 12,
    } | facts
    items = [
        ChecklistItem(position=position, title=title.rstrip("*"), is_mandatory=title.endswith("*"))
        for position, title in enumerate(checklist)
    ]
    return _saved(Product(checklist=items, **facts))


def make_service(*, status: str = "pending", **facts: Any) -> ClientService:
    """A service that has been led to `status`; `facts` are what `lifecycle.provision` takes, and client, product.

    `provisioned=True` leaves a pending one ready to activate.
    """
    client = facts.pop("client", None) or make_client()
    product = facts.pop("product", None) or make_product(currency=client.currency)
    provisioned = facts.pop("provisioned", status != "pending")
    facts.setdefault("start_date", clock.today())
    with transaction():
        service = lifecycle.provision(client.id, product.id, by=None, at=clock.now(), **facts)
        if provisioned:
            service.provisioning_status = ProvisioningStatus.COMPLETED
            service.provisioned_at = clock.now()
        service_id = service.id
    for step in PATHS[status]:
        with transaction():
            step(service_id)
    return db.session.get_one(ClientService, service_id)


def _activate(service_id: int) -> None:
    lifecycle.activate(service_id=service_id, by=None, at=clock.now())


def _suspend(service_id: int) -> None:
    lifecycle.suspend(service_id=service_id, reason="unpaid", by=None, at=clock.now())


def _cancel(service_id: int) -> None:
    day: date = max(clock.today(), db.session.get_one(ClientService, service_id).start_date)
    lifecycle.cancel(service_id=service_id, effective_on=day, reason="moved away", by=None, at=clock.now())


def _complete(service_id: int) -> None:
    service = db.session.get_one(ClientService, service_id)
    service.billing_cycle = Cycle.ONE_TIME
    lifecycle.complete(service_id=service_id, by=None, at=clock.now())


PATHS = {
    "pending": (),
    "active": (_activate,),
    "suspended": (_activate, _suspend),
    "cancelled": (_activate, _cancel),
    "completed": (_activate, _complete),
}


def _saved(row: Row) -> Row:
    with transaction():
        db.session.add(row)
    return row
