"""The list and the page of one service, for each role."""

import pytest

from portal.db import db
from portal.domain.staff import Role
from tests.browsing import Browser
from tests.factories import Cast, make_client, make_service

EVERY_STATE = ("pending", "active", "suspended", "cancelled", "completed")
SEES_MONEY = (Role.ADMIN, Role.ACCOUNT_MANAGER, Role.FINANCE)


@pytest.mark.parametrize("role", list(Role))
def test_the_list_shows_money_only_to_those_who_may_see_it(browser: Browser, cast: Cast, role: Role) -> None:
    make_service(status="active", name="Backup", cycle_price_minor=250_000)
    page = browser.sign_in(cast.by_role()[role]).get("/services")
    assert "Backup" in page.text
    assert ("2,500.00" in page.text) == (role in SEES_MONEY)


@pytest.mark.parametrize("role", list(Role))
def test_the_page_of_a_service_shows_money_only_to_those_who_may_see_it(
    browser: Browser, cast: Cast, role: Role
) -> None:
    service = make_service(status="active", name="Backup", cycle_price_minor=250_000)
    page = browser.sign_in(cast.by_role()[role]).get(f"/services/{service.id}")
    assert "Backup" in page.text
    assert ("2,500.00" in page.text) == (role in SEES_MONEY)


@pytest.mark.parametrize("status", EVERY_STATE)
@pytest.mark.parametrize("tab", ["timeline", "invoices", "incidents", "provisioning", "notices"])
def test_every_tab_opens_in_every_state(browser: Browser, cast: Cast, status: str, tab: str) -> None:
    service = make_service(status=status)
    assert browser.sign_in(cast.adi).get(f"/services/{service.id}?tab={tab}").status == 200


MOVES = (
    "activate",
    "suspend",
    "resume",
    "cancel",
    "withdraw-cancellation",
    "renew",
    "transfer",
    "complete",
    "assign",
)


@pytest.mark.parametrize("status", EVERY_STATE)
@pytest.mark.parametrize("move", MOVES)
def test_a_move_is_asked_for_refused_or_said_to_have_happened(
    browser: Browser, cast: Cast, status: str, move: str
) -> None:
    service = make_service(status=status)
    page = browser.sign_in(cast.adi).get(f"/services/{service.id}/{move}")
    assert page.status in (200, 303, 409)


def test_edit_opens(browser: Browser, cast: Cast) -> None:
    service = make_service(status="active")
    assert browser.sign_in(cast.ana).get(f"/services/{service.id}/edit").status == 200


def test_search_finds_by_service_and_by_client(browser: Browser, cast: Cast) -> None:
    acme = make_client(name="Acme Foods", code="ACME")
    make_service(client=acme, name="Mail archive")
    make_service(name="Firewall")
    browser.sign_in(cast.ana)
    for text in ("acme", "foods mail", "archive", "ACME"):
        page = browser.get(f"/services?q={text}")
        assert "Mail archive" in page.text and "Firewall" not in page.text
    db.session.rollback()
