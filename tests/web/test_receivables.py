"""What clients owe, on screen: every figure leads to what it counts, and a person decides."""

import csv
from datetime import date
from io import BytesIO, StringIO

import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import company, receivables
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.receivables import statements
from portal.domain.receivables.models import ExportBatch, SuspensionDismissal
from portal.jobs.worker import drain_all
from tests.domain.receivables.making import act, advance, bill, credit, pay
from tests.factories import make_client, make_contact, make_service

TODAY = date(2026, 11, 20)


@pytest.fixture
def client(cast, clock):
    """Billed 100.00 and 50.00 in August, of which 30.00 were paid; 20.00 of credit are not used. All is overdue."""
    made = make_client(
        code="ACME", name="Acme & <b>Sons", account_manager_id=cast.ana.id, payment_terms_days=30
    )
    make_contact(made)
    clock.set(date(2026, 8, 10))
    first = bill(made, 10_000)
    pay(bill(made, 5_000), 3_000, reference="R-1")
    credit(first, 2_000)
    clock.set(TODAY)
    return made


@pytest.fixture
def fay(browser, cast):
    return browser.sign_in(cast.fay)


def settings(**values):
    with transaction():
        company.change(values=values, by=None, at=portal_clock.now())


def rows_of(page, name):
    return [
        [" ".join(cell.get_text(" ").split()) for cell in row.find_all("td")]
        for row in page.soup.select(f"tr[id^={name}-]")
    ]


def test_ageing_shows_each_client_and_links_to_the_documents_that_a_figure_counts(fay, client):
    page = fay.get("/billing/ageing")
    (row,) = rows_of(page, "ageing")
    assert row == [
        "Acme & <b>Sons",
        "USD",
        "–",
        "–",
        "–",
        "120.00\u00a0USD".replace("\u00a0", " "),
        "–",
        "-20.00 USD",
        "100.00 USD",
    ]
    figure = page.soup.select_one("tr[id^=ageing-] a[href*='band=days_90']")["href"]
    items = fay.get(figure)
    assert sorted(each[-1] for each in rows_of(items, "open_items")) == ["100.00 USD", "20.00 USD"]
    in_all = page.soup.select_one(".panel a[href*='band=credit']")["href"]
    assert [each[-1] for each in rows_of(fay.get(in_all), "open_items")] == ["-20.00 USD"]


def test_ageing_of_a_past_day_shows_that_day_and_keeps_it_in_its_links(fay, client):
    page = fay.get("/billing/ageing?as_of=2026-09-15")
    assert "15 Sep 2026" in page.text
    link = page.soup.select_one("tr[id^=ageing-] a[href*='band=days_30']")["href"]
    assert "as_of=2026-09-15" in link
    assert len(rows_of(fay.get(link), "open_items")) == 2
    assert "Nothing matches" in fay.get("/billing/ageing?as_of=2026-08-01").text
    assert "20 Nov 2026" in fay.get("/billing/ageing?as_of=2030-01-01").text


def test_ageing_is_narrowed_by_account_manager_and_currency_and_exported(fay, client, cast):
    other = make_client(currency="JPY")
    bill(other, 777)
    mine = fay.get(f"/billing/ageing?account_manager={cast.ana.id}")
    assert len(rows_of(mine, "ageing")) == 1 and "777" not in mine.text
    assert len(rows_of(fay.get("/billing/ageing?currency=JPY"), "ageing")) == 1
    answer = fay.get("/billing/ageing?export=csv&currency=USD")
    (row,) = csv.DictReader(StringIO(answer.answer.data.decode("utf-8-sig")))
    assert (row["61–90 days"], row["Balance"], row["Currency"]) == ("120.00", "100.00", "USD")


def test_ageing_says_who_cannot_be_reminded(fay, client, clock):
    clock.set(date(2026, 8, 10))
    bill(make_client(code="MUTE", name="Mute Ltd"), 100)
    clock.set(TODAY)
    page = fay.get("/billing/ageing")
    assert "One client is overdue and cannot be reminded" in page.text
    assert page.soup.select_one("a[href='/clients/MUTE']")


def test_a_statement_joins_the_one_before_on_screen_and_in_csv(fay, client):
    page = fay.get("/clients/ACME/statement?from=2026-08-01&to=2026-08-31")
    for words in (
        "Opening balance",
        "Invoice INV-000001",
        "Payment",
        "R-1",
        "Credit note CN-000001",
        "100.00",
    ):
        assert words in page.text
    later = fay.get("/clients/ACME/statement?from=2026-09-01&to=2026-11-20&export=csv")
    rows = list(csv.reader(StringIO(later.answer.data.decode("utf-8-sig"))))
    assert [row[1] for row in rows[1:]] == ["Opening balance", "Closing balance"]
    assert [row[4] for row in rows[1:]] == ["100.00", "100.00"]


@pytest.mark.parametrize(
    "query",
    [
        "from=x&to=y",
        "from=2027-01-01&to=2026-01-01",
        "to=9999-12-31",
        "from=0001-01-01",
        "currency=XXX",
        "to=0001-01-01",
    ],
)
def test_a_period_that_cannot_be_read_is_mended(fay, client, query):
    assert fay.get(f"/clients/ACME/statement?{query}").status == 200


def test_the_pdf_of_a_statement_is_made_when_asked_for_and_says_the_same(fay, client):
    at = "/clients/ACME/statement?currency=USD&from=2026-08-01&to=2026-08-31"
    form = fay.get(at).soup.select_one("#statement-pdf form")["action"]
    assert fay.post(form).status == 303
    assert fay.post(form).status == 303
    assert "being printed" in fay.get(at).text
    drain_all()
    link = fay.get(at).soup.select_one("#statement-pdf a")["href"]
    answer = fay.get(link)
    assert answer.headers["Content-Disposition"] == "attachment; filename=statement-ACME-USD-2026-08-31.pdf"
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(answer.answer.data)).pages)
    for words in ("Statement of account", "Acme & <b>Sons", "Opening balance", "INV-000001", "100.00"):
        assert words in text


def test_a_pdf_that_is_not_printed_yet_is_not_there(fay, client):
    with transaction():
        asked = statements.ask_for_pdf(
            client_id=client.id, currency="USD", period=statements.month_of(TODAY), at=portal_clock.now()
        )
        asked_id = asked.id
    assert fay.get(f"/billing/statements/{asked_id}/pdf").status == 404


def test_the_statement_and_the_ageing_are_linked_from_where_people_look(fay, client):
    assert fay.get("/clients/ACME").soup.select_one("a[href='/clients/ACME/statement']")
    billing = fay.get("/billing").soup
    for path in ("/billing/ageing", "/billing/proposals", "/billing/exports"):
        assert billing.select_one(f"a[href='{path}']")


def test_proposals_are_off_until_somebody_switches_them_on(fay, client):
    assert "switched off" in fay.get("/billing/proposals").text


def test_a_proposal_leads_to_the_bulk_suspension_with_its_reason(fay, client):
    service = make_service(client=client, status="active")
    settings(suspension_days=30)
    page = fay.get("/billing/proposals")
    ask = page.soup.select_one("a[href^='/services/bulk/suspend']")["href"]
    confirm = fay.get(ask)
    reason = confirm.value("reason")
    assert "Suspend 1 service" in confirm.text and "120.00" in reason and "72 days" in reason
    assert fay.post("/services/bulk/suspend", {"ids": str(service.id), "reason": reason}).status == 303
    drain_all()
    assert db.session.get_one(ClientService, service.id).status is Status.SUSPENDED
    assert "Nobody to decide on" in fay.get("/billing/proposals").text


def test_a_proposal_is_dismissed_until_a_day_with_a_note(fay, client):
    make_service(client=client, status="active")
    settings(suspension_days=30)
    form = {"until_on": "2026-11-30", "note": "Pays on Friday"}
    assert fay.post("/billing/proposals/ACME/dismiss", form | {"note": " "}).status == 422
    refused = fay.post("/billing/proposals/ACME/dismiss", form | {"until_on": "2026-11-20"})
    assert refused.status == 422 and refused.soup.find(id="until_on-error")
    assert refused.value("note").strip() == "Pays on Friday"
    assert fay.post("/billing/proposals/ACME/dismiss", form).status == 303
    assert db.session.scalars(sa.select(SuspensionDismissal.note)).all() == ["Pays on Friday"]
    assert "Nobody to decide on" in fay.get("/billing/proposals").text


def test_an_export_is_made_once_and_its_file_stays(fay, client):
    form = {"first": "2026-08-01", "last": "2026-08-31"}
    assert "no export yet" in fay.get("/billing/exports").text.lower()
    assert fay.post("/billing/exports/new", form).status == 303
    page = fay.get("/billing/exports")
    (row,) = rows_of(page, "exports")
    assert row[:5] == ["Batch 1, CSV", "1 Aug 2026", "31 Aug 2026", "4", "8"]
    link = page.soup.select_one("tr[id^=exports-] a")["href"]
    first = fay.get(link).answer.data
    assert fay.post("/billing/exports/new", form).status == 303
    assert fay.get(link).answer.data == first
    assert db.session.scalar(sa.select(sa.func.count(ExportBatch.id))) == 1


@pytest.mark.parametrize(
    ("first", "last"),
    [("2026-08-31", "2026-08-01"), ("2026-11-01", "2026-11-30"), ("", "x"), ("2020-01-01", "2020-02-01")],
    ids=["turned round", "to come", "no dates", "nothing booked"],
)
def test_a_period_that_cannot_be_exported_is_refused_in_the_form(fay, client, first, last):
    page = fay.post("/billing/exports/new", {"first": first, "last": last})
    assert page.status == 422 and page.soup.select_one(".error-summary")
    assert db.session.scalar(sa.select(sa.func.count(ExportBatch.id))) == 0


def test_the_reminders_stand_on_the_page_of_the_invoice(fay, client):
    act(receivables.remind, as_of=TODAY)
    drain_all()
    item = rows_of(fay.get("/billing/ageing/documents?band=days_90"), "open_items")[0][0]
    link = fay.get("/billing/ageing/documents?band=days_90").soup.find("a", string=item)["href"]
    page = fay.get(link)
    assert "Payment reminder sent" in page.text and "client.example" in page.text


def test_an_advance_is_listed_as_credit_and_leads_to_the_statement(fay, client):
    advance(client, 1_500)
    page = fay.get("/billing/ageing/documents?band=credit&client=ACME")
    assert ["-15.00 USD"] in [[each[-1]] for each in rows_of(page, "open_items")]
    assert page.soup.find("a", string="Payment")["href"].startswith("/clients/ACME/statement")


def test_a_list_of_many_clients_takes_no_more_queries_than_one_of_few(fay, app, client):
    def queries():
        sent = []
        note = lambda *args: sent.append(args[2])  # noqa: E731
        sa.event.listen(db.engines[None], "before_cursor_execute", note)
        fay.ask("GET", "/billing/ageing")
        sa.event.remove(db.engines[None], "before_cursor_execute", note)
        return len(sent)

    few = queries()
    for _ in range(5):
        bill(make_client(), 100)
    assert queries() == few
