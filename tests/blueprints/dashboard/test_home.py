"""Home, search and incidents."""

from datetime import timedelta

import pytest

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain.billing import running
from portal.domain.sla.models import Incident
from portal.domain.staff import Role
from portal.domain.words import Severity
from portal.jobs.worker import drain_all
from tests.factories import make_client, make_service


@pytest.fixture
def business(cast, clock):
    client = make_client(name="Juniper Academy Inc.", code="C1000", account_manager_id=cast.ana.id)
    active = make_service(status="active", client=client, name="Cloud Backup", cycle_price_minor=14_995)
    make_service(name="Firewall", technician_id=cast.tom.id)
    drain_all()
    with transaction():
        running.run(as_of=portal_clock.today(), at=portal_clock.now())
        db.session.add(
            Incident(
                client_service_id=active.id,
                title="Disk <full>",
                severity=Severity.HIGH,
                opened_at=portal_clock.now() - timedelta(hours=5),
                resolution_due_at=portal_clock.now() - timedelta(hours=1),
            )
        )
    return active


def test_each_role_sees_what_waits_for_it(browser, cast, business):
    tom = browser.sign_in(cast.tom).get("/").text
    assert "1 service of yours to set up" in tom and "149.95" not in tom
    ana = browser.sign_in(cast.ana).get("/").text
    assert "149.95 USD" in ana and "1 open incident past a target" in ana
    assert "Cloud Backup: service activated" in ana


@pytest.mark.parametrize("role", Role)
def test_every_figure_on_home_leads_somewhere(browser, cast, business, role):
    page = browser.sign_in(cast.by_role()[role]).get("/")
    for link in page.soup.select(".needs a, .stat-figure a"):
        assert browser.get(link["href"]).status == 200, link["href"]


@pytest.mark.parametrize(
    ("text", "found"),
    [("jun acad", "/clients/C1000"), ("cloud", "/services/"), ("INV-", "/invoices/"), ("oper", "/ops")],
)
def test_search_finds_pages_clients_services_and_invoices(browser, cast, business, text, found):
    page = browser.sign_in(cast.adi).get("/search", query_string={"q": text})
    assert [a for a in page.soup.select(".hits a") if a["href"].startswith(found)]


def test_search_shows_no_invoice_to_whom_money_is_none_of_the_business(browser, cast, business):
    assert "/invoices/" not in browser.sign_in(cast.tom).get("/search?q=INV").body


@pytest.mark.parametrize("text", ["", "%", "_", "\x00", "x" * 100_000, "' OR 1=1 --", "株式", "a & | ! :*"])
def test_any_text_can_be_searched_for(browser, cast, business, text):
    assert browser.sign_in(cast.vic).get("/search", query_string={"q": text}).status == 200


def test_incidents_are_listed_and_opened(browser, cast, business):
    browser.sign_in(cast.vic)
    page = browser.get("/incidents?state=breached")
    assert "Disk <full>" in page.text and "Juniper Academy Inc." in page.text
    (link,) = [a["href"] for a in page.soup.select("td a") if a["href"].startswith("/incidents/")]
    assert "Past its target" in browser.get(link).text
    assert "Disk" not in browser.get("/incidents?state=resolved").text
