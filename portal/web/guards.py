"""Every route says who may use it; a route that says nothing is refused.

    @bp.post("/<int:service_id>/suspend")
    @requires(Permission.SUSPEND)
    def suspend(service_id): …

The decorators only mark the view; `check` stands before every request, so the order of decorators does not
matter and a forgotten one is a closed door.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.domain.staff.permissions import Permission, may
from portal.links import local
from portal.web import session
from portal.web.htmx import asked_by_htmx

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Guard:
    """Who may use a view: everybody, whoever is signed in, or those with one of these permissions."""

    everybody: bool = False
    any_of: tuple[Permission, ...] = ()

    def lets_in(self) -> bool:
        return not self.any_of or any(may(current_user, permission) for permission in self.any_of)


def requires(*any_of: Permission) -> Callable[[View], View]:
    """Only for people with this permission, or with any one of several."""
    if not any_of:
        raise TypeError("Name the permission that the route needs.")
    return _mark(Guard(any_of=any_of))


def public(view: View) -> View:
    """For everybody, without signing in."""
    return _mark(Guard(everybody=True))(view)


def signed_in(view: View) -> View:
    """For whoever is signed in, in any role."""
    return _mark(Guard())(view)


def polled(view: View) -> View:
    """A fragment that the page asks for by itself: it does not count as somebody being there."""
    view._polled = True  # type: ignore[attr-defined]
    return view


def guard_of(view: Callable[..., Any]) -> Guard | None:
    return getattr(view, "_guard", None)


def can(permission: Permission) -> bool:
    """Whether the person asking has this permission; for templates."""
    return bool(current_user.is_authenticated and may(current_user, permission))


def init(app: Flask) -> None:
    session.init(app)
    public(app.view_functions["static"])
    app.before_request(check)
    app.jinja_env.globals.update(can=can, Permission=Permission)


def check() -> BaseResponse | None:
    """Before every request: None lets it in. Addresses that do not exist go on to their 404."""
    if request.url_rule is None:
        return None
    view = current_app.view_functions[request.url_rule.endpoint]
    guard = guard_of(view)
    if guard is None:
        abort(403)
    if guard.everybody:
        return None
    if not current_user.is_authenticated:
        return _sign_in_first(view)
    if not getattr(view, "_polled", False):
        session.keep_alive()
    if session.must_enrol() and request.blueprint != "auth":
        return redirect(url_for("auth.show_second_step"), 303)
    return None if guard.lets_in() else abort(403)


def _sign_in_first(view: Callable[..., Any]) -> BaseResponse:
    """Off to the login page, and back to this page afterwards; htmx must not put that page into a panel."""
    login = url_for("auth.login", next=_page())
    if not asked_by_htmx():
        return redirect(login, 303)
    if getattr(view, "_polled", False):
        return Response("", 204)
    return Response("", 401, {"HX-Redirect": login})


def _page() -> str:
    """The page to come back to: where the person was, not the fragment or form that was sent from there."""
    if request.method == "GET" and not asked_by_htmx():
        return local(request.full_path.rstrip("?"))
    return _path_of(request.headers.get("HX-Current-URL") or request.referrer or "")


def _path_of(text: str) -> str:
    """The path of a full address of this portal; of any other, the home page's."""
    try:
        address = urlsplit(text)
    except ValueError:
        return "/"
    if address.netloc and address.netloc != request.host:
        return "/"
    return local(address.path + (f"?{address.query}" if address.query else ""))


def _mark(guard: Guard) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view._guard = guard  # type: ignore[attr-defined]
        return view

    return mark
