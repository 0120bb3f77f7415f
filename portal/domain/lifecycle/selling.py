"""Selling a product to a client: the client service, pending, with its price and its term."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal import clock
from portal.db import db, fetch
from portal.domain import events
from portal.domain.catalogue.models import Product
from portal.domain.clients.models import Client, Contact, Contract
from portal.domain.errors import Invalid, Refused
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.terms import contract_value
from portal.domain.money import Money
from portal.domain.periods import Cycle, add_months
from portal.domain.prices import cycle_price_of, line_price_of, monthly_cost_of
from portal.signals import send

OVERRIDABLE = frozenset({
    "name", "description", "category", "service_level", "priority_level", "tags", "notes", "external_id",
    "contract_id", "start_date", "end_date", "renewal_date", "auto_renewal", "renewal_term_months", "notice_days",
    "grace_days", "technician_id", "backup_technician_id", "escalation_contact_id", "sla_policy_id", "sla_terms",
    "service_hours", "availability_target", "monitoring_enabled", "billing_cycle", "quantity",
    "unit_price_minor", "cycle_price_minor", "monthly_cost_minor", "setup_cost_minor", "prorate",
    "credit_on_suspend",
})  # fmt: skip
PRICES = frozenset({"unit_price_minor", "cycle_price_minor", "monthly_cost_minor"})


def provision(
    client_id: int, product_id: int, *, by: int | None = None, at: datetime, **overrides: Any
) -> ClientService:
    """Create a pending service from a product; `overrides` are columns of OVERRIDABLE.

    The price is `cycle_price_minor`, or `unit_price_minor` × quantity, or `monthly_cost_minor` of the whole; by
    default the product's. Raises Invalid with a fault for each field, Refused.
    """
    service = compose(client_id, product_id, **overrides)
    db.session.add(service)
    db.session.flush()
    send(events.ServiceProvisioned(service_id=service.id), by=by, at=at)
    return service


def compose(client_id: int, product_id: int, **overrides: Any) -> ClientService:
    """The service as `provision` would create it, not stored: for previews with the very same figures."""
    client, product = fetch(Client, client_id), fetch(Product, product_id)
    unknown = set(overrides) - OVERRIDABLE
    if unknown:
        faults = dict.fromkeys(sorted(unknown), "This cannot be set when a service is created.")
        raise Invalid(faults=faults)
    facts = {key: value for key, value in overrides.items() if value is not None}
    if "billing_cycle" in facts:
        facts["billing_cycle"] = Cycle(facts["billing_cycle"])
    _check_parties(client, product, facts)
    service = ClientService(client=client, client_id=client.id, product=product, product_id=product.id)
    for key, value in (_defaults(product) | facts).items():
        if key not in PRICES:
            setattr(service, key, value)
    service.currency = client.currency
    _set_dates(service, facts)
    _set_prices(service, product, facts)
    return service


def _check_parties(client: Client, product: Product, facts: Mapping[str, Any]) -> None:
    if not client.is_active:
        raise Refused(f"{client.name} is not an active client.")
    if not product.is_active:
        raise Refused(f"{product.name} is no longer sold. Choose another product.")
    faults = {}
    if product.currency != client.currency and not PRICES & set(facts):
        faults["cycle_price_minor"] = (
            f"{product.name} has no price in {client.currency}, which {client.name} pays in: enter one."
        )
    people = facts.get("technician_id"), facts.get("backup_technician_id")
    if people[0] and people[0] == people[1]:
        faults["backup_technician_id"] = "The backup is somebody else than the technician."
    if faults:
        raise Invalid(faults=faults)
    check_links(client.id, facts)


def check_links(client_id: int, facts: Mapping[str, Any]) -> None:
    """Contract and contact must be the client's own. Raises Invalid."""
    contract, contact = facts.get("contract_id"), facts.get("escalation_contact_id")
    faults = {}
    if contract and fetch(Contract, contract).client_id != client_id:
        faults["contract_id"] = "This contract is another client's."
    if contact and fetch(Contact, contact).client_id != client_id:
        faults["escalation_contact_id"] = "This contact is another client's."
    if faults:
        raise Invalid(faults=faults)


def _defaults(product: Product) -> dict[str, Any]:
    return {
        "name": product.name,
        "description": product.description,
        "service_type": product.service_type,
        "category": product.category,
        "service_level": product.service_level,
        "billing_cycle": product.billing_cycle,
        "quantity": 1,
        "start_date": clock.today(),
        "renewal_term_months": product.term_months,
        "notice_days": product.notice_days,
        "sla_policy_id": product.sla_policy_id,
        "availability_target": product.sla_policy.availability_target if product.sla_policy else None,
        "sla_terms": product.sla_policy.terms if product.sla_policy else "",
    }


def _set_dates(service: ClientService, facts: Mapping[str, Any]) -> None:
    term = service.renewal_term_months
    if "end_date" not in facts and term and service.billing_cycle is not Cycle.ONE_TIME:
        service.end_date = add_months(service.start_date, term)
    if service.end_date is not None and service.end_date <= service.start_date:
        raise Invalid(faults={"end_date": "The term ends after it starts."})
    service.renewal_date = facts.get("renewal_date", service.end_date)


def _set_prices(service: ClientService, product: Product, facts: Mapping[str, Any]) -> None:
    negative = {
        key: "A price is zero or more." for key in (*PRICES, "setup_cost_minor") if facts.get(key, 0) < 0
    }
    if negative or service.quantity < 1:
        raise Invalid(faults=negative or {"quantity": "At least one."})
    unit = _unit_price(service, product, facts)
    price = _cycle_price(service, unit, facts)
    service.unit_price_minor = unit.minor
    service.cycle_price_minor = price.minor
    service.monthly_cost_minor = monthly_cost_of(price, service.billing_cycle).minor
    service.setup_cost_minor = facts.get("setup_cost_minor", _setup_fee(service, product))
    service.total_contract_value_minor = contract_value(service, service.start_date).minor


def _unit_price(service: ClientService, product: Product, facts: Mapping[str, Any]) -> Money:
    if "unit_price_minor" in facts:
        return Money(facts["unit_price_minor"], service.currency)
    if PRICES & set(facts):
        return Money(_cycle_price(service, None, facts).minor // service.quantity, service.currency)
    base = Money(product.cycle_price_minor, product.currency)
    if Cycle.ONE_TIME in (product.billing_cycle, service.billing_cycle):
        return base
    return base.times(service.billing_cycle.months / product.billing_cycle.months)


def _cycle_price(service: ClientService, unit: Money | None, facts: Mapping[str, Any]) -> Money:
    if "cycle_price_minor" in facts:
        return Money(facts["cycle_price_minor"], service.currency)
    if "monthly_cost_minor" in facts:
        return cycle_price_of(Money(facts["monthly_cost_minor"], service.currency), service.billing_cycle)
    if unit is None:
        raise Invalid(faults={"cycle_price_minor": "Enter a price."})
    return line_price_of(unit, service.quantity)


def _setup_fee(service: ClientService, product: Product) -> int:
    """A fee in another currency says nothing about this client."""
    return product.setup_fee_minor if product.currency == service.currency else 0
