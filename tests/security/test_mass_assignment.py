"""S5: a form changes what it shows. Each form is sent twice: as it is, and with every column of every model."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import redirect, request
from flask_login import current_user

from portal.db import db, transaction
from portal.domain.staff import Role, queries
from tests.browsing import Browser
from tests.security.samples import FIELDS, INPUTS, PASSWORD, link_token
from tests.security.walk import differences, fingerprint, undone, unsafe

HOSTILE: dict[type, str] = {
    bool: "y",
    int: "987654",
    date: "2001-02-03",
    datetime: "2001-02-03T04:05:06+00:00",
}
RANDOM = ("nonce", "password_hash", "totp_secret", "token_hash", "code_hash")
"""Columns that differ each time by design."""


def every_column() -> dict[str, str]:
    """Each column of each model, with a value that would show."""
    return {
        column.name: HOSTILE.get(_python_type(column), "admin")
        for table in db.metadata.sorted_tables
        for column in table.columns
    }


def _python_type(column: sa.Column[Any]) -> type:
    try:
        return column.type.python_type
    except NotImplementedError:
        return str


def inputs_of(browser, path):
    """The inputs on the page of this form, with what stands in them; None for a box that is not ticked."""
    page = browser.ask("GET", path)
    form = page.soup.find("form", attrs={"action": path.partition("?")[0], "method": "post"})
    inputs = {}
    for field in form.find_all(["input", "select", "textarea"]) if form else []:
        if name := field.get("name"):
            entered = _entered(field, name)
            inputs[name] = inputs.get(name) if entered is None else entered
    return inputs


def _entered(field, name):
    if field.name == "select":
        options = field.find_all("option")
        chosen = [each for each in options if each.has_attr("selected")] or options[-1:]
        return chosen[0].get("value") if chosen else None
    if field.get("type") in ("radio", "checkbox"):
        return field.get("value", "y") if field.has_attr("checked") else None
    return field.get("value") or field.text or FIELDS.get(name, "")


def rewind():
    """Start the numbering of each table where its rows end, so that two runs give the same ids."""
    numbered = [
        (table.name, key.name)
        for table in db.metadata.sorted_tables
        for key in table.primary_key
        if key.identity
    ]
    one = "SELECT setval(pg_get_serial_sequence('{0}', '{1}'), coalesce(max({1}), 0) + 1, false) FROM {0}"
    db.session.execute(sa.text(" UNION ALL ".join(one.format(*each) for each in numbered))).all()


def send(app, route, path, actor, extra):
    """Status and the changed tables after sending the form with these extra fields."""
    with undone():
        rewind()
        browser = Browser(app).sign_in(actor)
        inputs = inputs_of(browser, path)
        fields = {name: value for name, value in inputs.items() if value is not None}
        shown = inputs.keys() | INPUTS.get(route.rule, set())
        before = fingerprint(without=set(), blind_to=RANDOM)
        hidden = {name: value for name, value in extra.items() if name not in shown}
        status = browser.post(path, hidden | fields).status
        after = fingerprint(without=set(), blind_to=RANDOM)
    return status, {name: after[name] for name in differences(before, after)}


def test_what_a_form_does_not_show_it_does_not_change(app, world, clock):
    columns, wrong, succeeded = every_column(), {}, 0
    for route in unsafe(app):
        with undone():
            path = route.address(world, world.cast.adi)
            plain = send(app, route, path, world.cast.adi, {})
            stuffed = send(app, route, path, world.cast.adi, columns)
        succeeded += plain[0] < 400 and bool(plain[1])
        if plain != stuffed:
            wrong[str(route)] = (plain, stuffed)

    assert wrong == {}
    assert succeeded > len(unsafe(app)) / 3, "too few forms were filled in well enough to do anything"


def test_a_form_that_takes_everything_is_noticed(app, world, clock, monkeypatch):
    """The test of the test."""

    def takes_everything():
        with transaction():
            queries.user(current_user.id).timezone = request.form.get("nonce")
        return redirect("/profile", 303)

    takes_everything._guard = app.view_functions["auth.save_profile"]._guard
    monkeypatch.setitem(app.view_functions, "auth.save_profile", takes_everything)
    route = next(each for each in unsafe(app) if each.endpoint == "auth.save_profile")

    plain = send(app, route, "/profile", world.cast.adi, {})
    assert send(app, route, "/profile", world.cast.adi, every_column()) != plain


def test_a_profile_makes_nobody_an_admin(app, world):
    browser = Browser(app).sign_in(world.cast.vic)
    form = {name: value for name, value in inputs_of(browser, "/profile").items() if value is not None}
    before = {
        name: getattr(world.cast.vic, name)
        for name in ("email", "role", "is_active", "epoch", "password_hash")
    }

    assert browser.post("/profile", every_column() | form | {"name": "Victor"}).status == 303

    vic = queries.user(world.cast.vic.id)
    assert vic.name == "Victor"
    assert {name: getattr(vic, name) for name in before} == before


def test_an_invitation_takes_name_address_and_role_alone(app, world, clock):
    fields = {"name": "New Person", "email": "new@msp.example", "role": Role.VIEWER.value}
    Browser(app).sign_in(world.cast.adi).post("/users/new", every_column() | fields)

    person = queries.by_email("new@msp.example")
    assert (person.role, person.is_active, person.has_password, person.has_totp) == (
        Role.VIEWER,
        True,
        False,
        False,
    )
    assert (person.created_at, person.timezone) == (clock.instant, None)


def test_a_new_password_belongs_to_whom_the_link_is_for(app, world):
    path = f"/password/{link_token(world, world.eve)}"
    before = world.cast.adi.password_hash
    fields = {"password": "violet lamp trout", "again": "violet lamp trout"}
    hostile = {"user_id": str(world.cast.adi.id), "email": world.cast.adi.email, "role": "admin"}

    Browser(app).post(path, every_column() | hostile | fields)

    assert world.cast.adi.password_hash == before
    assert world.eve.role is Role.TECHNICIAN
    assert PASSWORD not in fields.values()
