"""One URL, two answers: a whole page, or the part of it that htmx asked for.

htmx-flask's own `make_response` refuses `morph` and swap modifiers and never says `Vary`: set here instead.
"""

import json
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, session
from flask_login import current_user

# Without eval and inherited attributes; forms that were refused (422, 409) are shown like any answer.
CONFIG = json.dumps(
    {
        "allowEval": False,
        "includeIndicatorStyles": False,
        "selfRequestsOnly": True,
        "disableInheritance": True,
        "historyCacheSize": 0,
        "refreshOnHistoryMiss": True,
        "timeout": 30000,
        "responseHandling": [
            {"code": "204", "swap": False},
            {"code": "[23]..", "swap": True},
            {"code": "422|409", "swap": True},
            {"code": "[45]..", "swap": False, "error": True},
        ],
    }
)
MOST_TOLD = 5
SHELLS = {"main": "layouts/main.html", "dialog": "layouts/dialog.html"}


def asked_by_htmx() -> bool:
    """Whether htmx waits for a part of a page; boosted links and restored history want the whole."""
    asks = request.headers
    return (
        asks.get("HX-Request") == "true"
        and asks.get("HX-Boosted") != "true"
        and asks.get("HX-History-Restore-Request") != "true"
    )


def shell() -> str:
    """The layout around the page's blocks: everything, the main region only, or the dialog's inside.

    Whoever is not signed in gets no navigation around it.
    """
    asked_for = request.headers.get("HX-Target", "") if asked_by_htmx() else ""
    whole = "layouts/shell.html" if current_user.is_authenticated else "layouts/plain.html"
    return SHELLS.get(asked_for, whole)


def target() -> str:
    """Where a form on this page puts its own answer: into the dialog that shows it, or into the page."""
    return "#dialog" if shell() == SHELLS["dialog"] else "#main"


def page(full: str, fragment: str | None = None, **ctx: Any) -> Response:
    """The fragment to htmx, the full page to everybody else.

    When htmx fills the page's main region or the dialog, it gets the full template in a slimmer shell.
    """
    whole = fragment is None or not asked_by_htmx() or shell() in SHELLS.values()
    return varied(make_response(render_template(full if whole else fragment, **ctx)))


def done(
    fragment: str | None = None,
    *,
    then: str,
    toast: str | None = None,
    kind: str = "success",
    into: str | None = None,
    **ctx: Any,
) -> Response:
    """It happened. Plain forms go on to `then` (303); htmx gets the fragment, or is sent to `then` too.

    toast: one sentence for the person, shown here or on the next page; kind: success, info, warning, danger.
    into: CSS selector of what the fragment replaces when that is not the form's own target (a dialog's form).
    """
    if fragment is None or not asked_by_htmx():
        if toast:
            _tell_on_next_page(toast, kind)
        return _go(then)
    answer = varied(make_response(render_template(fragment, **ctx)))
    events: dict[str, Any] = {"closeDialog": True}
    if toast:
        events["toast"] = {"kind": kind, "text": toast}
    answer.headers["HX-Trigger"] = json.dumps(events)
    if into:
        answer.headers["HX-Retarget"] = into
        answer.headers["HX-Reswap"] = "outerHTML"
    return answer


def _tell_on_next_page(toast: str, kind: str) -> None:
    """Of what no page has shown yet the last few: they travel in a cookie, and a long one is refused (431)."""
    flash(toast, kind)
    session["_flashes"] = session["_flashes"][-MOST_TOLD:]


def refuse(template: str, status: int = 422, **ctx: Any) -> Response:
    """It did not happen, and this form says why. For a plain form, a fragment gets a page around it."""
    is_fragment = template.rpartition("/")[2].startswith("_")
    if is_fragment and not asked_by_htmx():
        ctx["fragment"], template = template, "layouts/fragment.html"
    return varied(make_response(render_template(template, **ctx), status))


def varied(answer: Response) -> Response:
    """Caches and the browser's history must not take the fragment for the page."""
    answer.vary.update(("HX-Request", "HX-Target"))
    return answer


def _go(then: str) -> Response:
    if not asked_by_htmx():
        return varied(make_response(redirect(then, 303)))
    return varied(Response("", 200, {"HX-Redirect": then}))
