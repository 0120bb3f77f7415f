"""Services as they stand today, with what hangs on them. Nothing is billed, and nobody is told."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import joinedload

from portal.domain import company
from portal.domain.catalogue.models import Product
from portal.domain.clients.models import Client
from portal.domain.events import ServiceEdited, ServiceImported
from portal.domain.imports import past
from portal.domain.imports.checking import Row
from portal.domain.imports.desk import Columns, Desk, Kept, id_of, midnight, named, names_of_people, stored_by
from portal.domain.imports.past import Moment
from portal.domain.imports.writers.books import in_ledger, write_movements, write_schedules, write_terms
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.terms import contract_value
from portal.domain.staff import User

FACTS = (
    "name", "service_level", "priority_level", "client_satisfaction", "last_review_date", "monitoring_enabled",
)  # fmt: skip


def write_services(desk: Desk) -> None:
    """New services with their whole past. Of stored ones the lifecycle and the price are left alone."""
    clients = stored_by(Client.code, desk.keys("services", "client_code"))
    known = in_ledger(list(clients.values()))
    review_days = company.setting("review_days")
    kept = _keep(desk, clients, review_days)
    _follow(kept, review_days, desk.at)
    write_terms(kept.created)
    write_schedules(desk, kept.created, {client.id: client.billing_day for client in clients.values()})
    write_movements(desk, kept.created, known)
    _tell(desk, kept)


def _keep(desk: Desk, clients: Mapping[str, Client], review_days: int) -> Kept:
    stored = stored_by(ClientService.external_id, desk.keys("services", "external_id"), to_change=True)
    people = stored_by(
        User.email, desk.keys("services", "technician") | desk.keys("services", "backup_technician")
    )
    skus = desk.keys("services", "product_sku")
    products = stored_by(Product.sku, skus, joinedload(Product.sla_policy))
    moment = Moment(desk.at, desk.today, midnight, review_days)

    def facts(row: Row) -> Columns:
        return {column: row[column] for column in FACTS} | {
            "technician_id": id_of(people.get(row["technician"])),
            "backup_technician_id": id_of(people.get(row["backup_technician"])),
        }

    return desk.keep(
        "services",
        ClientService,
        stored,
        key=lambda row: row["external_id"],
        facts=facts,
        born=lambda row: _birth(row, clients[row["client_code"]], products[row["product_sku"]], moment),
    )


def _birth(row: Row, client: Client, product: Product, moment: Moment) -> Columns:
    """What is written once, when the service is new here."""
    policy, term = product.sla_policy, past.running_term(row, product.term_months)
    columns = past.state_of(row, moment) | past.price_of(row)
    columns |= {
        "external_id": row["external_id"],
        "client_id": client.id,
        "product_id": product.id,
        "service_type": product.service_type,
        "category": product.category,
        "description": product.description,
        "start_date": row["start_date"],
        "end_date": row["end_date"],
        "renewal_date": row["end_date"],
        "auto_renewal": row["auto_renewal"],
        "renewal_count": row["renewal_count"],
        "last_renewed_at": past.renewed_at(row, term, moment),
        "renewal_term_months": product.term_months,
        "notice_days": product.notice_days,
        "next_review_date": past.next_review(row["last_review_date"], moment.review_days),
        "sla_policy_id": id_of(policy),
        "sla_terms": policy.terms if policy else "",
        "availability_target": policy.availability_target if policy else None,
    }
    worth = contract_value(ClientService(**columns), term.start if term else row["start_date"])
    return columns | {"total_contract_value_minor": worth.minor}


def _follow(kept: Kept, review_days: int, at: datetime) -> None:
    """What follows from a change of a stored service: its next review, and since when it is measured."""
    for _, service, changes in kept.changed:
        if "last_review_date" in changes:
            service.next_review_date = past.next_review(service.last_review_date, review_days)
        if service.monitoring_enabled and service.activated_at:
            service.monitored_from = service.monitored_from or at


def _tell(desk: Desk, kept: Kept) -> None:
    desk.tell(ServiceImported, [{"service_id": service.id, "changes": {}} for _, service in kept.created])
    names = names_of_people()
    edited = [
        {
            "service_id": service.id,
            "changes": named(changes, technician_id=names, backup_technician_id=names),
        }
        for _, service, changes in kept.changed
    ]
    desk.tell(ServiceEdited, edited)
