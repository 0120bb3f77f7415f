"""The books on screen."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import company
from portal.domain.billing import running
from portal.domain.billing.models import BillingRun, Invoice, RecurringBilling
from portal.domain.words import InvoiceStatus, JobState
from portal.jobs.worker import drain_all
from tests.factories import make_client, make_product, make_service


@pytest.fixture
def service(cast, clock):
    product = make_product(cycle_price_minor=310_000, setup_fee_minor=50_000)
    made = make_service(
        status="active",
        product=product,
        client=make_client(name="Acme & <b>Sons", tax_rate_percent=20),
        name="Backup",
    )
    drain_all()
    return made


@pytest.fixture
def invoice(service):
    with transaction():
        running.run(as_of=portal_clock.today(), at=portal_clock.now())
    return db.session.query(Invoice).one()


def test_the_list_and_the_document_say_the_same(browser, cast, invoice):
    browser.sign_in(cast.fay)
    row = browser.get("/invoices").text
    page = browser.get(f"/invoices/{invoice.id}")
    assert "INV-000001" in row and "4,320.00" in row
    for words in ("Invoice INV-000001", "Acme & <b>Sons", "Backup – setup", "3,600.00", "720.00", "4,320.00"):
        assert words in page.text


def test_a_run_is_started_from_the_page_and_done_in_the_background(browser, cast, service):
    browser.sign_in(cast.fay)
    assert "1 service of 1 client" in browser.get("/billing/runs/new").text
    where = browser.post("/billing/runs/new").headers["Location"]
    assert "being worked through" in browser.get(where).text
    drain_all()
    assert db.session.query(BillingRun).one().state is JobState.DONE
    result = browser.get(where)
    assert "4,320.00" in result.text and 'hx-trigger="every' not in result.body
    again = browser.post("/billing/runs/new").headers["Location"]
    drain_all()
    assert "Invoices 0" in browser.get(again).text


def test_a_payment_in_parts_settles_the_invoice(browser, cast, invoice):
    browser.sign_in(cast.fay)
    form = {"amount": "320.00", "received_on": "2026-11-20", "method": "card", "reference": "R1"}
    assert browser.post(f"/invoices/{invoice.id}/payment", form).status == 303
    assert "4,000.00" in browser.get(f"/invoices/{invoice.id}").text
    assert browser.post(f"/invoices/{invoice.id}/payment", form | {"amount": "4000.00"}).status == 303
    assert db.session.get_one(Invoice, invoice.id).status is InvoiceStatus.PAID


@pytest.mark.parametrize("amount", ["", "abc", "1e3", "NaN", "0", "-1", "4320.01", "1.234"])
def test_an_amount_that_cannot_be_is_refused_at_the_field(browser, cast, invoice, amount):
    browser.sign_in(cast.fay)
    form = {"amount": amount, "received_on": "2026-11-20", "method": "card", "reference": "kept"}
    page = browser.post(f"/invoices/{invoice.id}/payment", form)
    assert page.status == 422
    assert page.soup.find(id="amount-error")
    assert page.value("reference") == "kept"


def test_a_draft_is_issued_by_hand_and_a_mistake_voided(browser, cast, service):
    with transaction():
        company.change(values={"approve_runs": True}, by=None, at=portal_clock.now())
        running.run(as_of=portal_clock.today(), at=portal_clock.now())
    draft = db.session.query(Invoice).one()
    browser.sign_in(cast.fay)
    assert "Draft" in browser.get("/invoices").text
    assert browser.post(f"/invoices/{draft.id}/issue").status == 303
    assert browser.post(f"/invoices/{draft.id}/void", {"reason": ""}).status == 422
    assert browser.post(f"/invoices/{draft.id}/void", {"reason": "wrong"}).status == 303
    assert "Void: wrong" in browser.get(f"/invoices/{draft.id}").text


def test_the_board_shows_what_is_parked_and_releases_it(browser, cast, service):
    schedule = db.session.query(RecurringBilling).one()
    with transaction():
        schedule.status, schedule.parked_reason = "parked", "More than 12 periods"
    browser.sign_in(cast.fay)
    assert "More than 12 periods" in browser.get("/billing").text
    browser.post(f"/billing/parked/{service.id}/release")
    assert "More than 12 periods" not in browser.get("/billing").text


def test_the_pdf_is_printed_when_asked_for_and_again_after_a_payment(browser, cast, invoice):
    browser.sign_in(cast.fay)
    at = f"/invoices/{invoice.id}"
    assert browser.get(f"{at}/pdf").status == 404
    browser.post(f"{at}/pdf")
    assert "being printed" in browser.get(at).text
    drain_all()
    answer = browser.get(f"{at}/pdf")
    assert answer.headers["Content-Disposition"] == "attachment; filename=INV-000001.pdf"
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(answer.answer.data)).pages)
    for words in ("INV-000001", "Acme & <b>Sons", "4,320.00", "Backup – setup"):
        assert words in text
    browser.post(f"{at}/payment", {"amount": "4320.00", "received_on": "2026-11-20", "method": "card"})
    assert "Make the PDF" in browser.get(at).text
