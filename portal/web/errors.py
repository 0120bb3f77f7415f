"""One place where a "no" becomes an answer: a page, the inside of the dialog, or a message under htmx.

Every error page carries the request's id, which is in the log and in the header X-Request-ID. Nothing of the
program (traceback, SQL, path, version) is shown.
"""

import json
import logging
from typing import Any
from uuid import uuid4

from flask import Flask, Response, current_app, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from portal.db import db
from portal.domain.errors import DomainError, Invalid, StaleVersion
from portal.domain.staff.rules import TooManyAttempts
from portal.web import htmx

log = logging.getLogger(__name__)

# status → (what it says, what to do about it)
WORDS: dict[int, tuple[str, str]] = {
    400: ("The portal did not understand this request", "Go back, reload the page and try again."),
    401: ("Please sign in", "Your session has ended."),
    403: ("This is not open to you", "Ask an administrator if your role should allow it."),
    404: ("There is nothing here", "It may have been moved, or it is not for you to see."),
    405: ("This page does not take that", "Go back and use the buttons on the page."),
    409: ("This cannot be done now", "Look at the present state and choose another way."),
    413: ("That is too large", "Send a smaller file or a shorter text."),
    422: ("Please check what you entered", "Nothing was saved."),
    429: ("Too many attempts", "Wait a little, then try again."),
    500: ("Something went wrong on our side", "Nothing was saved. Tell an administrator this number:"),
    503: ("The portal is not available for a moment", "Your input is not lost: try again shortly."),
}
STALE_FORM = (
    "This form is too old",
    "Your session has changed since it was opened. Reload the page and send it again.",
)


def request_id() -> str:
    """The number under which this request stands in the log."""
    if "request_id" not in g:
        g.request_id = uuid4().hex[:16]
    return g.request_id


def answer(status: int, title: str, message: str, **ctx: Any) -> Response:
    """The error as a page; under htmx inside the dialog that asked, else a message beside the old content."""
    ctx |= {"status": status, "title": title, "message": message, "request_id": request_id()}
    if status >= 500:
        forget_the_person()
    reply = make_response(render_template("errors/error.html", **ctx), status)
    shown = {"dialog", "main"} if ctx.get("theirs") else {"dialog"}
    if htmx.asked_by_htmx() and request.headers.get("HX-Target") not in shown:
        reply.headers["HX-Reswap"] = "none"
        text = f"{title}. {message}" + (f" {request_id()}" if status >= 500 else "")
        reply.headers["HX-Trigger"] = json.dumps({"toast": {"kind": "danger", "text": text}})
    return htmx.varied(reply)


def forget_the_person() -> None:
    """Draw this page without asking who is signed in: that takes the database, which may be the fault."""
    db.session.rollback()
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]


def on_domain_error(refusal: DomainError) -> Response:
    """The business said no: its own words, and what was entered beside what is stored."""
    title, _ = WORDS.get(refusal.status, WORDS[409])
    log.info("refused: %s", refusal.message, extra={"request_id": request_id()})
    theirs = refusal.theirs if isinstance(refusal, StaleVersion) else {}
    faults = refusal.faults if isinstance(refusal, Invalid) else {}
    reply = answer(refusal.status, title, refusal.message, theirs=theirs, faults=faults)
    if isinstance(refusal, TooManyAttempts):
        reply.headers["Retry-After"] = str(refusal.retry_after_s)
    return reply


def on_http_error(error: HTTPException) -> Response:
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()  # type: ignore[return-value]
    title, advice = WORDS.get(error.code or 500, WORDS[400 if (error.code or 500) < 500 else 500])
    reply = answer(error.code or 500, title, advice)
    for name in ("Retry-After", "Allow"):
        for value in (value for header, value in error.get_headers() if header == name):
            reply.headers[name] = value
    return reply


def on_stale_token(error: CSRFError) -> Response:
    return answer(400, *STALE_FORM)


def on_database_away(error: OperationalError) -> Response:
    """The database does not answer or gave up waiting; the next try may well succeed."""
    log.error("database: %s", error, exc_info=error, extra={"request_id": request_id()})
    return on_http_error(ServiceUnavailable(retry_after=5))


def on_fault(fault: Exception) -> Response:
    log.error("unhandled: %s", fault, exc_info=fault, extra={"request_id": request_id()})
    return on_http_error(InternalServerError())


def with_request_id(reply: Response) -> Response:
    reply.headers["X-Request-ID"] = request_id()
    return reply


def init(app: Flask) -> None:
    app.after_request(with_request_id)
    app.register_error_handler(DomainError, on_domain_error)
    app.register_error_handler(CSRFError, on_stale_token)
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(OperationalError, on_database_away)
    app.register_error_handler(Exception, on_fault)
