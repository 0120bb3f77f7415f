"""Many prices at once, in a real browser: every line before, then undone; axe finds nothing on the way."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk.conftest import Desk, service_named
from tests.chromium import SIZES, violations

pytestmark = pytest.mark.browser


@pytest.fixture
def page(desk: Desk):
    """Fay's browser."""
    with desk.seat(desk.world.cast.fay) as page:
        yield page


def faults(page: Page) -> list[str]:
    found = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        found += violations(page)
    return found


def test_many_prices_are_previewed_confirmed_and_undone(desk: Desk, page: Page) -> None:
    service = service_named("Managed IT Premium – Cedar")
    page.goto(desk.home)
    planned = page.locator("#money li:has-text(' from ')")
    before = planned.count()
    page.goto("/billing/prices/new")
    assert faults(page) == []
    page.select_option("[name=client_id]", value=str(service.client_id))
    page.fill("[name=value]", "5")
    page.click("button:has-text('Show every line')")
    expect(page.locator("h1")).to_contain_text("+5 % for Cedar")
    line = page.locator(f"tr:has(a[href='/services/{service.id}'])")
    expect(line).to_contain_text("Proposed")
    assert faults(page) == []
    page.click(".page-actions a:has-text('Confirm')")
    expect(page.locator("#dialog")).to_contain_text("get a new price on their next billing day")
    assert faults(page) == []
    page.click("#dialog button[type=submit]")
    expect(line).to_contain_text("Planned")
    page.goto(desk.home)
    expect(planned).to_have_count(before + 1)
    page.goto("/billing/prices")
    page.click("tbody a:has-text('+5 %')")
    page.click(".page-actions a:has-text('Undo')")
    expect(page.locator("#dialog")).to_contain_text("keep the price that they have")
    page.click("#dialog button[type=submit]")
    expect(line).to_contain_text("Withdrawn")
    assert faults(page) == []
    page.goto(desk.home)
    expect(planned).to_have_count(before)
