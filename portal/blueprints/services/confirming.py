"""Asking before a move, and making it: two views for each row of the table of moves."""

from collections.abc import Callable

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.services import bp
from portal.blueprints.services.forms import MoveForm
from portal.blueprints.services.moves import MOVES, Move, may_override
from portal.clock import now
from portal.db import transaction
from portal.domain.errors import Refused
from portal.domain.lifecycle import ClientService, overview
from portal.domain.lifecycle.rules import Decision, decide
from portal.web.forms import faults_on, status_of
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse

View = Callable[[int], Response]


def ask(move: Move) -> View:
    """The page, or dialog, that says what will happen."""

    @requires(move.needs)
    def view(service_id: int) -> Response:
        service = overview.whole(service_id)
        decision = _decide(move, service)
        if decision and decision.already_done:
            return done(then=_page_of(service_id), toast=decision.message, kind="info")
        form = move.form(service, formdata=None)
        return page("services/move.html", **_asked(move, form))

    return view


def make(move: Move) -> View:
    """The move itself. “preview” only refreshes what the page says; nothing happens then."""

    @requires(move.needs)
    def view(service_id: int) -> Response:
        form = move.form(overview.whole(service_id))
        if "preview" in request.form:
            return page("services/move.html", "services/_outcome.html", **_asked(move, form))
        if not form.validate_on_submit():
            return refuse("services/move.html", **_asked(move, form))
        moved = None
        with faults_on(form), transaction():
            moved = move.act(service_id=service_id, **form.arguments(), by=current_user.id, at=now())
        if moved is None:
            return refuse("services/move.html", status_of(form), **_asked(move, form))
        return _made(move, moved)

    return view


def _made(move: Move, service: ClientService) -> Response:
    already = service.already_done_message
    return done(
        then=_page_of(service.id),
        toast=already or move.done.format(name=service.name),
        kind="info" if already else "success",
    )


def _asked(move: Move, form: MoveForm) -> dict[str, object]:
    """What the page of a move is drawn from; after a conflict, the service as it is now."""
    service = form.service
    return {
        "move": move,
        "form": form,
        "service": service,
        "outcome": move.outcome(service, form),
        "action": url_for(f".make_{move.endpoint}", service_id=service.id),
        "back": _page_of(service.id),
    }


def _decide(move: Move, service: ClientService) -> Decision | None:
    """Raises InvalidTransition or Refused for what cannot be asked for now."""
    if move.command is None:
        if not move.offered(service):
            raise Refused(move.why_not)
        return None
    return decide(move.command, service.status, service.provisioning_status, override=may_override(service))


def _page_of(service_id: int) -> str:
    return url_for("services.show", service_id=service_id)


for _move in MOVES.values():
    _rule = f"/<int:service_id>/{_move.slug}"
    bp.add_url_rule(_rule, f"ask_{_move.endpoint}", ask(_move), methods=["GET"])
    bp.add_url_rule(_rule, f"make_{_move.endpoint}", make(_move), methods=["POST"])
