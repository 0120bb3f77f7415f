"""The work by keyboard alone (U2)."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk.conftest import Desk

pytestmark = pytest.mark.browser

MOST_TABS = 90
NAME = """() => {
    const at = document.activeElement;
    return (at.getAttribute("aria-label") || at.labels?.[0]?.innerText || at.innerText || at.name || "").trim();
}"""
SEEN = """() => {
    const style = getComputedStyle(document.activeElement);
    const all = [style, ...["::before", "::after"].map((part) => getComputedStyle(document.activeElement, part))];
    return all.some((one) => one.outlineStyle !== "none" || one.boxShadow !== "none");
}"""


@pytest.fixture
def page(desk: Desk) -> Iterator[Page]:
    """Ana's browser: she sells."""
    with desk.seat(desk.world.cast.ana) as page:
        yield page


def to(page: Page, name: str) -> None:
    """Tab until this has the focus, which shows where it is."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate(NAME).startswith(name):
            assert page.evaluate(SEEN), f"nothing shows that “{name}” has the focus"
            return
    raise AssertionError(f"{MOST_TABS} tabs do not lead to “{name}” on {page.url}")


def press(page: Page, name: str, key: str = "Enter") -> None:
    to(page, name)
    page.keyboard.press(key)


def heading(page: Page, words: str) -> None:
    expect(page.locator("h1")).to_have_text(words)


def test_a_service_is_sold_by_keyboard_alone(page: Page) -> None:
    page.goto("/")
    press(page, "Skip to content")
    press(page, "New service")
    heading(page, "New service")
    to(page, "Find a client")
    page.keyboard.type("cedar arch")
    page.keyboard.press("Enter")
    expect(page.locator("input[type=radio]")).to_have_count(1)
    press(page, "Cedar Architects & Sons", "Space")
    press(page, "Go on to the product")
    heading(page, "Product")
    to(page, page.locator("fieldset .form-check-label").first.inner_text())
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    chosen = page.evaluate(NAME)
    press(page, "Go on")
    heading(page, "Terms and price")
    for title in ("People", "SLA", "Monitoring", "Review"):
        press(page, "Go on")
        heading(page, title)
    assert chosen in page.inner_text("main")
    press(page, "Create the service")
    expect(page.locator(".service-lead")).to_contain_text("Pending")


def test_a_move_is_asked_for_and_left_with_the_keyboard(desk: Desk, page: Page) -> None:
    page.goto(desk.home)
    press(page, "Suspend")
    page.wait_for_selector("#dialog [name=reason]:focus")
    page.keyboard.press("Escape")
    expect(page.locator("#dialog[open]")).to_have_count(0)
    assert page.evaluate(NAME) == "Suspend"


def test_the_focus_stays_inside_the_dialog(desk: Desk, page: Page) -> None:
    page.goto(desk.home)
    press(page, "Cancel")
    page.wait_for_selector("#dialog[open] [name=reason]")
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("!document.activeElement.closest('main, aside, header.topbar')")


def test_slash_searches_and_control_k_goes_anywhere(desk: Desk, page: Page) -> None:
    page.goto("/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("Control+k")
    page.wait_for_selector("#dialog[open] input:focus")
    page.keyboard.type("Premium Cedar")
    page.wait_for_selector(f"#dialog a[href='{desk.home}']")
    press(page, "Managed IT Premium – Cedar")
    heading(page, "Managed IT Premium – Cedar")
