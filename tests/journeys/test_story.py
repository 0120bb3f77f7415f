"""The main job with real workers: sold, set up, activated, billed, reported on, paused, handed over, ended."""

import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from tests.books import book_of
from tests.chromium import chromium, watched
from tests.journeys.terminal import Terminal, terminal, until

pytestmark = pytest.mark.browser

# On this day none of the services of these clients is billed.
TODAY = "2026-11-20T09:00Z"
CLIENTS = ("C1001", "C1004", "C1010")
PASSWORD = "violet lamp trout"
SERVICE = "Managed IT Standard – Cedar"
INVOICED = "3,390.00"
"""2,500.00 for the month and 500.00 for setting up, and 13 % tax."""


@dataclass
class Office:
    """A portal at work: its terminal, and a browser for each person."""

    terminal: Terminal
    window: Browser

    def mails(self) -> str:
        """What stands in the mails, the longest ago first."""
        folder = self.terminal.var / "mail"
        files = sorted(folder.glob("*.eml"), key=lambda file: file.stat().st_mtime)
        read = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
        return "\n".join(f"{each['To']}: {each['Subject']}" for each in read)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    for name, text in book_of(*CLIENTS).items():
        (tmp_path / f"{name}.csv").write_text(text)
    with chromium() as window, terminal(PORTAL_TEST_CLOCK="1", PORTAL_ENV="development") as opened:
        assert opened.says(f"The portal is at {opened.address}", within_s=120), opened.lines
        opened.portal("clock", "set", TODAY)
        assert opened.facts("import", str(tmp_path))["faults"] == []
        yield Office(opened, window)


def test_a_service_is_sold_set_up_billed_reported_on_handed_over_and_ended(office: Office) -> None:
    with signed_in(office, "per.adler@msp.example") as per:
        service = sell(per)
        with signed_in(office, "uma.costa@msp.example") as uma:
            set_up(uma)
        activate(per, service, office)
        bill(per, office)
        report(per, office)
        suspend_and_resume(per, service)
        hand_over(per)
        cancel(per)


@contextmanager
def signed_in(office: Office, address: str) -> Iterator[Page]:
    """Sets a password by a one-time link, and signs in through the form."""
    with watched(office.window, office.terminal.address) as page:
        page.goto(office.terminal.portal("user", "reset", address))
        page.fill("[name=password]", PASSWORD)
        page.fill("[name=again]", PASSWORD)
        page.click("button:has-text('Set password')")
        page.wait_for_url("**/login*")
        page.fill("[name=email]", address)
        page.fill("[name=password]", PASSWORD)
        page.click("button:has-text('Sign in')")
        page.wait_for_selector("#bell")
        yield page


def sell(per: Page) -> str:
    """The wizard; gives the address of the service."""
    per.goto("/provisioning/new")
    per.fill("#q", "cedar arch")
    per.click("button:has-text('Find')")
    per.check("label:has-text('Cedar Architects')")
    per.click("text=Go on to the product")
    per.check("label:text-is('Managed IT Standard')")
    per.click("text=Go on")
    assert per.input_value("[name=unit_price]") == "2500.00"
    per.click("text=Go on")
    per.select_option("[name=technician_id]", label="Uma Costa")
    for title in ("SLA", "Monitoring", "Review"):
        per.click("text=Go on")
        per.wait_for_selector(f"h1:text-is('{title}')")
    expect(per.locator("main")).to_contain_text(
        "2,500.00 USD a month, in advance, and the setup fee of 500.00 USD once"
    )
    per.click("button:has-text('Create the service')")
    per.wait_for_selector(f"h1:text-is('{SERVICE}')")
    return urlsplit(per.url).path


def set_up(uma: Page) -> None:
    """Every step of the product's checklist, by the technician."""
    uma.goto("/provisioning")
    uma.click(f"a:text-is('{SERVICE}')")
    uma.click("button:text-is('Start')")
    expect(uma.locator(".tick")).to_have_count(6)
    for title in [tick.get_attribute("aria-label") for tick in uma.locator(".tick").all()]:
        uma.click(f".tick[aria-label='{title}']")
        uma.wait_for_selector(f".tick[aria-pressed=true][aria-label='{title}']")
    uma.click("button:text-is('Complete')")
    uma.wait_for_selector("#toasts :text('is ready to activate')")


def activate(per: Page, service: str, office: Office) -> None:
    """The workers make the billing while the page looks on; the bell and the mail tell of it."""
    per.goto(service)
    per.wait_for_selector("#bell[hx-get*='seen=']")
    unread = bell(per)
    per.click("a:text-is('Activate')")
    expect(per.locator("#dialog")).to_contain_text("First invoice of 3,000.00 USD on")
    per.click("#dialog button:text-is('Activate')")
    per.wait_for_selector("#money dt:has-text('Recurring billing') + dd :text-is('Active')", timeout=5000)
    told = f"per.adler@msp.example: {SERVICE} of Cedar Architects & Sons is active"
    assert until(lambda: told in office.mails(), 5), office.mails()
    assert until(lambda: bell(per) == unread + 1, 30)


def bell(page: Page) -> int:
    count = page.locator(".bell-count")
    return int(count.inner_text().split()[0]) if count.count() else 0


def bill(per: Page, office: Office) -> None:
    """One invoice with one recurring and one setup line; billed again, nothing."""
    first, again = office.terminal.facts("bill"), office.terminal.facts("bill")
    assert [first[key] for key in ("invoices", "lines", "parked")] == [1, 2, 0]
    assert [again[key] for key in ("invoices", "lines", "parked")] == [0, 0, 0]

    per.goto("/invoices")
    per.click("tbody tr:has-text('Cedar') a")
    for words in ("– setup 20 Nov 2026 1 13 % 500.00 USD", "20 Nov 2026 – 19 Dec 2026 1 13 % 2,500.00 USD"):
        expect(per.locator(f".paper tbody tr:has-text('{words}')")).to_have_count(1)
    expect(per.locator(".paper tbody tr")).to_have_count(2)
    per.click("button:has-text('Make the PDF')")
    words = text_of(per, "a:has-text('Download PDF')")
    for figure in ("3,000.00", "13 %", "390.00", INVOICED):
        assert figure in words, words


def report(per: Page, office: Office) -> None:
    """The same report by command and by page: what the book says of a printer in September."""
    printed = office.terminal.var / "sla.pdf"
    days = ("--from", "2026-08-01", "--to", "2026-11-01")
    office.terminal.portal("report", "sla", "--client", "C1001", *days, "--out", str(printed))
    per.goto("/reports/new?client=C1001&period_start=2026-08-01&period_end=2026-10-31")
    per.click("button:has-text('Make the PDF')")
    for words in (read(printed), text_of(per, "a:has-text('Download PDF')")):
        # 106 minutes of 92 days are 0.0800 %; the share is cut, not rounded.
        assert "Managed IT Premium – Cedar 99.91 % 99.9 % 1 h 46 min 2 of 3 2 of 3" in words, words
        assert "6 Sep 2026, 14:05 6 Sep 2026, 15:51 1 h 46 min Printer offline" in words, words


def text_of(page: Page, link: str) -> str:
    """The words of the PDF behind this link, once it is there."""
    page.wait_for_selector(link, timeout=30_000)
    with page.expect_download() as download:
        page.click(link)
    return read(download.value.path())


def read(pdf: Path) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(pdf).pages).split())


def suspend_and_resume(per: Page, service: str) -> None:
    per.goto(service)
    per.click("a:text-is('Suspend')")
    expect(per.locator("#dialog")).to_contain_text("Credit 2,500.00 USD for 30 of 30 days.")
    per.fill("#dialog [name=reason]", "The invoice is disputed.")
    per.click("#dialog button:text-is('Suspend and credit 2,500.00 USD')")
    per.wait_for_selector(".service-lead :text-is('Suspended')")
    per.click("a:text-is('Resume')")
    per.click("#dialog button:text-is('Resume')")
    per.wait_for_selector(".service-lead :text-is('Active')")


def hand_over(per: Page) -> None:
    per.click("a:text-is('Transfer')")
    per.select_option("#dialog [name=client_id]", label="Maple Logistics Inc. (C1004)")
    per.wait_for_selector("#outcome:has-text('goes from Cedar Architects & Sons to Maple Logistics Inc.')")
    per.click("#dialog button:has-text('Transfer')")
    per.wait_for_selector(".service-lead a:text-is('Maple Logistics Inc.')")


def cancel(per: Page) -> None:
    """Twelve months are left: half of 30,000.00, said before it is done."""
    per.click("a:text-is('Cancel')")
    expect(per.locator("#outcome")).to_contain_text("Fee 15,000.00 USD: 50 %")
    per.fill("#dialog [name=reason]", "The client has moved to another provider.")
    per.click("#dialog button:text-is('Cancel service and bill 15,000.00 USD')")
    per.wait_for_selector(".service-lead :text-is('Cancelled')")
