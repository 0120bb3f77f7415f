"""Where one can go: the navigation as a table, shown by permission."""

from typing import NamedTuple

from flask import Flask
from flask_login import current_user

from portal.domain.staff.permissions import Permission, may


class Item(NamedTuple):
    label: str
    icon: str
    url: str
    needs: Permission
    also: tuple[str, ...] = ()
    """Further paths that light this entry up."""

    def leads_to(self, path: str) -> bool:
        if self.url == "/":
            return path == "/"
        return any(path == each or path.startswith(each + "/") for each in (self.url, *self.also))


class Section(NamedTuple):
    label: str
    items: tuple[Item, ...]


MONEY_PATHS = ("/billing", "/payments", "/refunds")

MENU: tuple[Section, ...] = (
    Section(
        "Work",
        (
            Item("Home", "home", "/", Permission.VIEW),
            Item("Services", "stack-2", "/services", Permission.VIEW),
            Item("Provisioning", "checklist", "/provisioning", Permission.VIEW),
            Item("Health", "heart-rate-monitor", "/health", Permission.VIEW),
            Item("Incidents", "alert-triangle", "/incidents", Permission.VIEW),
        ),
    ),
    Section(
        "Business",
        (
            Item("Clients", "building", "/clients", Permission.VIEW),
            Item("Catalogue", "packages", "/catalogue", Permission.VIEW),
            Item("Invoices", "file-invoice", "/invoices", Permission.VIEW_MONEY, also=MONEY_PATHS),
            Item("Renewals", "refresh", "/renewals", Permission.VIEW),
            Item("Revenue", "trending-up", "/revenue", Permission.VIEW_MONEY),
            Item("Reports", "report-analytics", "/reports", Permission.SLA_REPORTS),
        ),
    ),
    Section(
        "System",
        (
            Item("Operations", "activity-heartbeat", "/ops", Permission.OPS),
            Item("Users", "users", "/users", Permission.MANAGE_USERS),
            Item("Import", "file-import", "/import", Permission.IMPORT),
            Item("Settings", "settings", "/settings", Permission.SETTINGS),
        ),
    ),
)


def navigation() -> list[Section]:
    """The sections with what this person may open; empty ones are left out."""
    allowed = [
        Section(section.label, tuple(item for item in section.items if may(current_user, item.needs)))
        for section in MENU
    ]
    return [section for section in allowed if section.items]


def init(app: Flask) -> None:
    app.jinja_env.globals["navigation"] = navigation
