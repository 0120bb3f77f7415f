"""S3: no unsafe route acts without a token of this very session that is still fresh."""

from datetime import timedelta

import pytest
import time_machine

from portal.clock import system_time
from portal.db import db
from tests.browsing import Browser
from tests.security.samples import CSRF_EXEMPT
from tests.security.walk import Ready, differences, fingerprint, undone, unsafe


def no_token(app, world, actor):
    return {}


def foreign_token(app, world, actor):
    """A good one, but of somebody else's session."""
    return {"csrf_token": Browser(app).csrf_token()}


def expired_token(app, world, actor):
    """One of this session, made a minute longer ago than forms live."""
    life = timedelta(seconds=app.config["WTF_CSRF_TIME_LIMIT"] + 60)
    browser = Ready(app, world, actor)
    with time_machine.travel(system_time() - life):
        return {"csrf_token": Browser.csrf_token(browser)}


@pytest.mark.parametrize("who", ["anonymous", "signed in"])
@pytest.mark.parametrize("token", [no_token, foreign_token, expired_token])
def test_without_a_good_token_nothing_happens(app, world, token, who):
    actor = None if who == "anonymous" else world.cast.adi
    wrong, fields = {}, token(app, world, actor)
    for route in unsafe(app):
        if route.rule in CSRF_EXEMPT:
            continue
        browser = Ready(app, world, actor)
        with undone():
            path = route.address(world, actor)
            before = fingerprint()
            answer = browser.ask(route.method, path, data=fields)
            changed = differences(before, fingerprint())
        if answer.status != 400 or changed:
            wrong[str(route)] = (answer.status, changed)

    assert wrong == {}


def test_with_a_good_token_it_does(app, world):
    """The test of the test: the same walk with the right token meets no 400."""
    statuses = {}
    for route in unsafe(app):
        with undone():
            path = route.address(world, world.cast.adi)
            statuses[str(route)] = Ready(app, world, world.cast.adi).post(path).status

    assert [route for route, status in statuses.items() if status == 400] == []


def test_only_the_listed_routes_go_without_a_token(app):
    extension = app.extensions["csrf"]
    exempt = {
        route.rule
        for route in unsafe(app)
        if f"{(view := app.view_functions[route.endpoint]).__module__}.{view.__name__}"
        in extension._exempt_views
        or route.endpoint.rpartition(".")[0] in {blueprint.name for blueprint in extension._exempt_blueprints}
    }

    assert exempt == CSRF_EXEMPT


def test_a_token_of_before_the_login_is_worth_nothing_after_it(app, world):
    browser = Browser(app)
    token = browser.csrf_token()
    browser.post("/login", {"email": world.eve.email, "password": "correct horse bottle"})
    db.session.expire_all()

    answer = browser.ask("POST", "/profile", data={"csrf_token": token, "name": "Eve"})
    assert answer.status == 400
    assert world.eve.name == "Eve Stone"
