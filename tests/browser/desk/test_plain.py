"""The whole work without JavaScript (U10)."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk.conftest import Desk, service_named

pytestmark = pytest.mark.browser


@pytest.fixture
def page(desk: Desk) -> Iterator[Page]:
    """Ana's browser, which runs no scripts."""
    with desk.seat(desk.world.cast.ana, java_script_enabled=False) as page:
        yield page


def test_a_list_is_filtered_searched_and_sorted(page: Page) -> None:
    page.goto("/services")
    page.click("summary:has-text('Status')")
    page.click("label:has-text('Suspended')")
    page.click("form.filters button")
    expect(page.locator(".chip")).to_have_text(["Status: Suspended"])
    assert {text.strip() for text in page.locator("tbody .pill-dot").all_inner_texts()} == {"Suspended"}
    page.click("thead a:has-text('Service')")
    page.fill("form.filters input[type=search]", "mail")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr:has-text('Mail and Office – Maple')")).to_have_count(1)
    assert "status=suspended" in page.url


def test_the_wizard_keeps_what_was_entered_and_makes_a_service(page: Page) -> None:
    page.goto("/provisioning/new?q=cedar+arch")
    page.check("label:has-text('Cedar Architects')")
    page.click("button:has-text('Go on')")
    page.check("label:text-is('Cloud Backup')")
    page.click("button:text-is('Go on')")
    page.fill("[name=unit_price]", "12,x")
    page.click("button:text-is('Go on')")
    expect(page.locator(".error-summary")).to_be_visible()
    assert page.input_value("[name=unit_price]") == "12,x"
    page.fill("[name=unit_price]", "99.50")
    page.click("button:text-is('Save and leave')")
    page.goto("/provisioning/new")
    page.click("tr:has-text('Cloud Backup') a")
    page.click(".steps-list a:has-text('Terms')")
    assert page.input_value("[name=unit_price]") == "99.50"
    for _ in ("terms", "people", "sla", "monitoring"):
        page.click("button:text-is('Go on')")
    page.click("button:has-text('Create the service')")
    expect(page.locator("h1")).to_have_text("Cloud Backup – Cedar")
    expect(page.locator(".service-lead")).to_contain_text("Pending")


def test_a_service_is_suspended_with_a_reason_and_resumed(page: Page) -> None:
    page.goto(f"/services/{service_named('Network Monitoring – Maple').id}")
    page.click("a:text-is('Suspend')")
    page.click("main button.btn-danger")
    expect(page.locator(".error-summary")).to_be_visible()
    page.fill("[name=reason]", "Not paid.")
    page.click("main button.btn-danger")
    expect(page.locator(".service-lead")).to_contain_text("Suspended")
    page.click("a:text-is('Resume')")
    page.click("main button.btn-primary")
    expect(page.locator(".service-lead")).to_contain_text("Active")


def test_the_fee_is_shown_before_a_cancellation(desk: Desk, page: Page) -> None:
    page.goto(f"{desk.home}/cancel")
    page.fill("[name=effective_on]", "2027-05-30")
    page.click("button:has-text('Show the fee')")
    expect(page.locator("#outcome")).to_contain_text("Cancel service and bill 1,750.00 USD")


def test_a_report_is_asked_for(page: Page) -> None:
    page.goto("/reports")
    page.click("main a:has-text('Ask for a report')")
    page.fill("#q", "cedar")
    page.click("button:has-text('Find')")
    page.click("a:has-text('Cedar Architects')")
    page.fill("[name=period_start]", "2026-08-01")
    page.fill("[name=period_end]", "2026-10-31")
    page.click("button:has-text('Show the figures')")
    expect(page.locator("#preview")).to_contain_text("75.0 %")
    page.click("button:has-text('Make the PDF')")
    page.wait_for_url("**/reports/*")
    expect(page.locator("#report-result")).to_contain_text("Waiting for a worker")
