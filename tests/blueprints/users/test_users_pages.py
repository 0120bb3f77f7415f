"""The users page: an admin's way through accounts."""

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import staff
from portal.domain.staff import Role, queries, second_step
from portal.domain.staff.models import AccountState
from portal.outbox.models import EventRecord
from tests.browsing import Browser


@pytest.fixture
def adi(browser, cast):
    return browser.sign_in(cast.adi)


def test_the_list_says_who_is_on_the_staff(adi, cast):
    rows = {
        row.th.text if row.th else row.td.text: row.text for row in adi.get("/users").soup.select("tbody tr")
    }

    assert len(rows) == 5
    assert "Technician" in next(text for text in rows.values() if cast.tom.email in text)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=vale", {"Tom Vale"}),
        ("q=%25", set()),
        ("role=admin&role=finance", {"Adi Okoro", "Fay Lind"}),
        ("state=deactivated", {"Vic Sand"}),
    ],
)
def test_the_list_is_searched_and_filtered(adi, cast, query, names):
    with transaction():
        staff.deactivate(user_id=cast.vic.id, by=cast.adi.id, at=portal_clock.now())
    everybody = {user.name for user in cast.by_role().values()}
    text = adi.get(f"/users?{query}").soup.find("main").text

    assert {name for name in everybody if name in text} == names


def test_somebody_is_invited_and_comes_in(adi, app, cast):
    page = adi.post("/users/new", {"name": "Eve Stone", "email": "eve@msp.example", "role": "viewer"})
    path = page.soup.find(id="one-time-link")["value"].removeprefix(app.extensions["settings"].base_url)

    eve = Browser(app)
    assert "Welcome, Eve Stone" in eve.get(path).text
    fields = {"password": "violet lamp trout", "again": "violet lamp trout"}
    assert eve.post(path, fields).status == 303
    assert eve.post("/login", {"email": "eve@msp.example", "password": "violet lamp trout"}).status == 303
    assert "Eve Stone" in eve.get("/profile").text


def test_an_address_is_invited_once(adi, cast):
    answer = adi.post("/users/new", {"name": "Another Tom", "email": cast.tom.email, "role": "viewer"})

    assert answer.status == 422
    assert "already" in answer.soup.find(id="email-error").text
    assert answer.value("name") == "Another Tom"


def test_the_link_is_shown_once_and_nowhere_else(adi, cast):
    link = adi.post(f"/users/{cast.tom.id}/link").soup.find(id="one-time-link")["value"]

    assert link.rpartition("/")[2] not in adi.get(f"/users/{cast.tom.id}").body


def test_a_role_is_changed_with_the_consequence_said_before(adi, cast):
    asked = adi.get(f"/users/{cast.tom.id}/role")
    assert "signed out everywhere" in asked.text
    assert asked.soup.find("input", checked=True)["value"] == "technician"

    adi.post(f"/users/{cast.tom.id}/role", {"role": "finance"})
    assert cast.tom.role is Role.FINANCE


def test_an_account_is_closed_and_opened_again(adi, cast):
    assert "Deactivate the account" in adi.get(f"/users/{cast.tom.id}").text
    adi.post(f"/users/{cast.tom.id}/deactivate")
    assert cast.tom.state is AccountState.DEACTIVATED
    assert "Deactivate the account" not in adi.get(f"/users/{cast.tom.id}").text
    assert adi.post(f"/users/{cast.tom.id}/link").status == 409

    adi.post(f"/users/{cast.tom.id}/reactivate")
    assert cast.tom.is_active


def test_ones_own_account_is_not_closed(adi, cast):
    answer = adi.post(f"/users/{cast.adi.id}/deactivate")

    assert answer.status == 409
    assert "Ask another admin" in answer.text
    assert cast.adi.is_active


def test_what_an_admin_did_is_on_record(adi, cast):
    adi.post(f"/users/{cast.tom.id}/role", {"role": "viewer"})

    record = db.session.scalar(sa.select(EventRecord).filter_by(kind="role_changed"))
    assert (record.actor_id, record.subject_id) == (cast.adi.id, cast.tom.id)


def test_nobody_there_is_no_page(adi):
    assert adi.get("/users/999999").status == 404
    assert adi.post("/users/999999/deactivate").status == 404


def test_a_second_step_is_turned_off_for_who_lost_the_device(adi, cast, clock):
    assert adi.post(f"/users/{cast.tom.id}/remove_second_step").status == 409

    with transaction():
        second_step.start_set_up(user_id=cast.tom.id, by=cast.tom.id, at=clock.instant)
        queries.user(cast.tom.id).totp_confirmed_at = clock.instant
    assert "Turn the second step off" in adi.get(f"/users/{cast.tom.id}").text

    adi.post(f"/users/{cast.tom.id}/remove_second_step")
    assert not cast.tom.has_totp
