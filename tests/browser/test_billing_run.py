"""A run with approval in a real browser: foreseen, started, approved, issued (U1)."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from portal import clock
from portal.db import transaction
from portal.domain import company
from portal.domain.staff import Role
from portal.jobs.worker import drain_all
from portal.web.session import cookie_name
from tests.browser.desk.conftest import token_for
from tests.chromium import SIZES, chromium, served, violations, watched
from tests.factories import make_client, make_product, make_service, make_user

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def window() -> Iterator[object]:
    with chromium() as window:
        yield window


@pytest.fixture
def seat(app, live, window):
    """Fay's browser, before two clients of which one is due."""
    fay = make_user(name="Fay Lind", role=Role.FINANCE)
    product = make_product(cycle_price_minor=123_456)
    for name in ("Cedar Architects", "Maple Law"):
        make_service(
            status="active", product=product, client=make_client(name=name), name=f"Backup of {name}"
        )
    with transaction():
        company.change(values={"approve_runs": True}, by=None, at=clock.now())
    drain_all()
    with served(app) as address:
        yield lambda **wishes: watched(window, address, cookies={cookie_name(): token_for(fay)}, **wishes)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_run_is_started_approved_and_issued(seat, scripts):
    with seat(java_script_enabled=scripts) as page:
        page.goto("/billing")
        page.get_by_role("link", name="Start a billing run").click()
        page.get_by_role("button", name="Draft 2 invoices").click()
        expect(page.get_by_role("status").filter(has_text="being worked through")).to_be_visible()
        drain_all()
        if not scripts:
            page.reload()
        expect(page.get_by_text("2 drafts wait")).to_be_visible()
        page.get_by_role("link", name="Issue them").click()
        page.get_by_role("button", name="Issue 2 drafts").click()
        expect(page.get_by_text("Issuing drafts")).to_be_visible()
        drain_all()
        if not scripts:
            page.reload()
        expect(page.get_by_text("Issuing drafts")).to_be_hidden()
        page.goto("/invoices")
        expect(page.get_by_role("link", name=re.compile("INV-00000[12]"))).to_have_count(2)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_its_pages_are_closed_to_nobody(seat, width, height):
    with seat(viewport={"width": width, "height": height}, bypass_csp=True) as page:
        found = {}
        for path in ("/billing", "/billing/preview", "/billing/runs/new"):
            page.goto(path)
            found[path] = violations(page)
        page.get_by_role("button", name="Draft 2 invoices").click()
        expect(page.get_by_role("status").filter(has_text="being worked through")).to_be_visible()
        found["under way"] = violations(page)
        drain_all()
        page.reload()
        found["held"] = violations(page)
        run, wide = page.url, [is_wide(page)]
        for name in ("approve", "discard", "rerun"):
            page.goto(f"{run}/{name}")
            found[name] = violations(page)
            wide.append(is_wide(page))
    assert {path: faults for path, faults in found.items() if faults} == {}
    assert not any(wide)


def is_wide(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
