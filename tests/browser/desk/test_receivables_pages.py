"""Ageing, statements and exports in a real browser: figures lead to what they count, and axe finds nothing."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from portal.clock import now
from portal.db import transaction
from portal.domain import company
from portal.jobs import worker
from tests.browser.desk.conftest import Desk
from tests.browser.desk.test_axe import THEMES, dress, faults_of
from tests.clock import TestClock

pytestmark = pytest.mark.browser

LATER = datetime(2027, 2, 20, 12, tzinfo=UTC)
"""When what the desk billed in November is overdue."""


@pytest.fixture(autouse=True)
def later(desk: Desk) -> Iterator[None]:
    with TestClock(LATER).in_charge():
        with transaction():
            company.change(values={"suspension_days": 30}, by=None, at=now())
        yield


@pytest.fixture
def clerk(desk: Desk, later: None) -> Iterator[Page]:
    """Fay's browser."""
    with desk.seat(desk.world.cast.fay) as page:
        yield page


def a_client(page: Page) -> str:
    """The address of the statement of the client who owes most."""
    page.goto("/billing/ageing")
    return page.locator("tr[id^=ageing-] a[href*='/statement']").first.get_attribute("href") or ""


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_where_money_is_owed(desk: Desk, clerk: Page, theme: str) -> None:
    dress(clerk, desk, theme)
    paths = [
        a_client(clerk),
        "/billing/ageing",
        "/billing/ageing?currency=USD&as_of=2026-12-31",
        "/billing/ageing/documents",
        "/billing/proposals",
        "/billing/exports",
        "/billing/exports/new",
    ]
    faults: dict[str, list[str]] = {}
    for path in paths:
        clerk.goto(path)
        faults |= faults_of(clerk, THEMES[theme])
    assert faults == {}


def test_a_figure_leads_to_the_documents_that_it_counts(clerk: Page) -> None:
    clerk.goto("/billing/ageing")
    figure = clerk.locator("tr[id^=ageing-] a[href*='band=days_90']").first
    amount = figure.inner_text()
    figure.click()
    expect(clerk.locator("h1")).to_have_text("Open documents")
    parts = [text.split()[0] for text in clerk.locator("tr[id^=open_items-] td:last-child").all_inner_texts()]
    assert len(parts) > 1
    assert sum(Decimal(part.replace(",", "")) for part in parts) == Decimal(
        amount.split()[0].replace(",", "")
    )


def test_the_day_and_the_currency_of_the_ageing_are_in_the_address(clerk: Page) -> None:
    clerk.goto("/billing/ageing")
    clerk.click("summary:has-text('As of')")
    clerk.fill("input[name=as_of]", "2026-12-25")
    clerk.click("summary:has-text('Currency')")
    clerk.check("input[name=currency][value=USD]")
    expect(clerk.locator(".chips")).to_contain_text("2026-12-25")
    expect(clerk).to_have_url(re.compile("as_of=2026-12-25.*currency=USD"))
    clerk.reload()
    expect(clerk.locator(".chips")).to_contain_text("2026-12-25")


def test_a_statement_is_chosen_read_and_printed(clerk: Page) -> None:
    clerk.goto(a_client(clerk))
    clerk.fill("input[name=from]", "2026-11-01")
    clerk.fill("input[name=to]", "2026-12-31")
    clerk.click("button:has-text('Show')")
    expect(clerk.locator("td:has-text('Closing balance')")).to_be_visible()
    clerk.click("button:has-text('Make the PDF')")
    expect(clerk.locator("#statement-pdf")).to_contain_text("being printed")
    worker.drain_all()
    expect(clerk.locator("#statement-pdf a:has-text('PDF of')")).to_be_visible()


def test_an_export_is_made_in_the_dialog_and_downloaded(clerk: Page) -> None:
    clerk.goto("/billing/exports")
    clerk.click("a:has-text('Make an export')")
    clerk.wait_for_selector("#dialog[open] input[name=first]")
    clerk.fill("#dialog input[name=first]", "2026-11-01")
    clerk.fill("#dialog input[name=last]", "2026-11-30")
    clerk.click("#dialog button[type=submit]")
    with clerk.expect_download() as download:
        clerk.locator("tr[id^=exports-] a").first.click()
    assert re.fullmatch(r"journal-0000\d\.csv", download.value.suggested_filename)
