"""Signing in and out over HTTP."""

import re

import pyotp
import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import company, staff
from portal.domain.staff import queries, second_step
from portal.domain.staff.models import OneTimeLink
from portal.web.session import cookie_name
from tests.browsing import Browser

PASSWORD = "correct horse bottle"


@pytest.fixture
def tom(session, clock, cast):
    with transaction():
        staff.change_password(user_id=cast.tom.id, password=PASSWORD, by=cast.tom.id, at=clock.instant)
    return cast.tom


def log_in(browser, user, password=PASSWORD, **fields):
    return browser.post("/login", {"email": user.email, "password": password} | fields)


def cookie(browser):
    found = browser.http.get_cookie(cookie_name())
    return found.value if found else None


def is_signed_in(browser):
    return browser.ask("GET", "/profile").status == 200


def turn_second_step_on(user, clock):
    with transaction():
        second_step.start_set_up(user_id=user.id, by=user.id, at=clock.instant)
    totp = pyotp.TOTP(second_step.seed_of(user))
    with transaction():
        codes = second_step.confirm_set_up(
            user_id=user.id, code=totp.at(clock.instant), by=user.id, at=clock.instant
        )
    clock.advance(seconds=60)
    return totp, codes


def test_the_right_password_leads_to_the_page_that_was_asked_for(browser, tom):
    away = browser.get("/profile/password")
    assert (away.status, away.headers["Location"]) == (303, "/login?next=/profile/password")
    form = browser.get(away.headers["Location"])

    answer = log_in(browser, tom, next=form.value("next"))

    assert (answer.status, answer.headers["Location"]) == (303, "/profile/password")
    assert is_signed_in(browser)


def test_wrong_password_unknown_name_and_deactivated_account_read_alike(browser, tom, cast):
    with transaction():
        staff.deactivate(user_id=cast.vic.id, by=None, at=portal_clock.now())
    answers = [
        browser.post("/login", {"email": email, "password": password})
        for email, password in (
            (tom.email, "wrong"),
            ("nobody@msp.example", PASSWORD),
            (cast.vic.email, PASSWORD),
        )
    ]

    texts = {re.sub(r"\S+@\S+", "", each.text) for each in answers}
    assert {each.status for each in answers} == {422}
    assert len(texts) == 1
    text = texts.pop()
    assert "That did not work" in text
    assert "is not right" in text
    assert not is_signed_in(browser)


def test_the_password_never_comes_back_in_the_page(browser, tom):
    answer = log_in(browser, tom, "a wrong password 1")

    assert "a wrong password 1" not in answer.body


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(browser, tom):
    browser.csrf_token()
    answer = log_in(browser, tom)

    set_cookie = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith(cookie_name()))
    assert "HttpOnly" in set_cookie
    assert "SameSite=Lax" in set_cookie
    assert "Expires" not in set_cookie


def test_signing_in_changes_session_and_csrf_secret(browser, tom):
    token, before = browser.csrf_token(), cookie(browser)
    log_in(browser, tom)

    assert cookie(browser) not in (None, before)
    assert browser.ask("POST", "/logout", data={"csrf_token": token}).status == 400


def test_signing_out_ends_the_session_for_copies_too(browser, tom):
    log_in(browser, tom)
    copy = cookie(browser)
    answer = browser.post("/logout")
    assert answer.headers["Location"] == "/login"

    thief = Browser(browser.app)
    thief.http.set_cookie(cookie_name(), copy)
    assert not is_signed_in(thief)
    assert not is_signed_in(browser)


def test_the_eleventh_wrong_password_is_answered_with_when_to_come_back(browser, tom):
    statuses = [log_in(browser, tom, f"wrong {number}").status for number in range(10)]
    answer = log_in(browser, tom)

    assert statuses == [422] * 10
    assert answer.status == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 901
    assert not is_signed_in(browser)


def test_the_second_step_stands_between_password_and_pages(browser, tom, clock):
    totp, _ = turn_second_step_on(tom, clock)

    answer = log_in(browser, tom, next="/profile/password")
    assert answer.headers["Location"] == "/login/code?next=/profile/password"
    assert not is_signed_in(browser)
    half = cookie(browser)

    wrong = browser.post("/login/code", {"code": "000000"})
    assert wrong.status == 422
    right = browser.post("/login/code", {"code": totp.at(clock.instant), "next": "/profile/password"})
    assert (right.status, right.headers["Location"]) == (303, "/profile/password")
    assert is_signed_in(browser)
    assert cookie(browser) != half


def test_a_recovery_code_stands_in_for_the_telephone(browser, tom, clock):
    _, codes = turn_second_step_on(tom, clock)
    log_in(browser, tom)

    assert browser.post("/login/code", {"code": codes[3]}).status == 303
    assert is_signed_in(browser)


def test_ten_codes_may_be_guessed(browser, tom, clock):
    totp, _ = turn_second_step_on(tom, clock)
    log_in(browser, tom)
    statuses = [browser.post("/login/code", {"code": "000000"}).status for _ in range(10)]

    assert statuses == [422] * 10
    assert browser.post("/login/code", {"code": totp.at(clock.instant)}).status == 429


def test_without_a_password_there_is_no_second_step(browser, session):
    assert browser.get("/login/code").headers["Location"] == "/login"
    assert browser.post("/login/code", {"code": "000000"}).headers["Location"] == "/login"


def test_a_role_that_needs_a_second_step_sets_it_up_first(browser, cast, clock):
    with transaction():
        company.change(values={"totp_required_roles": ["admin"]}, by=None, at=clock.instant)
    browser.sign_in(cast.adi)

    answer = browser.get("/users")
    assert (answer.status, answer.headers["Location"]) == (303, "/profile/second-step")
    assert "needs a second step" in browser.get("/profile/second-step").text

    turn_second_step_on(cast.adi, clock)
    assert browser.get("/users").status == 200


def test_a_forgotten_password_is_set_by_a_link(browser, tom, clock):
    asked = browser.post("/forgot", {"email": tom.email})
    link = db.session.scalar(sa.select(OneTimeLink))
    path = f"/password/{queries.token_of(link)}"
    assert asked.headers["Location"] == "/login"

    for _ in range(3):
        assert tom.email in browser.get(path).text
    refused = browser.post(path, {"password": "password1234", "again": "password1234"})
    assert refused.status == 422
    done = browser.post(path, {"password": "violet lamp trout", "again": "violet lamp trout"})
    assert done.headers["Location"] == "/login"

    assert browser.get(path).status == 404
    assert browser.post(path, {"password": "green lamp trouts", "again": "green lamp trouts"}).status == 404
    assert log_in(browser, tom, "violet lamp trout").status == 303


def test_asking_for_a_link_reads_alike_for_everybody(browser, tom):
    known = browser.post("/forgot", {"email": tom.email})
    known_text = browser.get("/login").text
    unknown = browser.post("/forgot", {"email": "nobody@msp.example"})

    assert (known.status, known.headers["Location"]) == (unknown.status, unknown.headers["Location"])
    assert browser.get("/login").text == known_text
    assert "on its way" in known_text


def test_links_are_asked_for_ten_times_at_most(browser, tom):
    statuses = [browser.post("/forgot", {"email": tom.email}).status for _ in range(11)]

    assert statuses == [303] * 10 + [429]


def test_two_entries_that_differ_set_no_password(browser, tom, clock):
    with transaction():
        link = staff.make_reset_link(user_id=tom.id, by=None, at=clock.instant)
    answer = browser.post(
        f"/password/{queries.token_of(link)}", {"password": "violet lamp trout", "again": "violet lamp"}
    )

    assert answer.status == 422
    assert "differ" in answer.text


def test_an_expired_session_under_htmx_leads_to_the_login_and_back(browser, cast):
    """U8: the login page must not end up inside a panel."""
    answer = browser.ask(
        "GET", "/users", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/users?role=admin"}
    )

    assert answer.status == 401
    assert answer.headers["HX-Redirect"] == "/login?next=/users?role%3Dadmin"
    assert answer.body == ""


def test_an_expired_form_comes_back_to_its_page(browser, cast):
    answer = browser.post("/profile", {"name": "Eve"}, headers={"Referer": "http://localhost/profile"})

    assert (answer.status, answer.headers["Location"]) == (303, "/login?next=/profile")


def test_a_visit_counts_as_being_there_once_a_minute(browser, cast, clock):
    browser.sign_in(cast.tom)
    for _ in range(4):
        clock.advance(minutes=29)
        assert is_signed_in(browser)
    clock.advance(minutes=30)
    assert not is_signed_in(browser)
