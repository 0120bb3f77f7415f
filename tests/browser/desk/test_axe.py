"""No page is closed to anybody (U1): axe finds nothing, and nothing is wider than the screen."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk.conftest import Desk
from tests.chromium import SIZES, violations

pytestmark = pytest.mark.browser

OF_COLOURS = ("color-contrast", "link-in-text-block")
THEMES = {"light": (), "dark": OF_COLOURS}
"""By which rules each is judged, none meaning all: what is dark differs from what is light in its colours alone."""

WIDER = "document.scrollingElement.scrollWidth > innerWidth"


def faults_of(page: Page, rules: tuple[str, ...]) -> dict[str, list[str]]:
    """What is wrong with the page as it stands, by width."""
    found = {}
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        found[f"{page.url} {width}"] = violations(page, *rules) + ["too wide"] * page.evaluate(WIDER)
    return {place: faults for place, faults in found.items() if faults}


def dress(page: Page, desk: Desk, theme: str) -> None:
    page.context.add_cookies([{"name": "theme", "value": theme, "url": desk.address}])


def test_axe_finds_nothing_on_any_page(desk: Desk, page: Page) -> None:
    """Each page is opened once: it follows the system from light to dark where nobody has chosen."""
    faults: dict[str, list[str]] = {}
    for path in desk.pages:
        page.goto(path)
        for theme, rules in THEMES.items():
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
            faults |= {f"{place} {theme}": found for place, found in faults_of(page, rules).items()}
    assert len(desk.pages) > 60
    assert faults == {}


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_in_dialogs_menus_and_faults(desk: Desk, page: Page, theme: str) -> None:
    dress(page, desk, theme)
    faults: dict[str, list[str]] = {}
    for move in ("suspend", "cancel", "transfer", "renew", "assign"):
        page.goto(desk.home)
        page.click(f".page-actions a[href$='/{move}']")
        page.wait_for_selector("#dialog[open] button")
        faults |= faults_of(page, THEMES[theme])
    page.goto(desk.home)
    page.click("a:text-is('Suspend')")
    page.click("#dialog button[type=submit]")
    page.wait_for_selector("#dialog .error-summary")
    faults |= faults_of(page, THEMES[theme])
    page.goto("/services")
    page.click("summary:has-text('Status')")
    faults |= faults_of(page, THEMES[theme])
    assert faults == {}


@pytest.mark.parametrize(
    "path", ["/clients/new", "/catalogue/products/new", "/users/new", "/catalogue/calendars/new"]
)
def test_axe_finds_nothing_in_a_form_with_its_errors(page: Page, path: str) -> None:
    page.goto(path)
    for box in page.locator("main input[type=text], main input:not([type])").all():
        box.fill("")
    page.click("main form[method=post] button[type=submit]:not([name], [tabindex])")
    page.wait_for_selector(".error-summary")
    assert faults_of(page, ()) == {}
