"""No page is closed to anybody (U1): axe finds nothing, and nothing is wider than the screen."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Desk
from tests.chromium import SIZES, violations

pytestmark = pytest.mark.browser

THEMES = ("light", "dark")
WIDER = "document.scrollingElement.scrollWidth > innerWidth"


def faults_of(page: Page) -> dict[str, list[str]]:
    """What is wrong with the page as it stands, by width."""
    found = {}
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        found[f"{page.url} {width}"] = violations(page) + ["too wide"] * page.evaluate(WIDER)
    return {place: faults for place, faults in found.items() if faults}


def dress(page: Page, desk: Desk, theme: str) -> None:
    page.context.add_cookies([{"name": "theme", "value": theme, "url": desk.address}])


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_on_any_page(desk: Desk, page: Page, theme: str) -> None:
    dress(page, desk, theme)
    faults: dict[str, list[str]] = {}
    for path in desk.pages:
        page.goto(path)
        faults |= faults_of(page)
    assert len(desk.pages) > 60
    assert faults == {}
