"""Keeping the book of clients: the companies, the people there, the agreements with them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db import batch_lock, db, fetch, lock
from portal.domain import fields
from portal.domain.clients import rules
from portal.domain.clients.models import Client, Contact, Contract
from portal.domain.clients.queries import living_services, services_count
from portal.domain.errors import Invalid
from portal.domain.events import ClientEvent
from portal.domain.staff.models import User
from portal.domain.staff.permissions import Permission, may
from portal.signals import send


def create(*, by: int | None, at: datetime, **values: Any) -> Client:
    """A new client; `values`: the fields of rules.CLIENT. Raises Invalid, also for a code that is taken."""
    cleaned = rules.check_client(values)
    _check_manager(cleaned.get("account_manager_id"))
    row = insert(Client).values(**cleaned, created_at=at).on_conflict_do_nothing(index_elements=["code"])
    client_id = db.session.scalar(row.returning(Client.id))
    if client_id is None:
        raise Invalid(faults={"code": "Another client has this code already."})
    first = {key: (None, value) for key, value in cleaned.items() if value}
    _say(client_id, "client added", _named(first), by, at)
    return db.session.get_one(Client, client_id)


def edit(*, client_id: int, version: int, by: int | None, at: datetime, **values: Any) -> Client:
    """Change the fields given. Raises Invalid and, when somebody else saved since `version`, StaleVersion.

    The code is for good: imports and addresses know the client by it.
    """
    client = lock(Client, client_id)
    if values.get("code", client.code) != client.code:
        raise Invalid(faults={"code": "A client keeps its code: imports and addresses know it by that."})
    cleaned = rules.check_client({"currency": client.currency, **values})
    rules.check_currency(
        before=client.currency, after=cleaned["currency"], services=services_count(client_id)
    )
    if cleaned.get("account_manager_id") != client.account_manager_id:
        _check_manager(cleaned.get("account_manager_id"))
    changes = _named(fields.differences(client, cleaned))
    fields.refuse_stale(client, version, changes)
    fields.assign(client, cleaned)
    _say(client_id, "client changed", changes, by, at)
    return client


def deactivate(*, client_id: int, by: int | None, at: datetime) -> Client:
    """Nothing can be sold to this client any more. Raises Refused while it has living services."""
    client = lock(Client, client_id)
    rules.check_deactivation(client.name, living_services(client_id))
    _say(client_id, "client deactivated", fields.assign(client, {"is_active": False}), by, at)
    return client


def reactivate(*, client_id: int, by: int | None, at: datetime) -> Client:
    client = lock(Client, client_id)
    _say(client_id, "client reactivated", fields.assign(client, {"is_active": True}), by, at)
    return client


def add_contact(*, client_id: int, by: int | None, at: datetime, **values: Any) -> Contact:
    """A new contact; one who was removed earlier comes back. Raises Invalid for an address already there."""
    lock(Client, client_id)
    cleaned = fields.check(rules.CONTACT, values)
    contact = db.session.scalar(sa.select(Contact).filter_by(client_id=client_id, email=cleaned["email"]))
    if contact is None:
        contact = Contact(client_id=client_id)
        db.session.add(contact)
    elif contact.is_active:
        raise Invalid(faults={"email": f"{contact.name} has this address already."})
    changes = fields.assign(contact, {**cleaned, "is_active": True})
    db.session.flush()
    _say(client_id, f"contact added: {contact.name}", changes, by, at)
    return contact


def edit_contact(*, contact_id: int, version: int, by: int | None, at: datetime, **values: Any) -> Contact:
    """Change a contact. Raises Invalid, StaleVersion."""
    lock(Client, fetch(Contact, contact_id).client_id)
    contact = lock(Contact, contact_id)
    cleaned = fields.check(rules.CONTACT, values)
    taken = sa.select(Contact.id).where(
        Contact.client_id == contact.client_id, Contact.email == cleaned["email"], Contact.id != contact_id
    )
    if db.session.scalar(taken):
        raise Invalid(faults={"email": "Another contact of this client has this address, or had it once."})
    fields.refuse_stale(contact, version, fields.differences(contact, cleaned))
    _say(contact.client_id, f"contact changed: {contact.name}", fields.assign(contact, cleaned), by, at)
    return contact


def remove_contact(*, contact_id: int, by: int | None, at: datetime) -> Contact:
    """No more mail to this person; history keeps the name. Raises Refused if a service escalates to them."""
    contact = lock(Contact, contact_id)
    rules.check_removal(contact.name, living_services(contact.client_id, escalating_to=contact_id))
    changes = fields.assign(contact, {"is_active": False})
    _say(contact.client_id, f"contact removed: {contact.name}", changes, by, at)
    return contact


def add_contract(*, client_id: int, by: int | None, at: datetime, **values: Any) -> Contract:
    """A new agreement. Raises Invalid, also for a number that is taken."""
    fetch(Client, client_id)
    cleaned = rules.check_contract(values)
    _check_number(cleaned["number"])
    contract = Contract(client_id=client_id)
    changes = fields.assign(contract, cleaned)
    db.session.add(contract)
    db.session.flush()
    _say(client_id, f"contract added: {contract.number}", changes, by, at)
    return contract


def edit_contract(*, contract_id: int, version: int, by: int | None, at: datetime, **values: Any) -> Contract:
    """Change an agreement; fees and renewals from now on go by it. Raises Invalid, StaleVersion."""
    contract = lock(Contract, contract_id)
    cleaned = rules.check_contract(values)
    _check_number(cleaned["number"], other_than=contract_id)
    fields.refuse_stale(contract, version, fields.differences(contract, cleaned))
    _say(contract.client_id, f"contract changed: {contract.number}", fields.assign(contract, cleaned), by, at)
    return contract


def _say(client_id: int, what: str, changes: fields.Changes, by: int | None, at: datetime) -> None:
    """The event of an act on the client's record; an act that changed nothing leaves no trace."""
    if changes:
        send(ClientEvent(client_id=client_id, what=what, changes=changes), by=by, at=at)


def _named(changes: fields.Changes) -> fields.Changes:
    """With the account manager's name in place of the id: people read this."""
    before, after = changes.get("account_manager_id", (None, None))
    named = {"account_manager": (_name_of(before), _name_of(after))} if before != after else {}
    return {key: change for key, change in changes.items() if key != "account_manager_id"} | named


def _check_number(number: str, *, other_than: int | None = None) -> None:
    """One at a time, because a number belongs to one contract of all clients."""
    batch_lock("contract numbers")
    taken = sa.select(Contract.id).where(Contract.number == number, Contract.id.is_distinct_from(other_than))
    if db.session.scalar(taken) is not None:
        raise Invalid(faults={"number": "Another contract has this number already."})


def _check_manager(user_id: int | None) -> None:
    if user_id is None:
        return
    user = db.session.get(User, user_id)
    if user is None or not user.is_active or not may(user, Permission.MANAGE_CLIENTS):
        raise Invalid(faults={"account_manager_id": "Choose an active account manager or admin."})


def _name_of(user_id: int | None) -> str:
    user = db.session.get(User, user_id) if user_id else None
    return user.name if user else "nobody"
