"""S5: a form changes what it shows. Each form is sent twice: as it is, and with every column of every model."""

from datetime import date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from portal.db import db
from portal.domain.staff import Role, queries
from tests.browsing import Browser
from tests.security.samples import FIELDS, INPUTS, PASSWORD, link_token
from tests.security.walk import undone, unsafe

HOSTILE: dict[type, str] = {
    bool: "y",
    int: "987654",
    date: "2001-02-03",
    datetime: "2001-02-03T04:05:06+00:00",
}
RANDOM = {"nonce", "password_hash", "totp_secret", "token_hash", "code_hash"}
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


def form_of(browser, path):
    """What a person would send from the page of this form, or nothing when it has no page."""
    page = browser.ask("GET", path)
    form = page.soup.find("form", attrs={"action": path.partition("?")[0], "method": "post"})
    fields = form.find_all(["input", "select", "textarea"]) if form else []
    entered = [(name, _entered(field, name)) for field in fields if (name := field.get("name"))]
    return {name: value for name, value in entered if value is not None}


def _entered(field, name):
    if field.name == "select":
        options = field.find_all("option")
        chosen = [each for each in options if each.has_attr("selected")] or options[-1:]
        return chosen[0].get("value") if chosen else None
    if field.get("type") in ("radio", "checkbox"):
        return field.get("value", "y") if field.has_attr("checked") else None
    return field.get("value") or field.text or FIELDS.get(name, "")


def books():
    """Every row of every table, but for what is random."""
    return {
        table.name: sorted(
            str({key: value for key, value in row._mapping.items() if key not in RANDOM})
            for row in db.session.execute(sa.select(table))
        )
        for table in db.metadata.sorted_tables
    }


def rewind():
    """Start the numbering of each table where its rows end, so that two runs give the same ids."""
    for table in db.metadata.sorted_tables:
        for column in table.primary_key:
            if column.identity is not None:
                db.session.execute(
                    sa.text(
                        f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'),"
                        f" coalesce(max({column.name}), 0) + 1, false) FROM {table.name}"
                    )
                )


def send(app, route, world, extra):
    """Status and the books after sending the form with these extra fields."""
    with undone():
        rewind()
        path = route.address(world, world.cast.adi)
        browser = Browser(app).sign_in(world.cast.adi)
        fields = form_of(browser, path)
        shown = fields.keys() | INPUTS.get(route.rule, set())
        before = books()
        hidden = {name: value for name, value in extra.items() if name not in shown}
        status = browser.post(path, hidden | fields).status
        after = books()
    return status, {name: rows for name, rows in after.items() if rows != before[name]}


@pytest.fixture
def standing_clock(clock):
    return clock


def test_what_a_form_does_not_show_it_does_not_change(app, world, standing_clock):
    wrong, succeeded = {}, 0
    for route in unsafe(app):
        plain = send(app, route, world, {})
        stuffed = send(app, route, world, every_column())
        succeeded += plain[0] < 400 and bool(plain[1])
        if plain != stuffed:
            wrong[str(route)] = (plain, stuffed)

    assert wrong == {}
    assert succeeded >= 5, "too few of the forms were filled in well enough to do anything"


def test_a_profile_makes_nobody_an_admin(app, world):
    browser = Browser(app).sign_in(world.cast.vic)
    form = form_of(browser, "/profile")
    before = {
        name: getattr(world.cast.vic, name)
        for name in ("email", "role", "is_active", "epoch", "password_hash")
    }

    assert browser.post("/profile", every_column() | form | {"name": "Victor"}).status == 303

    vic = queries.user(world.cast.vic.id)
    assert vic.name == "Victor"
    assert {name: getattr(vic, name) for name in before} == before


def test_an_invitation_takes_name_address_and_role_alone(app, world, standing_clock):
    fields = {"name": "New Person", "email": "new@msp.example", "role": Role.VIEWER.value}
    Browser(app).sign_in(world.cast.adi).post("/users/new", every_column() | fields)

    person = queries.by_email("new@msp.example")
    assert (person.role, person.is_active, person.has_password, person.has_totp) == (
        Role.VIEWER,
        True,
        False,
        False,
    )
    assert (person.created_at, person.timezone) == (standing_clock.instant, None)


def test_a_new_password_belongs_to_whom_the_link_is_for(app, world):
    path = f"/password/{link_token(world, world.eve)}"
    before = world.cast.adi.password_hash
    fields = {"password": "violet lamp trout", "again": "violet lamp trout"}
    hostile = {"user_id": str(world.cast.adi.id), "email": world.cast.adi.email, "role": "admin"}

    Browser(app).post(path, every_column() | hostile | fields)

    assert world.cast.adi.password_hash == before
    assert world.eve.role is Role.TECHNICIAN
    assert PASSWORD not in fields.values()
