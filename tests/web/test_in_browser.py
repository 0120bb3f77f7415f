"""The frame, lists, forms and dialogs in a real browser (promises U1–U3, U6–U8, U10, U11, S12)."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask_login import login_user
from playwright.sync_api import Browser, Page

from portal.domain.staff.permissions import Role
from portal.settings import Settings
from tests.chromium import SIZES, chromium, served, violations
from tests.web.conftest import Fay, make_app

pytestmark = pytest.mark.browser

SEND = "button:has-text('Suspend the service')"


@pytest.fixture(scope="module")
def shown(settings: Settings) -> Flask:
    """The routes of this package as somebody sees them who is signed in."""
    app = make_app(settings)
    app.before_request_funcs.setdefault(None, []).insert(0, lambda: login_user(Fay(Role.ADMIN)) and None)
    return app


@pytest.fixture(scope="module")
def address(shown: Flask) -> Iterator[str]:
    with served(shown) as address:
        yield address


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(window: Browser, address: str) -> Iterator[Page]:
    """A page that fails the test when it breaks the content policy or a script fails."""
    context = window.new_context(base_url=address)
    context.set_default_timeout(5000)
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None
    )
    yield page
    context.close()
    assert faults == []


def focus(page: Page) -> Any:
    return page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")


def ask(page: Page) -> None:
    page.goto("/home")
    page.click("a:has-text('Suspend')")
    page.wait_for_selector("#dialog[open]")


def answer(page: Page, reason: str) -> None:
    page.fill("#reason", reason)
    page.click(SEND)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_wherever_one_looks(
    page: Page, address: str, theme: str, size: tuple[int, int]
) -> None:
    page.context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for path in (
        "/home",
        "/goods?state=new&q=thing",
        "/nothing",
        "/suspend",
        "/fail/transition",
        "/fail/fault",
    ):
        page.goto(path)
        assert violations(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.goto("/goods")
    page.click("summary:has-text('State')")
    assert violations(page) == []
    ask(page)
    answer(page, "")
    page.wait_for_selector(".error-summary")
    assert violations(page) == []


def test_filtering_keeps_the_focus_the_text_and_the_open_menu(page: Page) -> None:
    page.goto("/goods")
    page.click("summary:has-text('State')")
    page.click("label:has-text('New')")
    page.wait_for_url("**/goods?state=new")
    assert page.evaluate("document.activeElement.value") == "new"
    page.keyboard.press("Escape")
    page.fill("#table-goods-q", "thing 01")
    page.wait_for_url("**/goods?q=thing+01&state=new")
    assert (focus(page), page.input_value("#table-goods-q")) == ("table-goods-q", "thing 01")


def test_back_restores_rows_and_inputs(page: Page) -> None:
    page.goto("/goods")
    page.fill("#table-goods-q", "thing 01")
    page.wait_for_url("**/goods?q=thing+01")
    page.click("text=Clear all")
    page.wait_for_url("**/goods")
    page.go_back()
    page.wait_for_url("**/goods?q=thing+01")
    page.wait_for_selector("tbody tr:nth-child(10):last-child")
    assert page.input_value("#table-goods-q") == "thing 01"


def test_the_dialog_takes_the_focus_and_gives_it_back(page: Page) -> None:
    ask(page)
    page.wait_for_selector("#reason:focus")
    page.keyboard.press("Escape")
    assert focus(page) == "Suspend"


def test_what_is_wrong_is_summed_up_read_first_and_leads_to_the_field(page: Page) -> None:
    ask(page)
    answer(page, "")
    page.wait_for_selector(".error-summary:focus")
    page.click(".error-summary a")
    assert focus(page) == "reason"
    assert page.get_attribute("#reason", "aria-invalid") == "true"


def test_a_stale_form_shows_both_values_in_the_dialog(page: Page) -> None:
    ask(page)
    answer(page, "stale")
    page.wait_for_selector("#dialog :text('120.00')")


def test_two_clicks_are_one_effect_and_success_is_told(page: Page, shown: Flask) -> None:
    ask(page)
    page.fill("#reason", "twice")
    page.dblclick(SEND)
    page.wait_for_selector("#toasts :text('It is suspended.')")
    assert shown.extensions["effects"].count("twice") == 1
    assert page.inner_text("#part") == "part of suspended"
    assert not page.locator("#dialog[open]").count()
    assert focus(page) == "Suspend"


def test_a_lost_network_is_told_and_what_was_entered_stays(page: Page) -> None:
    ask(page)
    page.context.set_offline(True)
    answer(page, "because")
    page.wait_for_selector("#toasts :text('cannot be reached')")
    assert page.input_value("#reason") == "because"


def test_slash_searches_and_escape_closes_menus(page: Page) -> None:
    page.goto("/home")
    page.keyboard.press("/")
    assert focus(page) == "search"
    page.click("summary:has-text('Account')")
    page.keyboard.press("Escape")
    assert not page.locator("details.menu[open]").count()


def test_ticking_counts_and_offers_all_that_match(page: Page) -> None:
    page.goto("/ticked")
    assert not page.is_visible(".bulk-bar")
    page.check("[data-tick-all]")
    assert page.inner_text("[data-tick-count]") == "50 chosen"
    assert page.is_visible("text=Select all 120 that match")


def test_as_the_system_has_it_is_dark_before_the_first_paint(window: Browser, address: str) -> None:
    context = window.new_context(color_scheme="dark", base_url=address)
    page = context.new_page()
    page.goto("/home", wait_until="commit")
    page.wait_for_selector("h1")
    assert page.get_attribute("html", "data-bs-theme") == "dark"
    context.close()


def test_it_all_works_without_javascript(window: Browser, address: str) -> None:
    context = window.new_context(java_script_enabled=False, base_url=address)
    context.set_default_timeout(5000)
    page = context.new_page()
    page.goto("/goods")
    page.click("summary:has-text('State')")
    page.click("label:has-text('New')")
    page.click("form.filters button")
    assert page.locator("tbody tr").count() == 50
    assert page.locator(".chip").inner_text().strip() == "State: New"
    page.goto("/home")
    page.click("a:has-text('Suspend')")
    page.click(SEND)
    assert page.locator(".error-summary").count() == 1
    page.fill("#reason", "by hand")
    page.click(SEND)
    page.wait_for_url("**/home")
    assert page.locator("#toasts").inner_text().strip() == "It is suspended."
    page.click("summary[aria-label=Theme]")
    page.click("button:has-text('Dark')")
    assert page.get_attribute("html", "data-bs-theme") == "dark"
    context.close()
