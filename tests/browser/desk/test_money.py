"""Finance at a real browser: the credit of one line and a payment in part, on pages that are closed to nobody."""

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from portal.db import db
from portal.domain.billing.models import Invoice
from portal.domain.words import InvoiceKind, InvoiceStatus
from tests.browser.desk.conftest import Desk
from tests.chromium import SIZES, violations

pytestmark = pytest.mark.browser


def open_invoice() -> Invoice:
    """One of several lines that nothing was paid on."""
    db.session.rollback()
    found = sa.select(Invoice).filter_by(kind=InvoiceKind.INVOICE, status=InvoiceStatus.ISSUED)
    return max(db.session.scalars(found), key=lambda each: len(each.lines))


def is_sound(page: Page) -> None:
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert violations(page) == []
        assert not page.evaluate("document.scrollingElement.scrollWidth > innerWidth")


def test_one_line_is_credited_after_a_preview(desk: Desk, page: Page) -> None:
    invoice = open_invoice()
    line = invoice.lines[0]
    page.goto(f"/invoices/{invoice.id}")
    page.click(".page-actions a:text-is('Credit')")
    page.check("input[name=how_much][value=lines]")
    page.fill(f"input[name=line_{line.id}]", "10.00")
    page.fill("textarea[name=reason]", "One day late.")
    page.click("button:text-is('Preview the credit note')")
    confirm = page.locator("button[name=confirm]")
    expect(confirm).to_contain_text("Credit")
    is_sound(page)
    confirm.click()
    expect(page.locator("h1")).to_contain_text("Credit note CN-")
    expect(page.locator("main")).to_contain_text("One day late.")
    db.session.rollback()
    note = db.session.scalars(sa.select(Invoice).filter_by(corrects_invoice_id=invoice.id)).one()
    assert [(each.corrects_line_id, each.amount_minor) for each in note.lines] == [(line.id, -10_00)]


def test_a_payment_in_part_leaves_the_rest_open(desk: Desk, page: Page) -> None:
    invoice = open_invoice()
    page.goto(f"/invoices/{invoice.id}")
    page.click("a:text-is('Record a payment')")
    page.wait_for_selector("#dialog[open]")
    page.fill("#dialog [name=amount]", "1.00")
    page.fill("#dialog [name=reference]", "PART-1")
    page.click("#dialog button[type=submit]")
    expect(page.locator("#toasts")).to_contain_text("recorded")
    expect(page.locator("main")).to_contain_text("PART-1")
    is_sound(page)
    paid = invoice.paid_minor
    db.session.rollback()
    again = db.session.get_one(Invoice, invoice.id)
    assert (again.paid_minor, again.status) == (paid + 1_00, InvoiceStatus.PARTLY_PAID)


def test_what_is_paid_too_much_is_asked_about_in_the_dialog(desk: Desk, page: Page) -> None:
    invoice = open_invoice()
    page.goto(f"/invoices/{invoice.id}")
    page.click("a:text-is('Record a payment')")
    page.wait_for_selector("#dialog[open]")
    page.fill("#dialog [name=amount]", "999999.00")
    page.click("#dialog button[type=submit]")
    expect(page.locator("#dialog")).to_contain_text("becomes account credit")
    assert violations(page) == []
