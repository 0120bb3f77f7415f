"""S21: an error page tells people what to do and strangers nothing; its number is in the log."""

import logging
import re

import pytest
import sqlalchemy as sa

from portal.db import db
from tests.browsing import HTMX, Browser

LEAKS = (
    "Traceback",
    "RuntimeError",
    "SELECT",
    "sqlalchemy",
    "psycopg",
    ".py",
    "site-packages",
    "werkzeug",
    "Flask/",
    "planted",
)


def raise_planted(**kwargs):
    raise RuntimeError("planted: SELECT secret FROM users; /srv/portal/x.py")


def ask_nonsense(**kwargs):
    db.session.execute(sa.text("SELECT planted FROM no_such_table"))


@pytest.fixture(params=[raise_planted, ask_nonsense], ids=["fault", "database"])
def broken(app, monkeypatch, request):
    def view(**kwargs):
        return request.param(**kwargs)

    view._guard = app.view_functions["auth.show_profile"]._guard
    monkeypatch.setitem(app.view_functions, "auth.show_profile", view)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "fragment"])
def test_a_fault_shows_nothing_of_the_program(app, world, broken, headers, caplog):
    with caplog.at_level(logging.ERROR):
        answer = Browser(app).sign_in(world.cast.ana).ask("GET", "/profile", headers=headers)

    shown = answer.body + str(answer.headers)
    assert answer.status == 500
    assert [leak for leak in LEAKS if leak in shown] == []
    number = answer.headers["X-Request-ID"]
    assert number in [getattr(record, "request_id", None) for record in caplog.records]
    assert any("planted" in str(record.exc_info) for record in caplog.records)
    if not headers:
        assert number in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("POST", "/profile", 400),
        ("PUT", "/profile", 405),
        ("GET", "/users/999999", 404),
    ],
)
def test_a_refusal_shows_its_number_and_nothing_of_the_program(app, world, method, path, status):
    answer = Browser(app).sign_in(world.cast.adi).ask(method, path)

    assert answer.status == status
    assert [leak for leak in LEAKS if leak in answer.body] == []
    assert answer.headers["X-Request-ID"] in answer.text
    assert len(answer.soup.find_all("h1")) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/users/99999999999999999999999",
        "/users/-1",
        "/users/0",
        "/users/%00",
        "/profile/sessions/1' OR 1/revoke",
        "/login?next=%00",
    ],
)
def test_odd_addresses_are_no_faults(app, world, path):
    assert Browser(app).sign_in(world.cast.adi).ask("GET", path).status in (200, 303, 400, 404, 405)


@pytest.mark.parametrize(
    "value",
    ["\0", "a\0b@msp.example", "x" * 100_000, "\ud800".encode("utf-16", "surrogatepass"), "’--", "%", "_"],
)
def test_odd_input_is_no_fault(app, world, value):
    browser = Browser(app).sign_in(world.cast.adi)
    answers = [
        Browser(app).post("/login", {"email": value, "password": value}),
        Browser(app).post("/forgot", {"email": value}),
        browser.post("/profile", {"name": value, "timezone": value, "theme": value}),
        browser.post("/users/new", {"name": value, "email": value, "role": value}),
        browser.ask("GET", "/users", query_string={"q": value, "sort": value, "page": value}),
    ]

    assert [answer.status for answer in answers if answer.status not in (200, 303, 400, 422)] == []


def test_error_pages_name_no_version(app, session):
    body = Browser(app).ask("GET", "/nowhere").body

    assert not re.search(r"\b(python|flask|werkzeug|gunicorn)\b", body, re.IGNORECASE)
