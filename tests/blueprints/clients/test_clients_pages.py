"""The pages of clients, as people see and use them."""

import csv
import io

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import clients
from portal.domain.billing.models import Invoice
from portal.domain.clients.models import Client, Contact, Contract
from portal.domain.words import InvoiceStatus
from tests.factories import make_client, make_contact, make_product, make_service

pytestmark = pytest.mark.usefixtures("session", "clock")

ACME = {
    "code": "ACME", "name": "Acme & Sons", "currency": "EUR", "timezone": "Europe/Berlin", "locale": "de_DE",
    "payment_terms_days": "30", "tax_rate_percent": "19", "overdue_limit": "250.00", "account_manager_id": "",
}  # fmt: skip


def form_of(client, **changes):
    known = {
        "code": client.code, "name": client.name, "currency": client.currency, "timezone": "UTC", "locale": "en_US",
        "payment_terms_days": "30", "tax_rate_percent": "0", "overdue_limit": "0", "version": "1",
        "consolidate_invoices": "y",
    }  # fmt: skip
    return known | changes


def statements_of(act):
    """How many statements an act sends to the database."""
    sent = []
    listener = lambda *args: sent.append(args[2])  # noqa: E731
    sa.event.listen(sa.Engine, "before_cursor_execute", listener)
    act()
    sa.event.remove(sa.Engine, "before_cursor_execute", listener)
    return len(sent)


def names(page):
    return [cell.text.strip() for cell in page.soup.select("td.is-key a")]


def owe(client, minor, due_on):
    with transaction():
        db.session.add(
            Invoice(
                client_id=client.id, currency=client.currency, status=InvoiceStatus.ISSUED, number=f"I-{client.id}",
                drafted_on=due_on, issued_on=due_on, due_on=due_on, subtotal_minor=minor, total_minor=minor,
            )
        )  # fmt: skip


@pytest.fixture
def ana(cast, browser):
    return browser.sign_in(cast.ana)


def test_the_list_shows_everybody_the_clients_and_money_to_those_who_may_see_it(cast, browser):
    service = make_service(status="active", product=make_product(cycle_price_minor=123456))
    browser.sign_in(cast.ana)
    assert "1,234.56" in browser.get("/clients").text
    browser.sign_in(cast.tom)
    page = browser.get("/clients")
    assert service.client.name in page.text
    assert "1,234.56" not in page.text


@pytest.mark.parametrize(
    "query", ["sort=monthly_minor", "sort=-open_minor", "overdue=yes", "columns=monthly_minor"]
)
def test_whoever_sees_no_money_cannot_sort_filter_or_ask_for_it(cast, browser, query):
    poor, rich = make_client(name="Alpha"), make_client(name="Beta")
    make_service(client=poor, status="active", product=make_product(cycle_price_minor=100))
    make_service(client=rich, status="active", product=make_product(cycle_price_minor=999_900))
    owe(rich, 100, portal_clock.today().replace(year=2025))
    browser.sign_in(cast.vic)
    page = browser.get(f"/clients?{query}")
    assert names(page) == ["Alpha", "Beta"]
    assert "9,999.00" not in page.text


@pytest.mark.parametrize(("who", "sees"), [("fay", True), ("tom", False)])
def test_an_export_holds_what_the_list_shows(cast, browser, who, sees):
    client = make_client(name="=Acme")
    make_service(client=client, status="active", product=make_product(cycle_price_minor=123456))
    browser.sign_in(getattr(cast, who))
    rows = list(csv.DictReader(io.StringIO(browser.get("/clients?export=csv").body.removeprefix("\ufeff"))))
    assert [row["Client"] for row in rows] == ["'=Acme"]
    assert (rows[0].get("Monthly total") == "1234.56") is sees
    assert browser.get("/clients?export=xlsx").status == 200


def test_the_list_is_narrowed_by_manager_currency_activity_and_search(cast, ana):
    make_client(name="Juniper", currency="GBP", account_manager_id=cast.ana.id)
    make_client(name="Cedar", currency="USD", is_active=False)
    for query, found in {
        f"account_manager={cast.ana.id}": ["Juniper"],
        "currency=USD": ["Cedar"],
        "is_active=yes": ["Juniper"],
        "q=ced": ["Cedar"],
    }.items():
        assert names(ana.get(f"/clients?{query}")) == found


def test_overdue_clients_can_be_found(ana):
    late, early = make_client(name="Late"), make_client(name="Early")
    owe(late, 5000, portal_clock.today().replace(year=2025))
    owe(early, 5000, portal_clock.today().replace(year=2027))
    assert names(ana.get("/clients?overdue=yes")) == ["Late"]
    assert names(ana.get("/clients?overdue=no")) == ["Early"]


def test_the_page_of_a_client_tells_its_whole_business(ana, cast):
    client = make_client(name="Acme", wants_monthly_report=True, account_manager_id=cast.ana.id)
    service = make_service(
        client=client, name="Backup", status="active", product=make_product(cycle_price_minor=123456)
    )
    make_contact(client, name="Gia Evans", roles=["billing", "reports", "renewal"])
    owe(client, 5000, portal_clock.today().replace(year=2025))
    page = ana.get(f"/clients/{client.code}")
    for said in (
        "Account manager Ana Reyes", "Backup", "1,234.56", "50.00", "overdue", "invoices, SLA reports",
        "Backup: service activated",
    ):  # fmt: skip
        assert said in page.text, said
    assert page.soup.find("a", href=f"/services/{service.id}")


@pytest.mark.parametrize("who", ["tom", "vic"])
def test_the_page_hides_money_from_those_who_may_not_see_it(cast, browser, who):
    client = make_client(name="Acme", overdue_limit_minor=77700)
    make_service(
        client=client, status="active", product=make_product(cycle_price_minor=123456, setup_fee_minor=4321)
    )
    owe(client, 5000, portal_clock.today())
    browser.sign_in(getattr(cast, who))
    for path in (f"/clients/{client.code}", f"/clients/{client.code}/timeline"):
        text = browser.get(path).text
        assert not [amount for amount in ("1,234.56", "50.00", "777.00", "43.21") if amount in text]
    assert "Add a contract" not in text


def test_totals_are_by_currency(ana):
    client = make_client(currency="USD")
    make_service(client=client, status="active", product=make_product(cycle_price_minor=1000))
    owe(client, 5000, portal_clock.today())
    with transaction():
        db.session.add(
            Invoice(
                client_id=client.id, currency="EUR", status=InvoiceStatus.ISSUED, number="OLD-1", total_minor=700,
                subtotal_minor=700, drafted_on=portal_clock.today(), issued_on=portal_clock.today(),
                due_on=portal_clock.today(),
            )
        )  # fmt: skip
    text = ana.get(f"/clients/{client.code}").text
    assert "Open in EUR 7.00" in text
    assert "Open in USD 50.00" in text


def test_a_client_is_added(ana):
    answer = ana.post("/clients/new", ACME)
    assert (answer.status, answer.headers["Location"]) == (303, "/clients/ACME")
    client = db.session.scalar(sa.select(Client).filter_by(code="ACME"))
    assert (client.overdue_limit_minor, client.consolidate_invoices) == (25_000, False)
    assert "Acme &amp; Sons is a client now." in ana.get("/clients/ACME").body


def test_faults_stand_at_their_fields_and_what_was_entered_is_kept(ana):
    answer = ana.post("/clients/new", ACME | {"timezone": "Mars", "billing_day": "32", "name": "  "})
    assert answer.status == 422
    for name in ("timezone", "billing_day", "name"):
        assert answer.soup.find(id=f"{name}-error"), name
        assert answer.soup.find("a", href=f"#{name}")
    assert answer.value("timezone") == "Mars"
    assert answer.soup.find(id="timezone")["aria-invalid"] == "true"


def test_a_code_that_is_taken_is_refused_at_its_field(ana):
    make_client(code="ACME")
    assert "has this code already" in ana.post("/clients/new", ACME).soup.find(id="code-error").text


def test_an_edit_is_saved_and_shown(ana):
    client = make_client(name="Acme")
    answer = ana.post(
        f"/clients/{client.code}/edit", form_of(client, billing_day="15", credit_on_suspend="no")
    )
    assert answer.status == 303
    assert (client.billing_day, client.credit_on_suspend, client.version) == (15, False, 2)


def test_the_form_shows_what_is_stored(ana, cast):
    client = make_client(
        tax_rate_percent="7.5",
        overdue_limit_minor=12345,
        credit_on_suspend=True,
        account_manager_id=cast.ana.id,
    )
    page = ana.get(f"/clients/{client.code}/edit")
    assert page.value("tax_rate_percent") == "7.5"
    assert page.value("overdue_limit") == "123.45"
    chosen = [option["value"] for option in page.soup.select("option[selected]")]
    assert chosen == [str(cast.ana.id), "yes", ""]


def test_sending_the_form_as_it_is_changes_nothing(ana, cast):
    client = make_client(
        tax_rate_percent="7.5", overdue_limit_minor=12345, credit_on_suspend=False, billing_day=31
    )
    page = ana.get(f"/clients/{client.code}/edit")
    form = page.soup.find("form", action=f"/clients/{client.code}/edit")
    fields = {each["name"]: each.get("value", "") for each in form.select("input[name]:not([type=checkbox])")}
    fields |= {each["name"]: each.get("value", "y") for each in form.select("input[type=checkbox][checked]")}
    fields |= {each["name"]: each.text.strip() for each in form.select("textarea")}
    fields |= {each["name"]: each.select_one("option[selected]")["value"] for each in form.select("select")}
    assert ana.post(f"/clients/{client.code}/edit", fields).status == 303
    assert client.version == 1


def test_a_stale_form_shows_both_values_and_wins_when_it_is_sent_again(ana):
    client = make_client(name="Acme")
    ana.post(f"/clients/{client.code}/edit", form_of(client, payment_terms_days="45"))
    answer = ana.post(f"/clients/{client.code}/edit", form_of(client, payment_terms_days="60"))
    assert answer.status == 409
    row = answer.soup.find("th", string="Payment terms days").parent
    assert [cell.text for cell in row.find_all("td")] == ["60", "45"]
    assert (answer.value("payment_terms_days"), answer.value("version")) == ("60", "2")
    assert client.payment_terms_days == 45
    again = form_of(client, payment_terms_days="60", version=answer.value("version"))
    assert ana.post(f"/clients/{client.code}/edit", again).status == 303
    assert client.payment_terms_days == 60


def test_a_form_with_a_fault_keeps_the_version_it_was_opened_with(ana):
    client = make_client()
    ana.post(f"/clients/{client.code}/edit", form_of(client, payment_terms_days="45"))
    answer = ana.post(f"/clients/{client.code}/edit", form_of(client, payment_terms_days="x"))
    assert (answer.status, answer.value("version")) == (422, "1")


def test_the_currency_of_a_client_with_services_is_refused_at_its_field(ana):
    client = make_service().client
    answer = ana.post(f"/clients/{client.code}/edit", form_of(client, currency="EUR"))
    assert "stays USD" in answer.soup.find(id="currency-error").text


def test_deactivation_names_its_consequence_and_what_is_owed(ana):
    client = make_client(name="Acme")
    owe(client, 5000, portal_clock.today())
    page = ana.get(f"/clients/{client.code}/deactivate")
    assert "50.00" in page.text
    assert page.soup.find("button", string="Deactivate Acme")
    assert ana.post(f"/clients/{client.code}/deactivate").status == 303
    assert "Make active again" in ana.get(f"/clients/{client.code}").text
    assert ana.post(f"/clients/{client.code}/reactivate").status == 303
    assert client.is_active


def test_a_client_with_services_is_told_what_to_do_instead(ana):
    service = make_service(name="Backup", status="active")
    page = ana.get(f"/clients/{service.client.code}/deactivate")
    assert "Backup" in page.text
    assert not page.soup.find("button", string=lambda text: text and text.startswith("Deactivate"))
    refused = ana.post(f"/clients/{service.client.code}/deactivate")
    assert (refused.status, "Cancel or transfer" in refused.text) == (409, True)


GIA = {"name": "Gia Evans", "email": "gia@acme.example", "roles": ["billing", "reports"]}


def test_a_contact_is_added_changed_and_removed(ana):
    client = make_client()
    base = f"/clients/{client.code}"
    assert ana.post(f"{base}/contacts/new", GIA).status == 303
    contact = db.session.scalar(sa.select(Contact))
    assert contact.roles == ["billing", "reports"]
    form = ana.get(f"{base}/contacts/{contact.id}")
    assert [box["value"] for box in form.soup.select("input[checked]")] == ["billing", "reports"]
    changed = GIA | {"phone": "+1 555", "roles": [], "version": form.value("version")}
    assert ana.post(f"{base}/contacts/{contact.id}", changed).status == 303
    assert (contact.phone, contact.roles) == ("+1 555", [])
    assert "gets no more mail" in ana.get(f"{base}/contacts/{contact.id}/remove").text
    assert ana.post(f"{base}/contacts/{contact.id}/remove").status == 303
    assert ana.get(f"{base}/contacts/{contact.id}").status == 404


def test_a_contact_without_an_address_is_refused_at_its_field(ana):
    client = make_client()
    answer = ana.post(f"/clients/{client.code}/contacts/new", GIA | {"email": "gia"})
    assert (answer.status, bool(answer.soup.find(id="email-error"))) == (422, True)


def test_a_stale_contact_shows_both_values(ana):
    contact = make_contact(make_client(), **GIA)
    path = f"/clients/{contact.client.code}/contacts/{contact.id}"
    ana.post(path, GIA | {"phone": "1", "version": "1"})
    answer = ana.post(path, GIA | {"phone": "2", "version": "1"})
    assert (answer.status, contact.phone) == (409, "1")


def test_the_form_opens_in_the_dialog_under_htmx(ana):
    client = make_client()
    answer = ana.get(f"/clients/{client.code}/contacts/new", htmx=True, headers={"HX-Target": "dialog"})
    assert answer.soup.find(id="dialog-title")
    assert not answer.soup.find("h1")


def test_a_contract_is_added_and_changed(ana):
    client = make_client()
    terms = {
        "number": "2026-01",
        "start_date": "2026-01-01",
        "end_date": "2027-01-01",
        "uplift_percent": "2.5",
    }
    assert ana.post(f"/clients/{client.code}/contracts/new", terms).status == 303
    contract = db.session.scalar(sa.select(Contract))
    path = f"/clients/{client.code}/contracts/{contract.id}"
    assert ana.get(path).value("uplift_percent") == "2.5"
    assert ana.post(path, terms | {"end_date": "2025-01-01", "version": "1"}).status == 422
    assert ana.post(path, terms | {"end_date": "", "version": "1"}).status == 303
    assert contract.end_date is None
    assert "2026-01" in ana.get(f"/clients/{client.code}").text


def test_what_is_not_this_clients_does_not_exist(ana):
    contact, other = make_contact(make_client()), make_client()
    assert ana.get(f"/clients/{other.code}/contacts/{contact.id}").status == 404
    assert ana.post(f"/clients/{other.code}/contacts/{contact.id}", GIA).status == 404
    assert ana.post(f"/clients/{other.code}/contacts/{contact.id}/remove").status == 404


@pytest.mark.parametrize("code", ["nobody", "a%00b", "x" * 300, "%F0%9F%98%80"])
def test_a_code_of_nobody_is_404(ana, code):
    assert ana.get(f"/clients/{code}").status == 404


def test_a_timeline_goes_on_to_older_events(ana, clock):
    client = make_client()
    for number in range(103):
        with transaction():
            facts = {
                "client_id": client.id,
                "version": number + 1,
                "payment_terms_days": str((number + 1) % 2 + 30),
            }
            clients.edit(**facts, by=None, at=clock.instant)
    page = ana.get(f"/clients/{client.code}/timeline")
    older = page.soup.find("a", string="Older")
    assert len(page.soup.select(".timeline-list li")) == 100
    assert 0 < len(ana.get(older["href"]).soup.select(".timeline-list li")) < 10


@pytest.mark.parametrize("before", ["-1", "0", "x", "9" * 40, "\x00"])
def test_any_position_in_a_timeline_is_answered(ana, before):
    client = make_client()
    assert ana.get(f"/clients/{client.code}/timeline", query_string={"before": before}).status == 200


def test_a_timeline_tells_money_as_money(ana, cast):
    client = make_client(currency="EUR")
    ana.post(f"/clients/{client.code}/edit", form_of(client, overdue_limit="99.90"))
    assert "Overdue limit: 0.00\u00a0EUR → 99.90\u00a0EUR" in ana.get(f"/clients/{client.code}/timeline").body
    tom = ana.sign_in(cast.tom)
    assert "99.90" not in tom.get(f"/clients/{client.code}/timeline").body


def test_the_page_of_a_client_takes_few_queries(ana):
    client = make_client()
    product = make_product()
    for _ in range(3):
        make_service(client=client, product=product, status="active")
        make_contact(client)
    few = statements_of(lambda: ana.get(f"/clients/{client.code}"))
    for _ in range(10):
        make_service(client=client, product=product, status="active")
        make_contact(client)
    assert statements_of(lambda: ana.get(f"/clients/{client.code}")) == few <= 25


def test_the_list_takes_as_many_queries_for_many_clients_as_for_few(ana):
    make_service(status="active")
    few = statements_of(lambda: ana.get("/clients"))
    for _ in range(5):
        make_service(status="active")
    assert statements_of(lambda: ana.get("/clients")) == few <= 12
