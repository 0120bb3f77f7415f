"""Staff, clients, and the people at the clients."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from portal.db import db
from portal.domain import staff
from portal.domain.clients.models import Client, Contact
from portal.domain.errors import Refused
from portal.domain.events import ClientEvent, ProfileChanged, UserAdded
from portal.domain.fields import Changes
from portal.domain.imports.checking import Row
from portal.domain.imports.desk import Columns, Desk, id_of, named, names_of_people, stored_by
from portal.domain.imports.reading import Fault
from portal.domain.staff import User

CLIENT = (
    "name", "currency", "timezone", "payment_terms_days", "tax_rate_percent", "billing_email",
    "consolidate_invoices", "billing_day",
)  # fmt: skip


def write_staff(desk: Desk) -> None:
    """Accounts without a password; a role that differs is changed as on the users page, with its refusals."""
    stored = stored_by(User.email, desk.keys("staff", "email"), to_change=True)
    rows = {row["email"]: row for row in desk.rows["staff"]}
    touched: dict[str, Changes] = {
        email: {} for email, user in stored.items() if _change_role(desk, rows[email], user)
    }
    kept = desk.keep(
        "staff",
        User,
        stored,
        key=lambda row: row["email"],
        facts=lambda row: {"name": row["name"]},
        born=lambda row: {"email": row["email"], "role": row["role"], "created_at": desk.at},
        touched=touched,
    )
    added = [
        {"user_id": user.id, "changes": {column: (None, row[column]) for column in ("email", "name", "role")}}
        for row, user in kept.created
    ]
    desk.tell(UserAdded, added)
    renamed = [{"user_id": user.id, "changes": changes} for _, user, changes in kept.changed if changes]
    desk.tell(ProfileChanged, renamed)


def _change_role(desk: Desk, row: Row, user: User) -> bool:
    if user.role is row["role"]:
        return False
    try:
        staff.change_role(user_id=user.id, role=row["role"], by=desk.by, at=desk.at)
    except Refused as refusal:
        desk.faults.append(Fault("staff.csv", row.row, "role", refusal.message))
    return True


def write_clients(desk: Desk) -> None:
    managers = stored_by(User.email, desk.keys("clients", "account_manager"))

    def facts(row: Row) -> Columns:
        manager = managers.get(row["account_manager"])
        return {column: row[column] for column in CLIENT} | {"account_manager_id": id_of(manager)}

    kept = desk.keep(
        "clients",
        Client,
        stored_by(Client.code, desk.keys("clients", "code"), to_change=True),
        key=lambda row: row["code"],
        facts=facts,
        born=lambda row: {"code": row["code"]},
    )
    people = names_of_people()
    told = [
        {"client_id": client.id, "what": "client added", "changes": {"code": (None, client.code)}}
        for _, client in kept.created
    ] + [
        {
            "client_id": client.id,
            "what": "client changed",
            "changes": named(changes, account_manager_id=people),
        }
        for _, client, changes in kept.changed
    ]
    desk.tell(ClientEvent, told)


def write_contacts(desk: Desk) -> None:
    clients = stored_by(Client.code, desk.keys("contacts", "client_code"))
    of_these = Contact.client_id == sa.any_(
        sa.literal([each.id for each in clients.values()], ARRAY(sa.BigInteger))
    )
    stored = {
        (contact.client_id, contact.email): contact
        for contact in db.session.scalars(
            sa.select(Contact).where(of_these).order_by(Contact.id).with_for_update()
        )
    }
    kept = desk.keep(
        "contacts",
        Contact,
        stored,
        key=lambda row: (clients[row["client_code"]].id, row["email"]),
        facts=lambda row: {"name": row["name"], "phone": row["phone"], "roles": list(row["roles"])},
        born=lambda row: {"client_id": clients[row["client_code"]].id, "email": row["email"]},
    )
    told = [
        {"client_id": contact.client_id, "what": f"contact added: {contact.name}", "changes": {}}
        for _, contact in kept.created
    ] + [
        {"client_id": contact.client_id, "what": f"contact changed: {contact.name}", "changes": changes}
        for _, contact, changes in kept.changed
    ]
    desk.tell(ClientEvent, told)
