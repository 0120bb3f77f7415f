"""The renewals desk in a real browser: deciding by keyboard and without a word lost, and axe finds nothing."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from portal import clock
from portal.db import transaction
from portal.domain import renewals
from portal.domain.lifecycle import ClientService
from tests.browser.desk.conftest import Desk
from tests.browser.desk.test_axe import THEMES, dress, faults_of
from tests.factories import make_client, make_service

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def services(desk: Desk) -> dict[str, ClientService]:
    """One of each kind that the board knows."""
    today, client = clock.today(), make_client(name="Board & Sons")
    ends = {"late": 10, "soon": 45, "leaving": 60, "grace": -3}
    made = {
        name: make_service(
            status="active", client=client, name=f"Renewal {name}", start_date=today - timedelta(days=200),
            end_date=today + timedelta(days=days),
        )
        for name, days in ends.items()
    }  # fmt: skip
    with transaction():
        renewals.deny(service_id=made["leaving"].id, reason="too dear", by=None, at=clock.now())
    return made


@pytest.fixture
def manager(desk: Desk, services: dict[str, ClientService]) -> Iterator[Page]:
    """Ana's browser."""
    with desk.seat(desk.world.cast.ana) as page:
        yield page


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_on_the_desk(
    desk: Desk, manager: Page, services: dict[str, ClientService], theme: str
) -> None:
    dress(manager, desk, theme)
    late, grace, leaving = (services[name].id for name in ("late", "grace", "leaving"))
    paths = [
        "/renewals",
        "/renewals?view=in_grace",
        f"/renewals/{late}/approve",
        f"/renewals/{late}/deny",
        f"/renewals/{late}/note",
        f"/renewals/{grace}/extend-grace",
        f"/renewals/{leaving}/withdraw-denial",
        "/renewals/bulk/approve?all=1&q=Board",
        f"/services/{grace}",
    ]
    faults: dict[str, list[str]] = {}
    for path in paths:
        manager.goto(path)
        faults |= faults_of(manager, THEMES[theme])
    assert faults == {}


def test_a_term_is_approved_from_its_row(manager: Page, services: dict[str, ClientService]) -> None:
    manager.goto("/renewals?q=Renewal+soon")
    manager.get_by_role("link", name="Approve the renewal of Renewal soon").click()
    manager.get_by_label("Months").fill("24")
    manager.get_by_label("Months").press("Tab")
    button = manager.get_by_role("button", name="Approve for 24 months")
    expect(button).to_be_visible()
    button.click()
    expect(manager.locator("h1")).to_have_text("Renewals")
    expect(manager.get_by_text("Renewal soon is approved.")).to_be_visible()


def test_a_note_is_kept_and_stands_on_the_board(manager: Page, services: dict[str, ClientService]) -> None:
    manager.goto(f"/renewals/{services['late'].id}/note")
    manager.get_by_role("textbox", name="Note").fill("wants ten seats less")
    manager.get_by_role("button", name="Save the note").click()
    expect(manager.get_by_text("wants ten seats less")).to_be_visible()
