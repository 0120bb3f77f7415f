"""Saved views: a list as somebody wants to find it again."""

import pytest
import sqlalchemy as sa

from portal.clock import now
from portal.db import db, transaction
from portal.domain import views
from portal.domain.errors import Invalid, NotFound
from portal.domain.views import SavedView
from tests.browsing import Browser, Page
from tests.factories import Cast, make_service

QUERY = "status=active&sort=-monthly_cost_minor"


def save(by: int, name: str = "Big ones", **more: bool) -> SavedView:
    with transaction():
        return views.save(path="/services", query=QUERY, name=name, by=by, at=now(), **more)


def offered(page: Page) -> list[str]:
    return [link["href"] for link in page.soup.select("#table-services-views a.menu-item")]


@pytest.fixture
def services(session) -> None:
    make_service(status="active", name="Running")
    make_service(name="Not yet")


@pytest.mark.usefixtures("services")
def test_what_a_list_shows_is_kept_and_opened_again(browser: Browser, cast: Cast) -> None:
    browser.sign_in(cast.ana)
    asked = browser.get(offered(browser.get(f"/services?{QUERY}&page=x&junk=1"))[-1])
    form = {"path": asked.value("path"), "query": asked.value("query")}
    assert form == {"path": "/services", "query": QUERY}
    refused = browser.post("/views/new", form | {"name": " ", "is_shared": "y"})
    assert refused.status == 422 and refused.value("query") == QUERY
    browser.post("/views/new", form | {"name": "Big ones"})
    page = browser.get("/services?view=all")
    assert offered(page)[0] == f"/services?{QUERY}"
    assert ("Big ones", f"/services?{QUERY}") in [
        (tab.text, tab["href"]) for tab in page.soup.select(".tabs a")
    ]


@pytest.mark.usefixtures("services")
def test_the_default_view_opens_with_the_list_and_everything_can_still_be_seen(
    browser: Browser, cast: Cast
) -> None:
    save(cast.ana.id, is_default=True)
    answer = browser.sign_in(cast.ana).http.get("/services")
    assert (answer.status_code, answer.location) == (303, f"/services?{QUERY}")
    page = browser.get(f"/services?{QUERY}")
    clear = page.soup.select_one(".chip-clear")["href"]
    assert clear == "/services?sort=-monthly_cost_minor"
    everything = browser.get("/services?view=all")
    assert everything.status == 200 and "Not yet" in everything.text
    sort_by_name = next(a for a in everything.soup.select("a.sort") if a.text == "Client")
    assert sort_by_name["href"] == "/services?sort=client"
    table = browser.http.get("/services", headers={"HX-Request": "true", "HX-Target": "table-services"})
    assert table.status_code == 200 and "Not yet" in table.text


def test_a_new_default_takes_the_place_of_the_old_one(session, cast: Cast) -> None:
    first, second = save(cast.ana.id, "First", is_default=True), save(cast.ana.id, "Second", is_default=True)
    db.session.refresh(first)
    assert (first.is_default, second.is_default) == (False, True)
    assert views.default_of("/services", cast.ana.id) == second
    assert views.default_of("/services", cast.tom.id) is None


def test_a_view_of_the_same_name_is_written_over(session, cast: Cast) -> None:
    first = save(cast.ana.id)
    with transaction():
        again = views.save(path="/services", query="", name="Big ones", by=cast.ana.id, at=now())
    assert (again.id, again.url) == (first.id, "/services?view=all")


def test_others_see_what_is_shared_and_nothing_else(session, cast: Cast) -> None:
    save(cast.ana.id, "Hers")
    shared = save(cast.ana.id, "Everybody's", is_shared=True)
    assert views.of_list("/services", cast.tom.id) == [shared]
    assert views.of_list("/clients", cast.tom.id) == []
    assert [view.name for view in views.of_list("/services", cast.ana.id)] == ["Everybody's", "Hers"]


@pytest.mark.parametrize("fault", [{"name": ""}, {"name": "x" * 61}, {"query": "x" * 2001}])
def test_what_cannot_be_kept_is_refused_at_its_field(session, cast: Cast, fault: dict[str, str]) -> None:
    given = {"path": "/services", "query": QUERY, "name": "Big ones"} | fault
    with pytest.raises(Invalid) as refusal, transaction():
        views.save(**given, by=cast.ana.id, at=now())
    assert list(refusal.value.faults) == list(fault)


def test_what_somebody_keeps_to_themselves_is_not_there_for_anybody_else(session, cast: Cast) -> None:
    own = save(cast.ana.id)
    with pytest.raises(NotFound), transaction():
        views.remove(view_id=own.id, by=cast.adi.id, may_remove_all=True, at=now())


def test_a_view_leads_nowhere_else(browser: Browser, cast: Cast) -> None:
    browser.sign_in(cast.ana)
    browser.post("/views/new", {"path": "//evil.example/services", "query": "a=b", "name": "Trap"})
    assert db.session.query(SavedView).one().url == "/?a=b"


def test_a_view_is_removed_by_its_owner_and_a_shared_one_by_an_admin_too(
    browser: Browser, cast: Cast
) -> None:
    own, shared = save(cast.ana.id), save(cast.ana.id, "Everybody's", is_shared=True)
    browser.sign_in(cast.tom)
    for view in (own, shared):
        assert browser.post(f"/views/{view.id}/remove", {}).status == 404
    browser.sign_in(cast.adi)
    assert browser.get(f"/views/{own.id}/remove").status == 404
    assert browser.post(f"/views/{shared.id}/remove", {}).status == 303
    browser.sign_in(cast.ana)
    assert "Only you use it" in browser.get(f"/views/{own.id}/remove").text
    browser.post(f"/views/{own.id}/remove", {})
    assert db.session.scalars(sa.select(SavedView.name)).all() == []
