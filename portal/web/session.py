"""Who is asking: a cookie with a random token, and a row on the server that says what it is worth.

Flask's own signed cookie carries the CSRF secret and flashed messages only; it signs nobody in. Flask-Login
makes `current_user` of our row and nothing else: its session and remember cookies outlive a logout.
"""

from flask import Flask, Response, after_this_request, current_app, g, request, session
from flask_login import LoginManager, current_user

from portal.clock import now
from portal.db import transaction
from portal.domain.staff import rules, sign_in
from portal.domain.staff.models import User
from portal.domain.staff.queries import SignedInBrowser, browser_of


def init(app: Flask) -> None:
    manager = LoginManager()
    manager.session_protection = None
    manager.request_loader(_load)
    manager.init_app(app)


def cookie_name() -> str:
    """The prefix makes browsers refuse the cookie from anywhere but this very host, over TLS."""
    return "__Host-portal" if current_app.config["SESSION_COOKIE_SECURE"] else "portal_signed_in"


def token() -> str:
    return request.cookies.get(cookie_name(), "")


def browser() -> SignedInBrowser | None:
    """The session of this request, looked up once."""
    if "browser" not in g:
        g.browser = browser_of(token(), at=now()) if token() else None
    found: SignedInBrowser | None = g.browser
    return found


def must_enrol() -> bool:
    """Whether the role of whoever asks needs a second step that is not set up yet."""
    found = browser()
    return found is not None and found.must_enrol


def keep_alive() -> None:
    """Note that somebody is there, once a minute at most."""
    found = browser()
    if found and now() - found.session.seen_at >= rules.SEEN_EVERY:
        with transaction():
            sign_in.touch(found.session.id, at=now())


def current_id() -> int:
    """The row of this browser's session, for views behind a guard."""
    found = browser()
    if found is None:
        raise LookupError("Nobody is signed in: the view needs a guard.")
    return found.session.id


def open_for(user: User, *, second_step: str = "none", awaits_code: bool = False) -> str:
    """The token of a new session for the browser that asks; `begin` gives it away after the commit."""
    return sign_in.open_session(
        user=user,
        address=address(),
        user_agent=request.user_agent.string,
        second_step=second_step,
        awaits_code=awaits_code,
        at=now(),
    )


def demo_allowed() -> bool:
    """Whether the demo's passwords open anything here."""
    return not current_app.extensions["settings"].production


def begin(fresh_token: str) -> None:
    """Give the browser a new session; all that it had before, the CSRF secret included, is worth nothing."""
    session.clear()
    after_this_request(lambda answer: _set(answer, fresh_token))


def end() -> None:
    session.clear()
    after_this_request(_delete)


def address() -> str:
    """The address that asks, for counting guesses and for the list of sessions."""
    return request.remote_addr or "unknown"


def signed_in_as() -> User:
    """The person asking, for views behind a guard."""
    person: User = current_user._get_current_object()
    return person


def _load(_: object) -> User | None:
    found = browser()
    return found.user if found else None


def _set(answer: Response, fresh_token: str) -> Response:
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    answer.set_cookie(cookie_name(), fresh_token, path="/", httponly=True, samesite="Lax", secure=secure)
    return answer


def _delete(answer: Response) -> Response:
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    answer.delete_cookie(cookie_name(), path="/", httponly=True, samesite="Lax", secure=secure)
    return answer
