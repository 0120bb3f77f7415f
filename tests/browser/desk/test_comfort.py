"""What makes it pleasant (U2, U6, U7): one click is one effect, nothing entered is lost, the focus stays near."""

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from portal.db import db
from portal.domain.lifecycle import ClientService
from portal.outbox import EventRecord
from tests.browser.desk.conftest import Desk, service_named

pytestmark = pytest.mark.browser


def happened(kind: str, service: ClientService) -> int:
    db.session.rollback()
    told = sa.select(sa.func.count()).select_from(EventRecord)
    return (
        db.session.scalar(told.filter_by(kind=kind, subject_type="client_service", subject_id=service.id))
        or 0
    )


def ask(page: Page, desk: Desk, move: str) -> None:
    page.goto(desk.home)
    page.click(f"a:text-is('{move}')")
    page.wait_for_selector("#dialog[open]")


def test_two_clicks_suspend_once_and_the_focus_is_not_lost(desk: Desk, page: Page) -> None:
    service = service_named("Network Monitoring – Pioneer")
    page.goto(f"/services/{service.id}")
    page.click("a:text-is('Suspend')")
    page.fill("#dialog [name=reason]", "Not paid.")
    page.dblclick("#dialog button[type=submit]")
    expect(page.locator("#toasts")).to_contain_text("is suspended")
    expect(page.locator(".service-lead")).to_contain_text("Suspended")
    assert happened("service_suspended", service) == 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement !== document.body")


def test_two_clicks_take_a_step_back_never(desk: Desk, page: Page) -> None:
    """Ticking a task twice in a row is ticking it once."""
    service = db.session.scalars(
        sa.select(ClientService).filter_by(status="pending", provisioning_status="in_progress")
    ).first()
    assert service is not None
    page.goto(f"/provisioning/{service.id}")
    before = happened("provisioning_task_checked", service)
    page.dblclick(".tick[aria-pressed=false] >> nth=0")
    expect(page.locator("#toasts")).to_contain_text("is done")
    assert happened("provisioning_task_checked", service) == before + 1


def test_what_was_entered_stays_when_the_network_is_lost(desk: Desk, page: Page) -> None:
    ask(page, desk, "Suspend")
    page.fill("#dialog [name=reason]", "Not paid.")
    page.context.set_offline(True)
    page.click("#dialog button[type=submit]")
    expect(page.locator("#toasts")).to_contain_text("cannot be reached")
    assert page.input_value("#dialog [name=reason]") == "Not paid."
    page.wait_for_timeout(5500)
    expect(page.locator("#toasts")).to_contain_text("cannot be reached")


def test_a_fault_is_named_at_its_field_and_linked_from_above(desk: Desk, page: Page) -> None:
    ask(page, desk, "Suspend")
    page.click("#dialog button[type=submit]")
    page.wait_for_selector("#dialog .error-summary:focus")
    page.click(".error-summary a")
    assert page.evaluate("document.activeElement.name") == "reason"
    assert page.get_attribute("#dialog [name=reason]", "aria-invalid") == "true"


def test_another_day_shows_another_fee_at_once(desk: Desk, page: Page) -> None:
    ask(page, desk, "Cancel")
    page.fill("#dialog [name=effective_on]", "2027-05-30")
    page.keyboard.press("Tab")
    expect(page.locator("#outcome .btn-danger")).to_have_text("Cancel service and bill 1,750.00 USD")


def test_other_days_show_other_figures_at_once(page: Page) -> None:
    page.goto("/reports/new?client=C1001")
    page.fill("[name=period_start]", "2026-08-01")
    expect(page.locator("#preview h2")).to_have_text("All services, 1 Aug 2026 – 31 Oct 2026")


def test_enter_in_a_dialog_is_its_button(desk: Desk, page: Page) -> None:
    """What stands there for browsers without scripts is no button here."""
    ask(page, desk, "Cancel")
    page.press("#dialog [name=effective_on]", "Enter")
    expect(page.locator("#dialog .error-summary")).to_contain_text("Say why the service is cancelled.")


def test_a_stale_form_shows_both_values_and_keeps_what_was_entered(desk: Desk, page: Page) -> None:
    page.goto(f"{desk.home}/edit")
    with desk.seat(desk.world.cast.ana) as other:
        other.goto(f"{desk.home}/edit")
        other.fill("[name=notes]", "Ana was here first.")
        other.click("main button[type=submit]")
        other.wait_for_url(f"**{desk.home}")
    page.fill("[name=notes]", "Adi comes later.")
    page.click("main form[method=post] button[type=submit]")
    expect(page.locator(".error-summary")).to_contain_text("Ana was here first.")
    assert page.input_value("[name=notes]") == "Adi comes later."


def test_back_restores_the_list_and_its_inputs(page: Page) -> None:
    page.goto("/services")
    page.fill("form.filters input[type=search]", "cedar")
    page.wait_for_url("**q=cedar*")
    page.click("tbody a:has-text('Managed IT Premium – Cedar')")
    page.wait_for_selector(".service-lead")
    page.go_back()
    page.wait_for_url("**q=cedar*")
    expect(page.locator("form.filters input[type=search]")).to_have_value("cedar")
    expect(page.locator("tbody tr:has-text('Cedar')")).not_to_have_count(0)
