"""Asking before a move, and making it: two views for each row of the table of moves."""

from collections.abc import Callable

from flask import url_for
from werkzeug.wrappers import Response

from portal.blueprints.services import bp
from portal.blueprints.services.asking import submitted
from portal.blueprints.services.forms import MoveForm
from portal.blueprints.services.moves import MOVES, Move, may_override
from portal.domain.errors import Refused
from portal.domain.lifecycle import ClientService, overview
from portal.domain.lifecycle.rules import Decision, decide
from portal.web.guards import requires
from portal.web.htmx import done, page

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
    """The move itself."""

    @requires(move.needs)
    def view(service_id: int) -> Response:
        form = move.form(overview.whole(service_id))
        return submitted(
            form,
            template="services/move.html",
            asked=lambda: _asked(move, form),
            act=move.act,
            told=move.done,
            then=_page_of(service_id),
        )

    return view


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
