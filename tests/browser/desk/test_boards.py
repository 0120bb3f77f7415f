"""The boards of incidents and of health in a real browser: by keyboard, ticking, changing, in both themes."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from portal import clock
from portal.db import db, transaction
from portal.domain import health, sla
from portal.domain.lifecycle import ClientService
from tests.browser.desk.conftest import Desk
from tests.browser.desk.test_axe import THEMES, dress, faults_of

pytestmark = pytest.mark.browser

# What the wall does every half minute.
POLL = """htmx.ajax('GET', document.querySelector('#wall').getAttribute('hx-get'),
    {target: '#wall', swap: 'morph:outerHTML'})"""


def opened(desk: Desk, title: str) -> int:
    with transaction():
        return sla.open_incident(
            service_id=desk.service.id, title=title, severity="critical", by=None, at=clock.now()
        ).id


def watched_service() -> int:
    """One of the wall's."""
    watched = sa.select(ClientService.id).where(
        ClientService.status == "active", ClientService.monitoring_enabled, ClientService.health_score > 50
    )
    return db.session.scalars(watched.order_by(ClientService.id)).first() or 0


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_on_the_boards_and_in_their_dialogs(desk: Desk, page: Page, theme: str) -> None:
    opened(desk, "Axe falls")
    dress(page, desk, theme)
    faults: dict[str, list[str]] = {}
    for path in (
        "/incidents",
        "/health?group=client",
        f"/incidents/new/{desk.service.id}",
        "/incidents/new?q=a",
    ):
        page.goto(path)
        faults |= faults_of(page, ())
    page.goto("/incidents?q=Axe")
    page.locator("[data-key=r]").first.click()
    page.wait_for_selector("#dialog[open] textarea")
    page.click("#dialog button[type=submit]")
    page.wait_for_selector("#dialog .error-summary")
    faults |= faults_of(page, ())
    page.goto("/health")
    page.locator(".tile a").first.click()
    page.wait_for_selector("#dialog[open] h2:has-text('Open incidents')")
    faults |= faults_of(page, ())
    assert faults == {}


def test_an_incident_is_worked_by_keys_alone(desk: Desk, page: Page) -> None:
    incident_id = opened(desk, "Keys only")
    page.goto("/incidents?q=Keys")
    page.keyboard.press("j")
    expect(page.locator("[data-row]").first).to_be_focused()
    page.keyboard.press("a")
    page.wait_for_selector("#dialog[open]")
    page.locator("#dialog button[type=submit]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/incidents/{incident_id}")
    page.keyboard.press("w")
    expect(page.locator("#dialog textarea")).to_be_focused()
    page.keyboard.type("Which mailbox? a w r")
    page.locator("#dialog button[type=submit]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Waits for the client")
    page.keyboard.press("r")
    expect(page.locator("#dialog textarea")).to_be_focused()
    page.keyboard.type("Restarted")
    page.locator("#dialog button[type=submit]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1 ~ p")).to_contain_text("Resolved")


def test_the_countdown_ticks_by_the_servers_clock(desk: Desk, page: Page) -> None:
    incident_id = opened(desk, "Ticking")
    page.goto(f"/incidents/{incident_id}")
    ticking = page.locator("[data-countdown] time").first
    before = ticking.inner_text()
    assert not before.endswith("over")
    page.wait_for_function(
        "text => document.querySelector('[data-countdown] time').textContent !== text",
        arg=before,
        timeout=70_000,
    )


def test_the_wall_changes_by_itself_when_a_score_does(desk: Desk, page: Page) -> None:
    service_id = watched_service()
    page.goto("/health")
    tile = page.locator(f"#tile-{service_id} .tile-score")
    before = tile.inner_text()
    with transaction():
        db.session.get_one(ClientService, service_id).client_satisfaction = 1
        db.session.flush()
        health.score(service_id=service_id, at=clock.now() + timedelta(seconds=1))
    page.evaluate(POLL)
    expect(tile).not_to_have_text(before)
    assert page.locator("#wall").count() == 1


def test_the_wall_fills_the_screen(page: Page) -> None:
    page.goto("/health")
    page.click("text=Full screen")
    page.wait_for_function("document.fullscreenElement?.id === 'wall'")


def test_both_boards_are_read_and_narrowed_without_scripts(desk: Desk) -> None:
    opened(desk, "Plain")
    with desk.seat(desk.world.cast.tom, java_script_enabled=False) as page:
        page.goto("/health")
        page.select_option("[name=group]", "client")
        page.click("form.asks button")
        expect(page.locator("h2.wall-group").first).to_be_visible()
        page.goto("/incidents?q=Plain")
        page.locator("[data-key=a]").first.click()
        page.click("main button[type=submit]")
        expect(page.locator("main")).to_contain_text("Acknowledged")
