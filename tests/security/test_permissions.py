"""S1: every route × method × role, and anonymous, answers as permissions.csv says.

The table is written by hand: it says what people expect, and the code has to agree.
"""

import pytest

from portal.domain.staff import Role
from portal.web.guards import guard_of
from tests.security.walk import Route, ask, every_route, meaning, routes, table

ACTORS = ["anonymous", *Role]


def disagreements(app, world, route, row):
    """Where the answers to one row differ from what the table says."""
    people = {"anonymous": None} | world.cast.by_role()
    found = {actor: meaning(ask(app, route, world, people[actor])) for actor in ACTORS}
    return {actor: (row[actor], found[actor]) for actor in ACTORS if row[actor] != found[actor]}


def route_of(app, method, rule) -> Route:
    return next(each for each in routes(app) if (each.method, each.rule) == (method, rule))


def strangers(app, rows):
    """Routes without a row, and rows without a route."""
    known = {(route.method, route.rule) for route in every_route(app)}
    return sorted(known - rows.keys()), sorted(rows.keys() - known)


def test_every_route_stands_in_the_table_and_nothing_else_does(app):
    assert strangers(app, table()) == ([], [])


def test_every_route_can_be_walked(app):
    """Else samples.py needs a line for what the address names."""
    assert {route.rule: route.missing for route in every_route(app) if route.missing} == {}


def test_every_route_says_who_may_use_it(app):
    views = {str(route): app.view_functions[route.endpoint] for route in every_route(app)}

    assert [route for route, view in views.items() if guard_of(view) is None] == []


def test_every_answer_is_as_the_table_says(app, world, without_csrf):
    rows = table()
    wrong = {
        str(route): found
        for route in routes(app)
        if (route.method, route.rule) in rows
        and (found := disagreements(app, world, route, rows[route.method, route.rule]))
    }

    assert wrong == {}, "\n".join(f"{route}: (expected, found) {found}" for route, found in wrong.items())


# The tests of the tests: what must turn them red does.


@pytest.mark.parametrize(
    ("method", "rule"), [("GET", "/users"), ("POST", "/users/<int:user_id>/role"), ("GET", "/login")]
)
def test_a_route_that_lost_its_guard_is_noticed(app, world, without_csrf, monkeypatch, method, rule):
    route, row = route_of(app, method, rule), table()[method, rule]
    assert disagreements(app, world, route, row) == {}

    monkeypatch.delattr(app.view_functions[route.endpoint], "_guard")

    assert disagreements(app, world, route, row)
    assert guard_of(app.view_functions[route.endpoint]) is None


@pytest.mark.parametrize("role", Role)
def test_a_guard_that_lets_in_one_role_too_many_or_too_few_is_noticed(
    app, world, without_csrf, monkeypatch, role
):
    from portal.domain.staff import GRANTS, Permission

    changed = GRANTS[Permission.MANAGE_USERS] ^ {role}
    monkeypatch.setitem(GRANTS, Permission.MANAGE_USERS, changed)

    found = disagreements(app, world, route_of(app, "GET", "/users"), table()["GET", "/users"])
    assert list(found) == [role]


def test_a_route_without_a_row_is_noticed(app):
    rows = table()
    del rows["GET", "/users"]

    assert ("GET", "/users") in strangers(app, rows)[0]


def test_a_row_without_a_route_is_noticed(app):
    assert ("GET", "/gone") in strangers(app, table() | {("GET", "/gone"): {}})[1]
