"""S4: looking changes nothing."""

import pytest

from tests.browsing import HTMX, Browser
from tests.security.walk import Ready, differences, fingerprint, routes, undone


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_a_crawl_of_every_page_leaves_the_books_as_they_were(app, world, headers):
    changed, answered = {}, 0
    for route in routes(app):
        if route.method != "GET":
            continue
        browser = Ready(app, world, world.cast.adi)
        with undone():
            path = route.address(world, world.cast.adi)
            before = fingerprint()
            answer = browser.ask("GET", path, headers=headers)
            found = differences(before, fingerprint())
        answered += answer.status < 400
        if found:
            changed[str(route)] = found

    assert changed == {}
    assert answered > 10


def test_a_change_would_be_seen(app, world):
    """The test of the test."""
    with undone():
        before = fingerprint()
        Browser(app).sign_in(world.cast.adi).post(f"/users/{world.eve.id}/deactivate")
        assert set(differences(before, fingerprint())) >= {"users", "events"}


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_head_and_options_change_nothing_either(app, world, method):
    before = fingerprint()
    browser = Ready(app, world, world.cast.adi)
    before = fingerprint()
    for route in routes(app):
        if route.method == "GET" and not route.of.arguments:
            browser.ask(method, route.rule)

    assert differences(before, fingerprint()) == []
