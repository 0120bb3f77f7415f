"""Signing in with a real browser: with and without scripts, and when a session ends in mid-work (U1, U8, U10)."""

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from portal.clock import now
from portal.db import db, transaction
from portal.domain import staff
from portal.domain.staff import Role, User
from portal.domain.staff.models import UserSession
from tests.chromium import SIZES, chromium, served, violations, watched
from tests.factories import make_user

pytestmark = pytest.mark.browser

PASSWORD = "correct horse bottle"


@pytest.fixture(scope="module")
def window() -> Iterator[object]:
    with chromium() as window:
        yield window


@pytest.fixture
def adi(live) -> User:
    user = make_user(name="Adi Okoro", role=Role.ADMIN)
    with transaction():
        staff.change_password(user_id=user.id, password=PASSWORD, by=user.id, at=now())
    return user


@pytest.fixture
def address(app, live) -> Iterator[str]:
    with served(app) as address:
        yield address


def sign_in(page, user):
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def end_all_sessions():
    with transaction():
        db.session.execute(sa.update(UserSession).values(revoked_at=now()))


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_one_signs_in_invites_somebody_and_signs_out(window, address, adi, scripts):
    with watched(window, address, java_script_enabled=scripts) as page:
        page.goto("/users/new")
        sign_in(page, adi)
        page.get_by_label("Name").fill("Eve Stone")
        page.get_by_label("E-mail address").fill("eve@msp.example")
        page.get_by_label("Viewer").check()
        page.get_by_role("button", name="Invite").click()
        expect(page.get_by_label("One-time link")).to_have_value(re.compile(r"/password/\d+-"))

        page.locator("summary", has_text="Account of Adi Okoro").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_session_that_ended_leads_to_the_login_and_back_to_the_page(window, address, adi):
    with watched(window, address) as page:
        page.goto("/users?role=admin")
        sign_in(page, adi)
        page.wait_for_url("**/users?role=admin")
        end_all_sessions()

        page.get_by_role("link", name="Invite somebody").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert page.locator("#dialog[open]").count() == 0
        sign_in(page, adi)

        page.wait_for_url("**/users?role=admin")
        expect(page.get_by_role("heading", name="Users")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_everybody_can_read_the_way_in(window, address, adi, theme, width, height):
    size = {"width": width, "height": height}
    with watched(window, address, color_scheme=theme, viewport=size, bypass_csp=True) as page:
        found = {}
        for path in ("/login", "/forgot", "/password/1-x"):
            page.goto(path)
            found[path] = violations(page)
        page.goto("/login")
        page.get_by_role("button", name="Sign in").click()
        found["refused"] = violations(page)

    assert {path: faults for path, faults in found.items() if faults} == {}
