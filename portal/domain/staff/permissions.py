"""Who may do what: rule book 10, once. Routes, buttons and tests read this table."""

from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    ADMIN = "admin"
    ACCOUNT_MANAGER = "account_manager"
    TECHNICIAN = "technician"
    FINANCE = "finance"
    VIEWER = "viewer"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


class Permission(StrEnum):
    VIEW = "view"
    """Clients, services, health, incidents."""
    VIEW_MONEY = "view_money"
    """Prices, MRR, invoices. Without it no form takes a price either."""
    PROVISION = "provision"
    """The wizard."""
    EDIT_SERVICE = "edit_service"
    """A technician edits only assigned services: ask `may_edit` as well."""
    WORK_PROVISIONING = "work_provisioning"
    """Provisioning tasks, SLA set-up, monitoring, complete, fail."""
    ACTIVATE = "activate"
    OVERRIDE_PROVISIONING = "override_provisioning"
    """Activate a service whose provisioning is not completed."""
    SUSPEND = "suspend"
    """Suspend and resume."""
    CANCEL = "cancel"
    BACKDATE_CANCELLATION = "backdate_cancellation"
    WAIVE_FEE = "waive_fee"
    RENEW = "renew"
    """Renew, quote, approve, deny."""
    TRANSFER = "transfer"
    CHANGE_PRICE = "change_price"
    """Price, quantity and discount of one service: part of editing it, for those who see prices."""
    CHANGE_PRICES_IN_BULK = "change_prices_in_bulk"
    WORK_INCIDENTS = "work_incidents"
    BILLING = "billing"
    """Billing run, issue, void, credit, payments."""
    SLA_REPORTS = "sla_reports"
    MANAGE_CLIENTS = "manage_clients"
    CATALOGUE = "catalogue"
    """Products, SLA policies, calendars."""
    MANAGE_USERS = "manage_users"
    SETTINGS = "settings"
    OPS = "ops"
    """Jobs, deliveries, periodic runs."""
    AUDIT = "audit"
    IMPORT = "import"


_EVERYBODY = frozenset(Role)
_ADMIN = frozenset({Role.ADMIN})
_SALES = frozenset({Role.ADMIN, Role.ACCOUNT_MANAGER})
_HANDS_ON = _SALES | {Role.TECHNICIAN}
_MONEY = frozenset({Role.ADMIN, Role.FINANCE})

GRANTS: dict[Permission, frozenset[Role]] = {
    Permission.VIEW: _EVERYBODY,
    Permission.VIEW_MONEY: _SALES | _MONEY,
    Permission.PROVISION: _SALES,
    Permission.EDIT_SERVICE: _HANDS_ON,
    Permission.WORK_PROVISIONING: _HANDS_ON,
    Permission.ACTIVATE: _SALES,
    Permission.OVERRIDE_PROVISIONING: _ADMIN,
    Permission.SUSPEND: _SALES | _MONEY,
    Permission.CANCEL: _SALES,
    Permission.BACKDATE_CANCELLATION: _MONEY,
    Permission.WAIVE_FEE: _ADMIN,
    Permission.RENEW: _SALES,
    Permission.TRANSFER: _SALES,
    Permission.CHANGE_PRICE: _SALES,
    Permission.CHANGE_PRICES_IN_BULK: _MONEY,
    Permission.WORK_INCIDENTS: _HANDS_ON,
    Permission.BILLING: _MONEY,
    Permission.SLA_REPORTS: _EVERYBODY,
    Permission.MANAGE_CLIENTS: _SALES,
    Permission.CATALOGUE: _SALES,
    Permission.MANAGE_USERS: _ADMIN,
    Permission.SETTINGS: _ADMIN,
    Permission.OPS: _ADMIN,
    Permission.AUDIT: _ADMIN,
    Permission.IMPORT: _ADMIN,
}


class Person(Protocol):
    """What a permission is asked of: a user row, or a stand-in in a test."""

    @property
    def id(self) -> int: ...

    @property
    def role(self) -> Role: ...


class AssignedService(Protocol):
    @property
    def technician_id(self) -> int | None: ...

    @property
    def backup_technician_id(self) -> int | None: ...


def may(person: Person, permission: Permission) -> bool:
    return person.role in GRANTS[permission]


def may_edit(person: Person, service: AssignedService) -> bool:
    """Whether this person may edit this service: a technician only those assigned to them.

    Prices are a question of their own: a form shows and takes them with VIEW_MONEY only.
    """
    if not may(person, Permission.EDIT_SERVICE):
        return False
    if person.role is not Role.TECHNICIAN:
        return True
    return person.id in (service.technician_id, service.backup_technician_id)
