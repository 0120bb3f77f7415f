"""Clients, the people at the client, and the agreements with it."""

from portal.domain.clients.actions import (
    add_contact,
    add_contract,
    create,
    deactivate,
    edit,
    edit_contact,
    edit_contract,
    reactivate,
    remove_contact,
)
from portal.domain.clients.queries import (
    active,
    by_code,
    contact_of,
    contacts_of,
    contract_of,
    living_services,
    matching,
)

__all__ = [
    "active", "add_contact", "add_contract", "by_code", "contact_of", "contacts_of", "contract_of", "create",
    "deactivate", "edit", "edit_contact", "edit_contract", "living_services", "matching", "reactivate",
    "remove_contact",
]  # fmt: skip
