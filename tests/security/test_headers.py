"""S12: every answer carries its headers; errors, files and refused hosts included."""

import pytest

from portal import clock
from portal.db import transaction
from portal.domain.staff import Step, sign_in
from tests.browsing import HTMX, Browser
from tests.security.walk import ask, routes


def faults(answer, *, is_file=False):
    """What is missing from the headers of one answer."""
    headers = answer.headers
    policy = headers.get("Content-Security-Policy", "")
    wanted = {
        "default-src 'none'": "default-src 'none'" in policy,
        "frame-ancestors 'none'": "frame-ancestors 'none'" in policy,
        "no unsafe-*": policy and "unsafe" not in policy and "*" not in policy,
        "form-action 'self'": "form-action 'self'" in policy,
        "base-uri 'none'": "base-uri 'none'" in policy,
        "nosniff": headers.get("X-Content-Type-Options") == "nosniff",
        "referrer": headers.get("Referrer-Policy") in ("same-origin", "no-referrer", "strict-origin"),
        "no-store": is_file or "no-store" in headers.get("Cache-Control", ""),
        "one of each": all(
            len(headers.getlist(name)) <= 1 for name in ("Content-Security-Policy", "Cache-Control")
        ),
        "no version": not headers.get("X-Powered-By") and "Werkzeug" not in headers.get("Server", ""),
    }
    return [name for name, holds in wanted.items() if not holds]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
@pytest.mark.parametrize("who", ["anonymous", "adi", "vic"])
def test_every_route_answers_with_its_headers(app, world, without_csrf, who, headers):
    actor = None if who == "anonymous" else getattr(world.cast, who)
    wrong = {
        str(route): missing
        for route in routes(app)
        if (
            missing := faults(
                ask(app, route, world, actor, headers=headers), is_file=route.endpoint == "static"
            )
        )
    }

    assert wrong == {}


def test_every_kind_of_error_has_its_headers(app, world, monkeypatch):
    browser = Browser(app).sign_in(world.cast.adi)
    vics = Browser(app).sign_in(world.cast.vic)

    def broken(**kwargs):
        raise RuntimeError("no")

    answers = {
        400: browser.ask("POST", "/profile"),
        403: vics.ask("GET", "/users"),
        404: browser.ask("GET", "/nowhere"),
        405: browser.ask("DELETE", "/profile"),
        409: browser.ask("GET", "/profile/second-step/qr.svg"),
        422: browser.post("/profile", {"name": ""}),
    }
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 1000)
    answers[413] = browser.ask("POST", "/login", data={"email": "x" * 2000})
    monkeypatch.undo()
    for _ in range(10):
        with transaction():
            sign_in.claim_attempt(
                account="a@b.example", address="127.0.0.1", step=Step.PASSWORD, at=clock.now()
            )
    answers[429] = Browser(app).post("/login", {"email": "a@b.example", "password": "x"})
    broken._guard = app.view_functions["auth.show_profile"]._guard
    monkeypatch.setitem(app.view_functions, "auth.show_profile", broken)
    answers[500] = browser.ask("GET", "/profile")

    assert {status: answer.status for status, answer in answers.items()} == {
        status: status for status in answers
    }
    assert {status: missing for status, answer in answers.items() if (missing := faults(answer.answer))} == {}


def test_a_refused_host_and_a_missing_file_have_them_too(app, session):
    refused = Browser(app).ask("GET", "/login", headers={"Host": "evil.example"})
    missing = Browser(app).ask("GET", "/static/nothing.css")

    assert (refused.status, missing.status) == (400, 404)
    assert faults(refused.answer) == []
    assert faults(missing.answer, is_file=True) == []


def test_files_with_their_version_are_kept_and_pages_are_not(app, session):
    page = Browser(app).get("/login")
    file = Browser(app).ask("GET", page.soup.find("link", rel="stylesheet")["href"])

    assert "no-store" in page.headers["Cache-Control"]
    assert int(file.answer.cache_control.max_age) > 3600
