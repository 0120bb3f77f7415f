"""S7: a session ends when it ends. A copy of the cookie opens nothing from then on, on any page."""

import pytest

from portal import clock as portal_clock
from portal.db import transaction
from portal.domain import staff
from portal.web.session import cookie_name
from tests.browsing import HTMX, Browser
from tests.security.samples import PASSWORD
from tests.security.walk import meaning, routes


def log_out(browser, world):
    browser.post("/logout")


def change_password(browser, world):
    fields = {"current": PASSWORD, "password": "violet lamp trout", "again": "violet lamp trout"}
    assert browser.post("/profile/password", fields).status == 303


def change_role(browser, world):
    with transaction():
        staff.change_role(user_id=world.eve.id, role="viewer", by=world.cast.adi.id, at=portal_clock.now())


def deactivate(browser, world):
    with transaction():
        staff.deactivate(user_id=world.eve.id, by=world.cast.adi.id, at=portal_clock.now())


@pytest.fixture
def eves(app, world):
    """Eve's browser; she is an admin here, so that every page would be open to her."""
    with transaction():
        staff.change_role(user_id=world.eve.id, role="admin", by=None, at=portal_clock.now())
    return Browser(app).sign_in(world.eve)


@pytest.mark.parametrize("end", [log_out, change_password, change_role, deactivate])
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_a_copied_cookie_opens_no_page_after_the_end(app, world, eves, end, headers):
    paths = [
        route.address(world, world.eve)
        for route in routes(app)
        if route.method == "GET"
        and not getattr(app.view_functions[route.endpoint]._guard, "everybody", False)
    ]
    copy = eves.http.get_cookie(cookie_name()).value
    end(eves, world)

    thief = Browser(app)
    thief.http.set_cookie(cookie_name(), copy)
    answers = {path: thief.ask("GET", path, headers=headers).answer for path in paths}
    served = [
        path for path, answer in answers.items() if meaning(answer) != "login" and answer.status_code != 204
    ]
    assert served == []
    assert not any(world.eve.email in answer.get_data(as_text=True) for answer in answers.values())


@pytest.mark.parametrize("cookie", ["", "x", "a" * 43, "a" * 5000, "\x7f", "1' OR '1'='1"])
def test_a_made_up_cookie_is_nobody(app, session, cookie):
    browser = Browser(app)
    answer = browser.ask("GET", "/profile", headers={"Cookie": f'{cookie_name()}="{cookie}"'})

    assert meaning(answer.answer) == "login"


def test_a_cookie_of_flask_login_itself_signs_nobody_in(app, world):
    """Trap 6: its session and remember cookies work after a logout; ours is the only one that counts."""
    browser = Browser(app)
    with browser.http.session_transaction() as signed:
        signed["_user_id"] = str(world.cast.adi.id)
        signed["_fresh"] = True
    browser.http.set_cookie("remember_token", f"{world.cast.adi.id}|x")

    assert meaning(browser.ask("GET", "/profile").answer) == "login"


def test_polling_keeps_no_session_alive(app, world, clock):
    """A page that asks for its bell by itself is not a person at the keyboard."""
    polled = [
        route
        for route in routes(app)
        if route.method == "GET"
        and not route.of.arguments
        and getattr(app.view_functions[route.endpoint], "_polled", False)
    ]
    browser = Browser(app).sign_in(world.cast.ana)
    for _ in range(6):
        clock.advance(minutes=5)
        for route in polled:
            browser.ask("GET", route.rule, headers=HTMX)

    assert meaning(browser.ask("GET", "/profile").answer) == "login"
