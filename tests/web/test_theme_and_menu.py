"""What surrounds a page: its theme and the way to other pages."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_login import login_user

from portal.domain.staff.permissions import Role
from portal.web.menu import MENU, navigation
from tests.web.conftest import Fay
from tests.web.test_htmx import token

PORTAL = Path(__file__).parents[2] / "portal"
# Names of icons where they are written down: icon("x"), a button's icon, an entry of the menu or a bulk move.
ICON = re.compile(
    r'icon\("([a-z0-9-]+)"|Item\("[^"]+", "([a-z0-9-]+)"|Bulk\("[^"]+", "[^"]+", "([a-z0-9-]+)"'
)


def test_the_theme_is_kept_and_the_next_page_is_drawn_in_it(http: FlaskClient) -> None:
    assert 'data-theme="auto" data-bs-theme="light"' in http.get("/page").text
    answer = http.post("/theme", data=token(http, theme="dark", next="/page?a=b"))
    assert (answer.status_code, answer.location) == (303, "/page?a=b")
    assert 'data-theme="dark" data-bs-theme="dark"' in http.get("/page").text


def test_an_unknown_theme_changes_nothing(http: FlaskClient) -> None:
    http.post("/theme", data=token(http, theme="pink"))
    assert http.get_cookie("theme") is None


@pytest.mark.parametrize(
    "hostile", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "\t//e"]
)
def test_choosing_a_theme_never_leads_away(http: FlaskClient, hostile: str) -> None:
    assert http.post("/theme", data=token(http, theme="dark", next=hostile)).location == "/"


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    ("role", "hidden"),
    [
        (Role.ADMIN, set()),
        (Role.FINANCE, {"Operations", "Users", "Import", "Settings"}),
        (Role.VIEWER, {"Invoices", "Revenue", "Operations", "Users", "Import", "Settings"}),
    ],
)
def test_the_menu_shows_what_the_person_may_open(role: Role, hidden: set[str]) -> None:
    login_user(Fay(role))
    shown = {item.label for section in navigation() for item in section.items}
    assert {item.label for section in MENU for item in section.items} - shown == hidden


def test_every_entry_of_the_menu_leads_to_a_page(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    for section in MENU:
        for item in section.items:
            assert adapter.test(item.url) or adapter.test(item.url + "/"), item.url


def test_every_icon_is_in_the_sprite() -> None:
    listed = set((PORTAL / "static" / "icons.txt").read_text().split())
    files = [*PORTAL.glob("templates/**/*.html"), *PORTAL.glob("**/*.py")]
    named = {name for file in files for found in ICON.findall(file.read_text()) for name in found if name}
    assert len(named) > 20
    assert named <= listed, sorted(named - listed)
