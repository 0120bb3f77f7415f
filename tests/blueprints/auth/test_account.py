"""What people do with their own account."""

import pyotp
import pytest

from portal.db import transaction
from portal.domain import staff
from portal.domain.staff import Theme, queries, second_step
from portal.web.session import cookie_name
from tests.browsing import Browser

PASSWORD = "correct horse bottle"


@pytest.fixture
def tom(session, clock, cast, browser):
    with transaction():
        staff.change_password(user_id=cast.tom.id, password=PASSWORD, by=cast.tom.id, at=clock.instant)
    browser.sign_in(cast.tom)
    return cast.tom


def set_up(browser, tom, clock):
    browser.post("/profile/second-step/start", {"current": PASSWORD})
    seed = second_step.seed_of(tom)
    answer = browser.post("/profile/second-step/confirm", {"code": pyotp.TOTP(seed).at(clock.instant)})
    return seed, answer


def test_name_zone_and_theme_are_ones_own_to_set(browser, tom):
    saved = browser.post("/profile", {"name": "Thomas Vale", "timezone": "Europe/Vienna", "theme": "dark"})

    assert saved.headers["Location"] == "/profile"
    assert (tom.name, tom.timezone, tom.theme) == ("Thomas Vale", "Europe/Vienna", Theme.DARK)
    assert browser.get("/profile").soup.html["data-theme"] == "dark"


def test_a_fault_stands_at_its_field_and_the_input_is_kept(browser, tom):
    answer = browser.post("/profile", {"name": "\x01", "timezone": "Europe/Vienna", "theme": "dark"})

    assert answer.status == 422
    assert "control character" in answer.soup.find(id="name-error").text
    assert answer.soup.find("option", selected=True)["value"] == "Europe/Vienna"


def test_a_new_password_signs_other_browsers_out(browser, tom):
    other = Browser(browser.app).sign_in(tom)
    copy = browser.http.get_cookie(cookie_name()).value
    fields = {"current": PASSWORD, "password": "violet lamp trout", "again": "violet lamp trout"}

    assert browser.post("/profile/password", fields).status == 303
    assert browser.get("/profile").status == 200
    assert other.get("/profile").status == 303
    assert browser.http.get_cookie(cookie_name()).value != copy


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"current": "wrong"}, "not your present password"),
        ({"again": "violet lamp"}, "differ"),
        ({"password": "tom.vale.tom.vale", "again": "tom.vale.tom.vale"}, "name or e-mail"),
        ({"password": PASSWORD, "again": PASSWORD}, "have now"),
    ],
)
def test_a_new_password_is_refused_with_the_reason(browser, tom, fields, fault):
    right = {"current": PASSWORD, "password": "violet lamp trout", "again": "violet lamp trout"}
    answer = browser.post("/profile/password", right | fields)

    assert answer.status == 422
    assert fault in answer.text


def test_the_present_password_is_not_guessed_endlessly(browser, tom):
    fields = {"current": "wrong", "password": "violet lamp trout", "again": "violet lamp trout"}
    statuses = [browser.post("/profile/password", fields).status for _ in range(11)]

    assert statuses == [422] * 10 + [429]


def test_the_second_step_is_set_up_with_a_picture_and_ends_with_codes(browser, tom, clock):
    seed, answer = set_up(browser, tom, clock)

    assert answer.status == 200
    codes = [each.text for each in answer.soup.select(".codes code")]
    assert len(codes) == 10
    assert queries.recovery_codes_left(tom.id) == 10
    assert codes[0] not in browser.get("/profile/second-step").body
    assert seed not in browser.get("/profile/second-step").body


def test_the_picture_is_an_image_of_its_own(browser, tom):
    browser.post("/profile/second-step/start", {"current": PASSWORD})
    picture = browser.get("/profile/second-step/qr.svg")

    assert (picture.status, picture.answer.mimetype) == (200, "image/svg+xml")
    assert "style=" not in picture.body
    assert picture.headers["Cache-Control"] == "no-store"


def test_there_is_no_picture_when_nothing_is_under_way(browser, tom, clock):
    assert browser.get("/profile/second-step/qr.svg").status == 409
    set_up(browser, tom, clock)
    assert browser.get("/profile/second-step/qr.svg").status == 409


def test_looking_at_the_page_makes_no_seed(browser, tom):
    browser.get("/profile/second-step")
    browser.get("/profile/second-step/start")

    assert tom.totp_secret is None


@pytest.mark.parametrize("move", ["start", "codes", "remove"])
def test_each_move_asks_for_the_password(browser, tom, clock, move):
    if move != "start":
        set_up(browser, tom, clock)
    before = (tom.totp_secret, tom.has_totp)

    assert browser.get(f"/profile/second-step/{move}").status == 200
    assert browser.post(f"/profile/second-step/{move}", {"current": "wrong"}).status == 422
    assert (tom.totp_secret, tom.has_totp) == before


def test_the_second_step_is_turned_off(browser, tom, clock):
    set_up(browser, tom, clock)
    browser.post("/profile/second-step/remove", {"current": PASSWORD})

    assert not tom.has_totp
    assert "is off" in browser.get("/profile/second-step").text


def test_one_sees_and_ends_ones_other_browsers(browser, tom, clock):
    other = Browser(browser.app).sign_in(tom)
    listed = browser.get("/profile/sessions")
    forms = [form["action"] for form in listed.soup.select("td form")]
    assert len(forms) == 1

    browser.post(forms[0])
    assert other.get("/profile").status == 303
    assert browser.get("/profile").status == 200


def test_the_browsers_of_others_do_not_exist(browser, tom, cast, clock):
    Browser(browser.app).sign_in(cast.ana)
    theirs = queries.sessions_of(cast.ana.id, at=clock.instant)[0].id

    assert browser.post(f"/profile/sessions/{theirs}/revoke").status == 404
    assert queries.sessions_of(cast.ana.id, at=clock.instant)


def test_all_others_are_signed_out_at_once(browser, tom):
    others = [Browser(browser.app).sign_in(tom) for _ in range(2)]
    browser.post("/profile/sessions/revoke-others")

    assert [each.get("/profile").status for each in others] == [303, 303]
    assert browser.get("/profile").status == 200


def test_a_browser_is_listed_by_its_name(app):
    name = app.jinja_env.filters["browser_name"]

    chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
    assert name(chrome) == "Chrome on Linux"
    assert name(chrome + " Edg/131.0") == "Edge on Linux"
    assert name("curl/8") == "Another browser"
