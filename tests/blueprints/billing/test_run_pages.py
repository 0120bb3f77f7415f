"""A billing run on screen: foreseen, started, decided about, and run again for what was parked."""

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import company
from portal.domain.billing import running
from portal.domain.billing.models import BillingRun, Invoice, RecurringBilling
from portal.domain.words import InvoiceStatus
from portal.jobs.worker import drain_all
from tests.factories import make_client, make_product, make_service

SERVICES = 3


@pytest.fixture
def book(cast, clock):
    """Three services of 100.00 and 20 % tax, and one in yen."""
    product = make_product(cycle_price_minor=10_000)
    for number in range(SERVICES):
        client = make_client(name=f"Acme {number}", tax_rate_percent=20)
        make_service(status="active", product=product, client=client, name=f"Backup {number}")
    yen = make_client(name="Edo", currency="JPY")
    make_service(status="active", client=yen, product=make_product(currency="JPY", cycle_price_minor=5_000))
    drain_all()


@pytest.fixture
def fay(browser, cast, book):
    return browser.sign_in(cast.fay)


def hold_drafts():
    with transaction():
        company.change(values={"approve_runs": True}, by=None, at=portal_clock.now())


def started(fay) -> str:
    where = fay.post("/billing/runs/new").headers["Location"]
    drain_all()
    return where


def statuses() -> set[InvoiceStatus]:
    db.session.expire_all()
    return set(db.session.scalars(sa.select(Invoice.status)))


def park_one():
    with transaction():
        running.run(as_of=portal_clock.today(), at=portal_clock.now())
        one = db.session.scalars(sa.select(RecurringBilling).order_by(RecurringBilling.id)).first()
        one.amount_minor = 200_000
        return one.next_bill_date


def test_the_preview_tells_each_client_and_each_currency(fay):
    page = fay.get("/billing/preview")
    for words in ("360.00", "300.00", "60.00", "5,000", "Acme 1", "Edo", "120.00"):
        assert words in page.text
    sheet = fay.get("/billing/preview?export=csv").body
    assert sheet.count("\n") >= SERVICES + 2
    assert db.session.scalar(sa.select(sa.func.count(BillingRun.id))) == 0


def test_the_confirmation_names_counts_and_totals_in_each_currency(fay):
    page = fay.get("/billing/runs/new")
    assert "3 services of 3 clients" in page.text and "360.00" in page.text and "issued at once" in page.text
    assert "Bill 4 invoices" in page.text
    hold_drafts()
    assert "stay drafts" in fay.get("/billing/runs/new").text


def test_held_drafts_are_issued_after_a_confirmation(fay):
    hold_drafts()
    where = started(fay)
    page = fay.get(where)
    assert "4 drafts wait" in page.text and "360.00" in page.text
    assert "Drafts to approve" in fay.get("/billing").text
    assert "Issue 4 drafts" in fay.get(f"{where}/approve").text
    fay.post(f"{where}/approve")
    assert "Issuing drafts" in fay.get(where).text and "0 of 4" in fay.get(where).text
    drain_all()
    assert "drafts wait" not in fay.get(where).text
    assert statuses() == {InvoiceStatus.ISSUED}
    assert fay.post(f"{where}/approve").status == 409


def test_held_drafts_are_discarded_and_billed_by_the_next_run(fay):
    hold_drafts()
    where = started(fay)
    assert "billed again by the next run" in fay.get(f"{where}/discard").text
    fay.post(f"{where}/discard")
    drain_all()
    assert "were discarded" in fay.get(where).text
    assert statuses() == set()
    assert "4 drafts wait" in fay.get(started(fay)).text


def test_what_is_parked_is_foreseen_released_and_billed_alone(browser, cast, book, clock):
    clock.set(park_one())
    fay = browser.sign_in(cast.fay)
    where = started(fay)
    page = fay.get(where)
    assert "more than 10 times the last period" in page.text and "Bill them again" in page.text
    confirmation = fay.get(f"{where}/rerun")
    assert "1 service of 1 client" in confirmation.text and "2,400.00" in confirmation.text
    again = fay.post(f"{where}/rerun").headers["Location"]
    drain_all()
    assert "2,400.00" in fay.get(again).text and "Released" in fay.get(where).text
    assert fay.post("/billing/parked/rerun").status == 409


def test_without_the_right_there_is_no_button(browser, cast, book):
    page = browser.sign_in(cast.ana).get("/billing/preview")
    assert "Start this run" not in page.text
