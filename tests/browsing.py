"""The HTTP test client, which looks at every page that it gets as a careful reader would."""

from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.test import TestResponse

import portal
from portal import clock
from portal.db import db, transaction
from portal.domain.staff import User, sign_in
from portal.web.session import cookie_name

HTMX = {"HX-Request": "true"}
ICONS = set((Path(portal.__file__).parent / "static" / "icons.txt").read_text().split())


class Page:
    """An answer, with its text as a person reads it."""

    def __init__(self, answer: TestResponse) -> None:
        self.answer = answer
        self.status = answer.status_code
        self.headers = answer.headers
        is_html = answer.mimetype == "text/html"
        self.soup = BeautifulSoup(answer.get_data(as_text=True) if is_html else "", "html.parser")

    @property
    def text(self) -> str:
        return " ".join(self.soup.get_text(" ").split())

    @property
    def body(self) -> str:
        return self.answer.get_data(as_text=True)

    def value(self, name: str) -> str:
        """What stands in the input of this name."""
        found = self.soup.find(attrs={"name": name})
        assert found is not None, f"no input {name}"
        return str(found.get("value") or found.get_text())


class Browser:
    """A person at a browser without JavaScript; `htmx=True` asks as htmx does."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.http = app.test_client()

    def sign_in(self, user: User) -> "Browser":
        with transaction():
            token = sign_in.open_session(user=user, address="127.0.0.1", user_agent="test", at=clock.now())
        self.http.set_cookie(cookie_name(), token)
        return self

    def ask(self, method: str, path: str, *, htmx: bool = False, **kwargs: Any) -> Page:
        """The answer as it is, not checked. In a context of its own, as in production: the test's would be shared.

        What the test has loaded is read anew afterwards.
        """
        headers = (HTMX if htmx else {}) | kwargs.pop("headers", {})
        with self.app.app_context():
            page = Page(self.http.open(path, method=method, headers=headers, **kwargs))
        db.session.expire_all()
        return page

    def get(self, path: str, *, htmx: bool = False, **kwargs: Any) -> Page:
        page = self.ask("GET", path, htmx=htmx, **kwargs)
        check(page, whole=not htmx)
        return page

    def post(
        self, path: str, data: dict[str, Any] | None = None, *, htmx: bool = False, **kwargs: Any
    ) -> Page:
        """Sends the form with the CSRF token of this session."""
        fields = {"csrf_token": self.csrf_token()} | (data or {})
        page = self.ask("POST", path, data=fields, htmx=htmx, **kwargs)
        check(page, whole=not htmx)
        return page

    def csrf_token(self) -> str:
        signed_in = self.http.get_cookie(cookie_name()) and self.ask("GET", "/profile")
        page = signed_in if signed_in and signed_in.status == 200 else self.ask("GET", "/login")
        field = page.soup.find("input", attrs={"name": "csrf_token"})
        assert field is not None, "no CSRF token on the page"
        return str(field["value"])


def check(page: Page, *, whole: bool) -> None:
    """What holds for every page: one h1, unique ids, labelled inputs, forms with an action, nothing inline."""
    soup = page.soup
    if page.answer.mimetype != "text/html" or page.status in (301, 302, 303):
        return
    if whole:
        assert len(soup.find_all("h1")) == 1, f"{len(soup.find_all('h1'))} h1 on {page.answer.request.path}"
    ids = [tag["id"] for tag in soup.find_all(id=True)]
    assert len(ids) == len(set(ids)), f"ids twice: {sorted({each for each in ids if ids.count(each) > 1})}"
    for form in soup.find_all("form"):
        assert form.get("action") is not None, f"a form without action: {str(form)[:120]}"
    for field in soup.find_all(["input", "select", "textarea"]):
        assert field.get("type") in ("hidden", "submit") or _label(soup, field), f"no label: {field}"
    assert not soup.find_all(style=True), "an inline style"
    assert not [tag for tag in soup.find_all("script") if not tag.get("src")], "an inline script"
    assert not soup.find_all("style"), "an inline style sheet"
    handlers = [name for tag in soup.find_all(True) for name in tag.attrs if name.startswith(("on", "hx-on"))]
    assert not handlers, f"inline handlers: {handlers}"
    icons = {use["href"].partition("#")[2] for use in soup.find_all("use")}
    assert icons <= ICONS, f"icons that static/icons.txt does not name: {icons - ICONS}"


def _label(soup: BeautifulSoup, field: Any) -> bool:
    if field.get("aria-label") or field.get("aria-labelledby") or field.find_parent("label"):
        return True
    return bool(field.get("id") and soup.find("label", attrs={"for": field["id"]}))
