"""What finance does with money on screen: payments, account credit, credit notes, drafts, voids."""

import email
from email.policy import default

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import company
from portal.domain.billing import running
from portal.domain.billing.models import Invoice, InvoiceLine
from portal.domain.billing.settling_models import InvoiceMail
from portal.domain.words import InvoiceKind, InvoiceStatus, LineKind
from portal.jobs.worker import drain_all
from tests.factories import make_client, make_contact, make_service

TODAY = "2026-11-20"


@pytest.fixture
def client(clock, session):
    return make_client(code="ACME", name="Acme & <b>Sons", tax_rate_percent=20)


@pytest.fixture
def invoice(cast, client):
    """1,000.00 for a service and 20 % tax on it, from today."""
    make_service(status="active", client=client, name="Backup")
    drain_all()
    return bill()


@pytest.fixture
def fay(browser, cast):
    browser.sign_in(cast.fay)
    return browser


def bill():
    with transaction():
        running.run(as_of=portal_clock.today(), at=portal_clock.now())
    return db.session.query(Invoice).one()


def set_to(**values):
    with transaction():
        company.change(values=values, by=None, at=portal_clock.now())


def notes():
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Invoice).filter_by(kind=InvoiceKind.CREDIT_NOTE)))


def advance(fay, amount="100.00"):
    form = {"client": "ACME", "currency": "USD", "amount": amount, "paid_on": TODAY, "method": "card"}
    return fay.post("/payments/new", form)


def test_more_than_is_open_is_asked_about_and_becomes_account_credit(fay, invoice):
    form = {"amount": "1220.00", "received_on": TODAY, "method": "card", "reference": "R-1"}
    asked = fay.post(f"/invoices/{invoice.id}/payment", form)
    assert asked.status == 422 and "20.00" in asked.text and asked.soup.find(id="takes_rest")
    assert fay.post(f"/invoices/{invoice.id}/payment", form | {"takes_rest": "y"}).status == 303
    page = fay.get("/clients/ACME").text
    assert "Account credit" in page and "20.00" in page
    listed = fay.get("/payments").text
    assert "R-1" in listed and "1,220.00" in listed and "INV-000001" in listed


def test_an_advance_is_recorded_applied_and_the_rest_paid_back(fay, invoice):
    assert advance(fay).status == 303
    page = fay.get(f"/invoices/{invoice.id}/apply-credit")
    assert "100.00" in page.text
    too_much = fay.post(f"/invoices/{invoice.id}/apply-credit", {"amount": "100.01"})
    assert too_much.status == 422 and too_much.soup.find(id="amount-error")
    assert fay.post(f"/invoices/{invoice.id}/apply-credit", {"amount": "60.00"}).status == 303
    assert "1,140.00" in fay.get(f"/invoices/{invoice.id}").text
    refund = {"client": "ACME", "currency": "USD", "amount": "40.01", "paid_on": TODAY, "method": "card"}
    refused = fay.post("/refunds/new", refund)
    assert refused.status == 422 and "40.00 USD" in refused.text
    assert fay.post("/refunds/new", refund | {"amount": "40.00"}).status == 303
    assert "-40.00" in fay.get("/payments").text.replace("−", "-")


def test_nobody_pays_in_advance_whom_we_do_not_know(fay, invoice):
    form = {"client": "NOBODY", "currency": "USD", "amount": "1.00", "paid_on": TODAY, "method": "card"}
    page = fay.post("/payments/new", form)
    assert page.status == 422 and page.soup.find(id="client-error")


def test_one_line_is_credited_after_a_preview(fay, invoice):
    line = invoice.lines[0]
    form = {"how_much": "lines", f"line_{line.id}": "250.00", "deduct": "y", "reason": "late"}
    preview = fay.post(f"/invoices/{invoice.id}/credit", form)
    assert notes() == []
    for words in ("250.00", "Tax 20 %", "50.00", "Credit 300.00", "settles what is open on INV-000001"):
        assert words in preview.text
    assert preview.value(f"line_{line.id}") == "250.00"
    fay.post(f"/invoices/{invoice.id}/credit", form | {"confirm": "yes"})
    (note,) = notes()
    assert (note.number, note.total_minor, note.notes) == ("CN-000001", -300_00, "late")
    assert "900.00" in fay.get(f"/invoices/{invoice.id}").text


def test_a_line_is_not_credited_beyond_what_is_left(fay, invoice):
    line = invoice.lines[0]
    form = {"how_much": "lines", f"line_{line.id}": "1000.01", "reason": "late"}
    page = fay.post(f"/invoices/{invoice.id}/credit", form)
    assert page.status == 422 and page.soup.find(id=f"line_{line.id}-error")


def test_a_void_names_the_days_that_are_billed_again(fay, invoice):
    page = fay.get(f"/invoices/{invoice.id}/void").text
    assert "bills these days again" in page and "1,000.00" in page and "Backup" in page


def test_a_draft_by_hand_gets_lines_words_and_a_number(fay, client):
    where = fay.post("/invoices/new", {"client": "ACME"}).headers["Location"]
    draft = db.session.query(Invoice).one()
    assert fay.get(where).value("tax_rate_percent") == "20"
    assert fay.post(f"/invoices/{draft.id}/issue").status == 409
    form = {"words": "Cabling", "amount": "99.90", "tax_rate_percent": "20"}
    assert fay.post(where, form).status == 303
    fay.post(where, form | {"words": "Discount", "amount": "-9.90"})
    refused = fay.post(where, form | {"amount": "-90.01"})
    assert refused.status == 422 and refused.soup.find(id="amount-error")
    version = fay.get(f"/invoices/{draft.id}/edit").value("version")
    fay.post(f"/invoices/{draft.id}/edit", {"version": version, "po_number": "PO-9", "notes": "Thanks."})
    discount = db.session.scalars(sa.select(InvoiceLine.id).filter_by(description="Discount")).one()
    fay.post(f"/invoices/{draft.id}/lines/{discount}/remove")
    fay.post(f"/invoices/{draft.id}/issue")
    page = fay.get(f"/invoices/{draft.id}").text
    for words in ("INV-000001", "119.88", "PO-9", "Thanks."):
        assert words in page
    assert fay.get(f"/invoices/{draft.id}/edit").status == 409


def test_a_deleted_draft_is_billed_again_by_the_next_run(fay, cast, client):
    set_to(approve_runs=True)
    service = make_service(status="active", client=client)
    drain_all()
    draft = bill()
    assert "billed again" in fay.get(f"/invoices/{draft.id}/delete").text
    fay.post(f"/invoices/{draft.id}/delete")
    db.session.expire_all()
    assert db.session.query(Invoice).count() == 0
    again = bill()
    assert [(each.client_service_id, each.kind) for each in again.lines] == [(service.id, LineKind.RECURRING)]


def test_issued_documents_go_to_the_billing_contacts_once_and_again_when_asked(fay, cast, client, settings):
    make_contact(client, email="books@acme.example")
    make_contact(client, email="lab@acme.example", roles=["technical"])
    set_to(email_invoices=True)
    make_service(status="active", client=client)
    drain_all()
    invoice = bill()
    drain_all()
    assert "books@acme.example" in fay.get(f"/invoices/{invoice.id}").text
    fay.post(f"/invoices/{invoice.id}/mail")
    drain_all()
    sent = list(db.session.scalars(sa.select(InvoiceMail)))
    assert [(each.recipients, each.sent_at is not None) for each in sent] == [
        ("books@acme.example", True)
    ] * 2
    files = sorted(settings.mail_folder.glob("*.eml"), key=lambda each: each.stat().st_mtime)
    mail = email.message_from_bytes(files[-1].read_bytes(), policy=default)
    assert mail["To"] == "books@acme.example" and "INV-000001" in mail["Subject"]
    (pdf,) = mail.iter_attachments()
    assert pdf.get_filename() == "INV-000001.pdf" and pdf.get_content().startswith(b"%PDF")


def test_a_client_s_own_choice_about_mail_wins(cast, client):
    client.email_invoices = False
    make_contact(client)
    set_to(email_invoices=True)
    make_service(status="active", client=client)
    drain_all()
    bill()
    assert db.session.query(InvoiceMail).count() == 0


def test_an_invoice_is_found_by_its_total(fay, invoice):
    assert "INV-000001" in fay.get("/invoices?q=1,200.00").text
    assert "INV-000001" not in fay.get("/invoices?q=1,200.01").text


def test_who_only_looks_sees_the_money_and_moves_none(browser, cast, invoice):
    browser.sign_in(cast.ana)
    page = browser.get(f"/invoices/{invoice.id}")
    assert "Record a payment" not in page.text and "Void" not in page.text
    assert invoice.status is InvoiceStatus.ISSUED
