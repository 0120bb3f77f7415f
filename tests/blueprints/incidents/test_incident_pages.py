"""The board of incidents and the pages by which they are worked."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from portal.db import db, transaction
from portal.domain import sla
from portal.domain.sla.models import Incident
from portal.domain.uptime.models import Outage
from tests.factories import make_client, make_policy, make_service

NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def service(session, clock, cast):
    """Critical: response in 1 h, resolution in 8 h, nine to five; Tom's."""
    clock.set(NINE)
    client = make_client(name="Juniper Academy Inc.")
    return make_service(
        status="active", client=client, sla_policy_id=make_policy().id, technician_id=cast.tom.id, name="Mail"
    )


def opened(service, title="Mail is down", severity="critical"):
    with transaction():
        facts = {"title": title, "severity": severity}
        return sla.open_incident(service_id=service.id, **facts, by=None, at=NINE).id


def titles(page):
    return [link.get_text() for link in page.soup.select("tbody [data-row]")]


def test_the_board_is_sorted_by_the_time_left_to_the_next_target(browser, cast, service, clock):
    opened(service, "Slow", "low"), opened(service, "Down"), opened(service, "Odd", "medium")
    waits = opened(service, "Asked")
    with transaction():
        sla.wait(incident_id=waits, reason="Which mailbox?", by=None, at=NINE)
    assert titles(browser.sign_in(cast.vic).get("/incidents")) == ["Down", "Odd", "Slow", "Asked"]


def test_each_incident_stands_where_its_clocks_say(browser, cast, service, clock):
    opened(service, "Down"), opened(service, "Odd", "medium")
    waits, over = opened(service, "Asked", "low"), opened(service, "Over", "low")
    with transaction():
        sla.wait(incident_id=waits, reason="Which mailbox?", by=None, at=NINE)
        sla.resolve(incident_id=over, resolution="Restarted", by=None, at=NINE)
    clock.set(NINE + timedelta(minutes=50))
    places = {
        "due_soon": ["Down"],
        "open": ["Odd"],
        "waiting": ["Asked"],
        "resolved": ["Over"],
        "breached": [],
    }
    browser.sign_in(cast.vic)
    for place, expected in places.items():
        assert titles(browser.get(f"/incidents?state={place}")) == expected
    clock.set(NINE + timedelta(minutes=61))
    assert titles(browser.get("/incidents?state=breached")) == ["Down"]
    tabs = browser.get("/incidents").soup.select_one("nav.tabs").get_text(" ", strip=True)
    assert "To do 3" in tabs and "Breached 1" in tabs and "Waiting 1" in tabs


def test_words_find_resolved_incidents_too(browser, cast, service):
    over = opened(service, "Disk full")
    with transaction():
        sla.resolve(incident_id=over, resolution="Emptied", by=None, at=NINE)
    browser.sign_in(cast.vic)
    assert titles(browser.get("/incidents")) == []
    assert titles(browser.get("/incidents?q=disk")) == ["Disk full"]


def test_mine_are_those_of_my_services_and_those_i_work_on(browser, cast, service):
    opened(service, "Mine")
    other = opened(make_service(status="active"), "Taken")
    opened(make_service(status="active"), "Strange")
    with transaction():
        sla.acknowledge(incident_id=other, by=cast.tom.id, at=NINE)
    assert sorted(titles(browser.sign_in(cast.tom).get("/incidents?technician=me"))) == ["Mine", "Taken"]


def test_the_board_costs_as_many_queries_for_forty_as_for_one(browser, cast, service):
    browser.sign_in(cast.tom)

    def queries():
        seen = []
        sa.event.listen(db.engine.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        browser.get("/incidents")
        return len(seen)

    opened(service)
    for_one = queries()
    for number in range(40):
        opened(service, f"Number {number}")
    assert queries() - for_one <= for_one


def test_times_are_shown_in_the_zone_of_who_looks(browser, cast, service):
    opened(service)
    with transaction():
        cast.tom.timezone = "America/New_York"
    time = browser.sign_in(cast.tom).get("/incidents").soup.select_one("[data-countdown] time")
    assert time["datetime"] == "2026-11-20T10:00:00+00:00"
    assert time["title"] == "20 Nov 2026, 05:00 EST"


def worked(browser, incident_id, move, **words):
    """Ask, then answer, as a person without scripts does."""
    asked = browser.get(f"/incidents/{incident_id}/{move}")
    return browser.post(f"/incidents/{incident_id}/{move}", {"version": asked.value("version"), **words})


def test_an_incident_is_recorded_worked_and_resolved_by_hand(browser, cast, service, clock):
    browser.sign_in(cast.tom)
    found = browser.get("/incidents/new?q=juniper")
    [link] = [a["href"] for a in found.soup.select("main .plain-list a")]
    form = browser.get(link)
    assert "clocks follow" in form.text
    made = browser.post(link, {"title": "Mail is down", "severity": "critical", "is_downtime": "y"})
    path = made.headers["Location"]
    incident_id = int(path.rsplit("/", 1)[1])
    assert "Downtime" in browser.get(path).text
    clock.set(NINE + timedelta(minutes=10))
    assert worked(browser, incident_id, "acknowledge").status == 303
    assert worked(browser, incident_id, "wait", reason="Which mailbox?").status == 303
    assert "Which mailbox?" in browser.get(path).text
    clock.set(NINE + timedelta(minutes=20))
    assert worked(browser, incident_id, "resume").status == 303
    assert worked(browser, incident_id, "resolve", resolution="Restarted").status == 303
    page = browser.get(path)
    assert "Restarted" in page.text and "Tom Vale" in page.text
    incident = db.session.get_one(Incident, incident_id)
    assert (incident.owner_id, incident.resolved_at) == (cast.tom.id, NINE + timedelta(minutes=20))
    assert worked(browser, incident_id, "reopen", reason="Down again").status == 303
    assert db.session.get_one(Incident, incident_id).resolved_at is None


@pytest.mark.parametrize(
    ("move", "missing"), [("wait", "reason"), ("resolve", "resolution"), ("breach", "reason")]
)
def test_what_is_missing_is_said_at_its_field_and_nothing_changes(browser, cast, service, move, missing):
    incident_id = opened(service)
    answer = worked(browser.sign_in(cast.tom), incident_id, move, **{missing: ""})
    assert answer.status == 422
    assert answer.soup.select_one(f"#{missing}-error")
    incident = db.session.get_one(Incident, incident_id)
    assert (incident.waiting_since, incident.resolved_at, incident.resolution_breached_at) == (None,) * 3


def test_a_page_that_is_too_old_is_told_what_happened_meanwhile(browser, cast, service):
    incident_id = opened(service)
    browser.sign_in(cast.tom)
    seen = browser.get(f"/incidents/{incident_id}/resolve").value("version")
    with transaction():
        sla.acknowledge(incident_id=incident_id, by=cast.ana.id, at=NINE)
    answer = browser.post(f"/incidents/{incident_id}/resolve", {"version": seen, "resolution": "Restarted"})
    assert answer.status == 409
    assert "Acknowledged" in answer.text
    again = browser.post(
        f"/incidents/{incident_id}/resolve", {"version": answer.value("version"), "resolution": "Restarted"}
    )
    assert again.status == 303


def test_asking_for_what_has_happened_says_so_and_what_is_not_allowed_is_refused(browser, cast, service):
    incident_id = opened(service)
    browser.sign_in(cast.tom)
    assert browser.get(f"/incidents/{incident_id}/reopen").status == 303
    with transaction():
        sla.resolve(incident_id=incident_id, resolution="Restarted", by=None, at=NINE)
    refused = browser.get(f"/incidents/{incident_id}/wait")
    assert refused.status == 409
    assert "does not allow" in refused.text


def test_downtime_is_entered_on_the_wall_clock_of_who_enters_it(browser, cast, service, clock):
    with transaction():
        cast.tom.timezone = "Europe/Berlin"
    incident_id = opened(service)
    clock.set(NINE + timedelta(hours=2))
    browser.sign_in(cast.tom)
    asked = browser.get(f"/incidents/{incident_id}/downtime")
    assert asked.value("started_at") == "2026-11-20T10:00"
    worked(browser, incident_id, "downtime", started_at="2026-11-20T09:30", ended_at="2026-11-20T11:00")
    outage = db.session.scalars(sa.select(Outage)).one()
    assert (outage.started_at, outage.ended_at) == (NINE - timedelta(minutes=30), NINE + timedelta(hours=1))


def test_comments_stand_on_the_page_in_full_and_as_they_were_written(browser, cast, service):
    incident_id = opened(service)
    browser.sign_in(cast.tom)
    text = "Vendor says <b>no</b>.\n" + "Long. " * 50
    assert browser.post(f"/incidents/{incident_id}/comments", {"text": text}).status == 303
    page = browser.get(f"/incidents/{incident_id}")
    assert "<b>no</b>" in page.text and "Long. " * 49 in page.text
    assert browser.post(f"/incidents/{incident_id}/comments", {"text": " "}).status == 422


def test_a_breach_by_hand_is_said_on_the_page_with_its_reason(browser, cast, service):
    incident_id = opened(service)
    browser.sign_in(cast.ana)
    worked(browser, incident_id, "breach", target="response", reason="Nobody called")
    page = browser.get(f"/incidents/{incident_id}")
    assert "Nobody called" in page.text and "SLA breached" in page.text


def test_who_only_looks_sees_no_moves(browser, cast, service):
    incident_id = opened(service)
    for person in (cast.vic, cast.fay):
        page = browser.sign_in(person).get(f"/incidents/{incident_id}")
        assert not page.soup.select("[data-key]")
        assert "Record" not in browser.get(f"/services/{service.id}").soup.select_one("aside").get_text()


def test_the_service_offers_to_record_one_and_tells_of_them_in_its_timeline(browser, cast, service):
    opened(service)
    page = browser.sign_in(cast.tom).get(f"/services/{service.id}")
    assert page.soup.select(f'a[href="/incidents/new/{service.id}"]')
    assert "Incident opened: Mail is down" in page.text
