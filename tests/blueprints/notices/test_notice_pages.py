"""The bell and the notices of one person."""

import pytest

from portal import clock as portal_clock
from portal.db import transaction
from portal.domain import lifecycle
from portal.jobs.worker import drain_all
from tests.factories import make_client, make_service


@pytest.fixture
def told(cast, clock):
    service = make_service(
        client=make_client(account_manager_id=cast.ana.id), name="Backup", provisioned=True
    )
    with transaction():
        lifecycle.activate(service_id=service.id, by=None, at=portal_clock.now())
    drain_all()
    return service


def test_the_bell_says_how_many_and_then_nothing_new(browser, cast, told):
    browser.sign_in(cast.ana)
    bell = browser.get("/notices/bell", htmx=True)
    assert "1 unread" in bell.text
    assert browser.get("/notices/bell?seen=1", htmx=True).status == 204
    assert "1 new notice" in browser.get("/notices/bell?seen=0", htmx=True).text


def test_the_list_shows_what_happened_and_opening_it_leads_there(browser, cast, told):
    browser.sign_in(cast.ana)
    page = browser.get("/notices")
    assert "Backup of" in page.text and "Unread" in page.text
    form = page.soup.find("form", action=lambda url: url and url.endswith("/open"))
    answer = browser.post(form["action"])
    assert (answer.status, answer.headers["Location"]) == (303, f"/services/{told.id}")
    assert browser.get("/notices/bell?seen=0", htmx=True).status == 204


def test_a_notice_of_somebody_else_does_not_exist(browser, cast, told):
    form = (
        browser.sign_in(cast.ana)
        .get("/notices")
        .soup.find("form", action=lambda url: url and url.endswith("/open"))
    )
    assert browser.sign_in(cast.vic).post(form["action"]).status == 404


def test_a_choice_is_kept(browser, cast, told):
    browser.sign_in(cast.ana)
    browser.post("/notices/preferences", {"service_activated:in_app": "1"})
    boxes = browser.get("/notices/preferences").soup.find_all("input", type="checkbox", checked=True)
    assert [box["name"] for box in boxes] == ["service_activated:in_app"]
