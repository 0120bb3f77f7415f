"""The wall of health, what stands behind a tile, and the review."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from portal.db import db, transaction
from portal.domain import health
from portal.domain.words import ServiceType
from tests.factories import make_client, make_product, make_service

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
REVIEWED = date(2026, 10, 20)


@pytest.fixture(autouse=True)
def now(session, clock):
    clock.set(NOON)


def monitored(name, *, satisfaction=None, last_review_date=REVIEWED, **facts):
    service = make_service(status="active", name=name, **facts)
    with transaction():
        service.monitoring_enabled, service.monitored_from = True, NOON - timedelta(days=100)
        service.client_satisfaction, service.last_review_date = satisfaction, last_review_date
    return service


def checked(at=NOON):
    with transaction():
        health.run(as_of=at, at=at)


def tiles(page):
    return [" ".join(tile.get_text(" ").split()) for tile in page.soup.select(".tile")]


def poll_of(page):
    return page.soup.select_one("#wall")["hx-get"]


def test_the_worst_stands_first_with_its_reason_and_its_arrow(browser, cast):
    client = make_client(name="Acme Inc.")
    monitored("Good", client=client)
    worse = monitored("Worse", client=client)
    checked(NOON - timedelta(hours=6))
    with transaction():
        worse.client_satisfaction = 1
    checked()
    assert tiles(browser.sign_in(cast.vic).get("/health")) == [
        "80 ▼ down 20 Worse Acme Inc. client satisfaction 1 of 10",
        "100 Good Acme Inc.",
    ]


def test_counts_say_what_changed_since_yesterday(browser, cast):
    service = monitored("Mail")
    checked(NOON - timedelta(hours=25))
    with transaction():
        service.client_satisfaction, service.next_review_date = 1, date(2026, 1, 1)
    checked()
    page = browser.sign_in(cast.vic).get("/health")
    stats = [" ".join(each.get_text(" ").split()) for each in page.soup.select(".stat")]
    assert stats == [
        "Healthy 0 -1 since yesterday", "Fair 1 +1 since yesterday", "Poor 0 as yesterday", "Critical 0 as yesterday",
    ]  # fmt: skip


def test_what_is_at_risk_is_shown_to_those_who_see_money(browser, cast):
    service = monitored("Mail", satisfaction=1, last_review_date=None)
    with transaction():
        service.next_review_date, service.health_score = date(2026, 1, 1), 40
    assert "1,000.00" in browser.sign_in(cast.ana).get("/health").text
    assert "At risk" not in browser.sign_in(cast.tom).get("/health").text


def test_tiles_are_narrowed_by_status_technician_and_account_manager(browser, cast):
    hers = monitored("Hers", client=make_client(account_manager_id=cast.ana.id))
    toms = monitored("Toms", technician_id=cast.tom.id)
    with transaction():
        hers.health_score, toms.health_score = 30, 90
    browser.sign_in(cast.tom)

    def names(query):
        return [each.split()[1] for each in tiles(browser.get(f"/health?{query}"))]

    assert names("status=critical") == ["Hers"]
    assert names("technician=me") == ["Toms"]
    assert names(f"manager={cast.ana.id}") == ["Hers"]
    assert names("status=nonsense&technician=x") == ["Hers", "Toms"]


def test_tiles_are_grouped_by_client_or_type_the_worst_group_first(browser, cast):
    acme, beta = make_client(name="Acme"), make_client(name="Beta")
    one = monitored("One", client=acme, product=make_product(service_type=ServiceType.HOSTING))
    two = monitored("Two", client=beta, product=make_product(service_type=ServiceType.SUPPORT))
    with transaction():
        one.health_score, two.health_score = 90, 30
    browser.sign_in(cast.vic)

    def heads(group):
        return [
            each.get_text() for each in browser.get(f"/health?group={group}").soup.select("h2.wall-group")
        ]

    assert heads("client") == ["Beta 1", "Acme 1"]
    assert heads("type") == ["Support 1", "Hosting 1"]


def test_a_poll_without_news_answers_204_for_one_query_and_one_with_news_brings_the_wall(browser, cast):
    service = monitored("Mail")
    checked(NOON - timedelta(hours=6))
    poll = poll_of(browser.sign_in(cast.vic).get("/health?group=client"))
    seen = []
    sa.event.listen(db.engine.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    quiet = browser.get(poll, htmx=True)
    who_asks = ("user_sessions", "business_settings", "SAVEPOINT", "ROLLBACK")
    asked = [each for each in seen if not any(word in each for word in who_asks)]
    assert (quiet.status, quiet.body) == (204, "")
    assert len(asked) == 1, asked
    with transaction():
        service.client_satisfaction = 1
    checked()
    news = browser.get(poll, htmx=True)
    assert news.status == 200
    assert tiles(news) and "group=client" in poll_of(news)
    assert browser.get(poll_of(news), htmx=True).status == 204


def test_behind_a_tile_stand_the_reasons_and_what_changed(browser, cast):
    service = monitored("Mail", satisfaction=3, last_review_date=None)
    with transaction():
        service.next_review_date = date(2026, 1, 1)
    checked(NOON - timedelta(hours=6))
    with transaction():
        service.next_review_date = None
        service.client_satisfaction = 2
    checked()
    for path in (f"/health/{service.id}", f"/services/{service.id}"):
        text = browser.sign_in(cast.tom).get(path).text
        assert "client satisfaction 2 of 10 -4.45 since the last check" in text
        assert "gone review overdue +20 since the last check" in text
    assert "not checked yet" in browser.get(f"/health/{monitored('New').id}").text


def test_a_review_is_recorded_and_sets_the_score_right(browser, cast):
    service = monitored("Mail", last_review_date=None)
    with transaction():
        service.next_review_date = date(2026, 1, 1)
    checked(NOON - timedelta(hours=6))
    browser.sign_in(cast.ana)
    form = browser.get(f"/services/{service.id}/review")
    assert (form.value("last_review_date"), form.value("next_review_date")) == ("2026-11-20", "2027-02-18")
    fields = {name: form.value(name) for name in ("version", "last_review_date", "next_review_date")}
    assert (
        browser.post(f"/services/{service.id}/review", fields | {"client_satisfaction": "11"}).status == 422
    )
    done = browser.post(
        f"/services/{service.id}/review", fields | {"client_satisfaction": "8", "note": "Happy"}
    )
    assert done.status == 303
    assert (service.last_review_date, service.client_satisfaction, service.health_score) == (
        date(2026, 11, 20),
        8,
        100,
    )
    assert "Happy" in browser.get(f"/services/{service.id}").text


def test_a_review_over_somebody_elses_shows_both_and_can_be_sent_again(browser, cast):
    service = monitored("Mail")
    browser.sign_in(cast.ana)
    seen = browser.get(f"/services/{service.id}/review").value("version")
    with transaction():
        service.client_satisfaction = 5
    fields = {"version": seen, "last_review_date": "2026-11-20", "client_satisfaction": "8"}
    answer = browser.post(f"/services/{service.id}/review", fields)
    assert answer.status == 409
    fields["version"] = answer.value("version")
    assert browser.post(f"/services/{service.id}/review", fields).status == 303


def test_a_technician_reviews_only_what_is_theirs(browser, cast):
    service = monitored("Mail")
    assert browser.sign_in(cast.tom).get(f"/services/{service.id}/review").status == 403
    own = monitored("Own", technician_id=cast.tom.id)
    assert browser.get(f"/services/{own.id}/review").status == 200
