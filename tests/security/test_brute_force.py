"""S8: at most ten password checks in 15 minutes for an account and an address, whatever runs at once or is away."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from portal import clock, create_app
from portal.db import transaction
from portal.domain import staff
from portal.domain.staff import passwords
from tests.browsing import Browser
from tests.factories import make_user

PASSWORD = "correct horse bottle"


@pytest.fixture
def checks(monkeypatch):
    """Every password that was really checked."""
    made, is_right = [], passwords.is_right

    def noted(password, stored):
        made.append(password)
        return is_right(password, stored)

    monkeypatch.setattr(passwords, "is_right", noted)
    return made


def guess(browser, email, password="wrong wrong wrong"):
    return browser.post("/login", {"email": email, "password": password})


@pytest.mark.parametrize("known", [True, False])
def test_ten_checks_then_429(app, session, cast, checks, known):
    email = cast.ana.email if known else "nobody@msp.example"
    statuses = [guess(Browser(app), email).status for _ in range(15)]

    assert statuses == [422] * 10 + [429] * 5
    assert len(checks) == 10


def test_thirty_guesses_at_once_are_ten_checks(app, live, checks):
    email = make_user().email
    browsers = [Browser(app) for _ in range(30)]
    tokens = [browser.csrf_token() for browser in browsers]

    def one(browser, token):
        fields = {"email": email, "password": "wrong wrong wrong", "csrf_token": token}
        return browser.http.post("/login", data=fields).status_code

    with ThreadPoolExecutor(10) as pool:
        statuses = list(pool.map(one, browsers, tokens))

    assert sorted(statuses) == [422] * 10 + [429] * 20
    assert len(checks) == 10


def test_guesses_are_counted_with_redis_away(app, live, settings, checks):
    email = make_user().email
    lame = create_app(replace(settings, redis_url="unix:///nonexistent/valkey.sock"))
    with lame.app_context():
        statuses = [guess(Browser(lame), email).status for _ in range(11)]

    assert statuses == [422] * 10 + [429]


def test_spelling_the_address_differently_gives_no_new_guesses(app, session, cast):
    for _ in range(10):
        guess(Browser(app), cast.ana.email)

    assert guess(Browser(app), f" {cast.ana.email.upper()} ").status == 429


def test_a_made_up_address_of_a_proxy_gives_no_new_guesses(app, session, cast):
    headers = [
        {"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": f"203.0.113.{number}"} for number in range(11)
    ]
    browser = Browser(app)
    fields = {"email": cast.ana.email, "password": "wrong wrong wrong"}

    assert browser.post("/login", fields, headers=headers[0]).status == 422
    statuses = [browser.post("/login", fields, headers=each).status for each in headers[1:]]
    assert statuses == [422] * 9 + [429]


def test_an_unknown_account_costs_the_same_check_as_a_known_one(app, session, cast, monkeypatch):
    """Nobody learns from the time who has an account: each guess is exactly one verification of a hash."""
    with transaction():
        staff.change_password(user_id=cast.ana.id, password=PASSWORD, by=cast.ana.id, at=clock.now())
        staff.deactivate(user_id=cast.vic.id, by=None, at=clock.now())
    passwords.is_right("warm up", None)
    verified = []

    class Noting:
        def verify(self, stored, password):
            verified.append(stored)
            return hasher.verify(stored, password)

    hasher = passwords._hasher
    monkeypatch.setattr(passwords, "_hasher", Noting())
    for email in (cast.ana.email, "nobody@msp.example", cast.vic.email, cast.tom.email):
        guess(Browser(app), email)

    assert len(verified) == 4
    assert all(stored.startswith("$argon2id$") for stored in verified)
