"""Revenue in a real browser: read by keyboard and without scripts, in both themes, on a telephone too."""

import pytest
import sqlalchemy as sa
from playwright.sync_api import Locator, Page, expect

from portal.db import db
from portal.domain.clients.models import Client
from tests.browser.desk.conftest import Desk
from tests.browser.desk.test_axe import THEMES, dress, faults_of

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_with_numbers_open_filters_set_and_faults_shown(
    desk: Desk, page: Page, theme: str
) -> None:
    dress(page, desk, theme)
    code = db.session.scalars(sa.select(Client.code).order_by(Client.id)).first()
    page.goto(f"/revenue?months=24&client={code}")
    page.click("summary:has-text('The numbers')")
    faults = faults_of(page, ())
    page.goto("/revenue/projection?ahead=24&currency=JPY")
    faults |= faults_of(page, ())
    page.goto("/settings/rates")
    page.click("a:has-text('New rate')")
    page.fill("#dialog [name=rate]", "0")
    page.click("#dialog button[type=submit]")
    page.wait_for_selector("#dialog .error-summary")
    faults |= faults_of(page, ())
    assert faults == {}


def test_a_figure_is_followed_to_its_rows_without_scripts(desk: Desk) -> None:
    with desk.seat(desk.world.cast.ana, java_script_enabled=False) as page:
        page.goto("/revenue")
        page.select_option("[name=months]", "36")
        page.click("form.asks button")
        expect(page.locator("#movements tbody tr")).to_have_count(36)
        figure = page.locator("#movements td[data-kind=expansion] a").first
        figure.click()
        expect(page.locator("h1")).to_have_text("Movements of MRR")
        assert set(page.locator("tbody td:nth-child(2)").all_inner_texts()) == {"Expansion"}


def test_the_chart_scrolls_and_the_page_does_not_on_a_telephone(page: Page) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto("/revenue")
    assert not page.evaluate("document.scrollingElement.scrollWidth > innerWidth")
    frame = page.locator(".chart-scroll").first
    assert frame.evaluate("it => it.scrollWidth > it.clientWidth")
    frame.focus()
    page.keyboard.press("ArrowRight")
    assert any(has_moved(frame) for _ in range(30))


def has_moved(frame: Locator) -> bool:
    frame.page.wait_for_timeout(100)
    return bool(frame.evaluate("it => it.scrollLeft > 0"))
