"""Walking over every route of the portal, leaving no footprints."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from portal.db import db
from portal.domain.staff import User
from portal.web.session import cookie_name
from tests.browsing import Browser
from tests.security.samples import ARGUMENTS, BY_RULE, World

TABLE = Path(__file__).parent.parent / "permissions.csv"
SAFE = {"GET", "HEAD", "OPTIONS"}
OF_SESSIONS = {"user_sessions", "login_attempts"}
"""Tables that say who is there and who tried to be: a visit may write into them."""


@dataclass(frozen=True)
class Route:
    method: str
    rule: str
    endpoint: str
    of: Rule

    def __str__(self) -> str:
        return f"{self.method} {self.rule}"

    @property
    def missing(self) -> list[str]:
        """The arguments that tests/security/samples.py has nothing for."""
        return sorted(self.of.arguments - ARGUMENTS.keys() - BY_RULE.get(self.rule, {}).keys())

    def address(self, world: World, actor: User | None) -> str:
        """A path of this route that leads to something."""
        samples = ARGUMENTS | BY_RULE.get(self.rule, {})
        values = {name: samples[name](world, actor or world.eve) for name in self.of.arguments}
        built = self.of.build(values, append_unknown=False)
        assert built is not None, f"{self.rule}: the samples {values} do not fit"
        return built[1]


def every_route(app: Flask) -> list[Route]:
    """Every rule with each of its methods; HEAD and OPTIONS are Flask's own."""
    return [
        Route(method, rule.rule, rule.endpoint, rule)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def routes(app: Flask) -> list[Route]:
    """Those that can be walked; that these are all is a test of its own (test_permissions.py)."""
    return [route for route in every_route(app) if not route.missing]


def unsafe(app: Flask) -> list[Route]:
    return [route for route in routes(app) if route.method not in SAFE]


def table() -> dict[tuple[str, str], dict[str, str]]:
    """permissions.csv by (method, rule); lines that begin with # are headings."""
    lines = [line for line in TABLE.read_text().splitlines() if line.strip() and not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    keys = [(row["method"], row["rule"]) for row in rows]
    assert len(keys) == len(set(keys)), f"twice: {sorted({key for key in keys if keys.count(key) > 1})}"
    return dict(zip(keys, rows, strict=True))


def meaning(answer: TestResponse) -> str:
    """An answer as permissions.csv says it: ok, 403, login, 404, or what else it was."""
    sent_away = answer.status_code in (302, 303) and answer.headers["Location"].startswith("/login?next=")
    if sent_away or answer.status_code == 401:
        return "login"
    if answer.status_code in (403, 404):
        return str(answer.status_code)
    # 503 is what /readyz says of a portal without workers: let in, and told.
    let_in = answer.status_code < 400 or answer.status_code in (409, 422, 503)
    return "ok" if let_in else f"unexpected {answer.status_code}"


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written in here is taken back; needs the `session` fixture."""
    db.session.commit()
    connection = db.engines[None]
    point = connection.begin_nested()
    try:
        yield
    finally:
        db.session.rollback()
        point.rollback()
        db.session.expire_all()


class Ready(Browser):
    """A browser of this person (nobody: None) that has its session and its token already; made once, copied after.

    What a request does to the cookies is forgotten with the copy, as `undone` forgets what it does to the books.
    """

    def __init__(self, app: Flask, world: World, actor: User | None) -> None:
        super().__init__(app)
        kept = world.ready.setdefault(actor.id if actor else 0, {})
        if not kept:
            first = Browser(app)
            if actor is not None:
                first.sign_in(actor)
            kept["csrf_token"] = first.csrf_token()
            for name in (cookie_name(), "session"):
                if cookie := first.http.get_cookie(name):
                    kept[name] = cookie.value
        self.token = kept["csrf_token"]
        for name in kept.keys() - {"csrf_token"}:
            self.http.set_cookie(name, kept[name])

    def csrf_token(self) -> str:
        return self.token


def ask(app: Flask, route: Route, world: World, actor: User | None, **kwargs: object) -> TestResponse:
    """One request by this person, undone afterwards."""
    browser = Ready(app, world, actor)
    with undone():
        return browser.ask(route.method, route.address(world, actor), **kwargs).answer


def fingerprint(*, without: set[str] = OF_SESSIONS, blind_to: tuple[str, ...] = ()) -> dict[str, str]:
    """A hash of each table's rows, but for the columns that it is blind to."""
    names = [table.name for table in db.metadata.sorted_tables if table.name not in without]
    row = "(" + " - ".join(["to_jsonb(t)", *(f"'{column}'" for column in blind_to)]) + ")::text"
    one = "SELECT '{0}', md5(coalesce(string_agg({1}, '|' ORDER BY {1}), '')) FROM {0} t"
    return dict(db.session.execute(_as_is(" UNION ALL ".join(one.format(name, row) for name in names))).all())


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return [name for name in before if before[name] != after[name]]


def _as_is(statement: str) -> sa.TextClause:
    """Text in which a colon is a colon."""
    return sa.text(statement.replace(":", "\\:"))
