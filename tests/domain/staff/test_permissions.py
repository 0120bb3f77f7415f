"""Rule book 10, read row by row."""

from types import SimpleNamespace

import pytest

from portal.domain.staff import GRANTS, Permission, Role, may, may_edit

A, M, T, F, V = Role.ADMIN, Role.ACCOUNT_MANAGER, Role.TECHNICIAN, Role.FINANCE, Role.VIEWER

RULE_BOOK = {
    Permission.VIEW: {A, M, T, F, V},
    Permission.VIEW_MONEY: {A, M, F},
    Permission.PROVISION: {A, M},
    Permission.EDIT_SERVICE: {A, M, T},
    Permission.WORK_PROVISIONING: {A, M, T},
    Permission.ACTIVATE: {A, M},
    Permission.OVERRIDE_PROVISIONING: {A},
    Permission.SUSPEND: {A, M, F},
    Permission.CANCEL: {A, M},
    Permission.BACKDATE_CANCELLATION: {A, F},
    Permission.WAIVE_FEE: {A},
    Permission.RENEW: {A, M},
    Permission.TRANSFER: {A, M},
    Permission.CHANGE_PRICE: {A, M},
    Permission.CHANGE_PRICES_IN_BULK: {A, F},
    Permission.WORK_INCIDENTS: {A, M, T},
    Permission.BILLING: {A, F},
    Permission.SLA_REPORTS: {A, M, T, F, V},
    Permission.MANAGE_CLIENTS: {A, M},
    Permission.CATALOGUE: {A, M},
    Permission.MANAGE_USERS: {A},
    Permission.SETTINGS: {A},
    Permission.OPS: {A},
    Permission.AUDIT: {A},
    Permission.IMPORT: {A},
}


def person(role, id=1):
    return SimpleNamespace(id=id, role=role)


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_what_the_rule_book_says(permission, role):
    assert may(person(role), permission) == (role in RULE_BOOK[permission])


def test_every_permission_stands_in_the_table():
    assert set(GRANTS) == set(Permission)


@pytest.mark.parametrize(
    ("role", "technician", "backup", "allowed"),
    [
        (A, None, None, True),
        (M, None, None, True),
        (T, 1, None, True),
        (T, None, 1, True),
        (T, 2, 3, False),
        (T, None, None, False),
        (F, 1, None, False),
        (V, 1, None, False),
    ],
)
def test_a_technician_edits_only_the_services_assigned_to_them(role, technician, backup, allowed):
    service = SimpleNamespace(technician_id=technician, backup_technician_id=backup)

    assert may_edit(person(role), service) is allowed
