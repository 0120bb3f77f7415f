"""Moves for many services, from the list to the results."""

import sqlalchemy as sa

from portal.clock import now
from portal.db import db, transaction
from portal.domain import bulk
from portal.domain.bulk.models import BulkAction
from portal.domain.lifecycle import ClientService, Status
from tests.browsing import Browser
from tests.factories import Cast, make_client, make_service


def latest() -> BulkAction:
    return db.session.scalars(sa.select(BulkAction).order_by(BulkAction.id.desc())).first()


def status_of(service: ClientService) -> Status:
    return db.session.get_one(ClientService, service.id, populate_existing=True).status


def work_off(bulk_id: int) -> None:
    with transaction():
        bulk.work(bulk_id=bulk_id, at=now())


def test_the_ticked_rows_are_suspended_each_with_its_result(browser: Browser, cast: Cast) -> None:
    active, pending, other = make_service(status="active"), make_service(), make_service(status="active")
    browser.sign_in(cast.ana)
    asked = browser.get(f"/services/bulk/suspend?ids={active.id}&ids={pending.id}")
    assert "Suspend 2 services" in asked.text
    form = {"ids": [str(active.id), str(pending.id)], "reason": "unpaid"}
    answer = browser.post("/services/bulk/suspend", form)
    assert status_of(active) is Status.ACTIVE, "the page does not do the work itself"
    waiting = browser.get(answer.headers["Location"])
    assert waiting.soup.find(id="bulk")["hx-trigger"] == "every 2s"
    work_off(latest().id)
    page = browser.get(answer.headers["Location"])
    assert "2 of 2" in page.text and "does not allow “suspend”" in page.text
    assert "hx-get" not in page.soup.find(id="bulk").attrs
    assert (status_of(active), status_of(other)) == (Status.SUSPENDED, Status.ACTIVE)


def test_all_that_match_the_filters_are_chosen(browser: Browser, cast: Cast) -> None:
    acme = make_client(name="Acme", code="ACME")
    theirs = [make_service(status="active", client=acme) for _ in range(3)]
    other = make_service(status="active")
    browser.sign_in(cast.ana)
    asked = browser.get("/services/bulk/suspend?all=1&client=ACME&status=active&ids=1")
    assert "Suspend 3 services" in asked.text
    hidden = [
        (tag["name"], tag["value"]) for tag in asked.soup.select("#main form[method=post] input[type=hidden]")
    ]
    form = {name: value for name, value in hidden if name != "csrf_token"}
    browser.post("/services/bulk/suspend", form | {"reason": "unpaid"})
    work_off(latest().id)
    assert {status_of(each) for each in theirs} == {Status.SUSPENDED}
    assert status_of(other) is Status.ACTIVE


def test_nothing_ticked_is_refused_in_words(browser: Browser, cast: Cast) -> None:
    answer = browser.sign_in(cast.ana).get("/services/bulk/resume")
    assert answer.status == 409 and "Tick" in answer.text


def test_a_bulk_suspension_needs_a_reason_and_keeps_the_choice(browser: Browser, cast: Cast) -> None:
    service = make_service(status="active")
    answer = browser.sign_in(cast.ana).post("/services/bulk/suspend", {"ids": str(service.id), "reason": ""})
    assert answer.status == 422 and answer.value("ids") == str(service.id)


def test_a_technician_assigns_many_but_suspends_none(browser: Browser, cast: Cast) -> None:
    service = make_service(status="active")
    browser.sign_in(cast.tom)
    assert browser.get(f"/services/bulk/suspend?ids={service.id}").status == 403
    people = {"technician_id": str(cast.tom.id), "backup_technician_id": ""}
    browser.post("/services/bulk/assign", {"ids": str(service.id), **people})
    work_off(latest().id)
    assert db.session.get_one(ClientService, service.id).technician_id == cast.tom.id


def test_failed_rows_are_tried_again(browser: Browser, cast: Cast) -> None:
    service = make_service(status="active")
    browser.sign_in(cast.adi)
    people = {"technician_id": str(cast.tom.id), "backup_technician_id": ""}
    browser.post("/services/bulk/assign", {"ids": str(service.id), **people})
    cast.tom.is_active = False
    db.session.commit()
    work_off(latest().id)
    url = f"/services/bulk/{latest().id}"
    assert "Try the 1 failed again" in browser.get(url).text
    cast.tom.is_active = True
    db.session.commit()
    browser.post(f"{url}/retry")
    work_off(latest().id)
    assert "Try" not in browser.get(url).soup.find(id="bulk").text
    assert db.session.get_one(ClientService, service.id).technician_id == cast.tom.id
