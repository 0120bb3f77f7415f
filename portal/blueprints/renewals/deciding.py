"""Deciding on one term: asking, with the consequence, and doing it; two views for each row of one table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import url_for
from werkzeug.wrappers import Response

from portal.blueprints.renewals import bp, forms, outcomes
from portal.blueprints.services.asking import submitted
from portal.blueprints.services.forms import MoveForm
from portal.blueprints.services.outcomes import Outcome
from portal.domain import renewals
from portal.domain.errors import Refused
from portal.domain.lifecycle import ClientService, overview
from portal.domain.renewals.moves import Decision, offered
from portal.domain.staff import Permission
from portal.web.guards import requires
from portal.web.htmx import page

View = Callable[[int], Response]


@dataclass(frozen=True)
class Move:
    """How a decision is asked for: see the table of moves of services."""

    decision: Decision
    form: type[MoveForm]
    outcome: Callable[[ClientService, Any], Outcome]
    act: Callable[..., ClientService]
    done: str
    kind: str = "primary"

    @property
    def slug(self) -> str:
        return self.decision.value.replace("_", "-")


MOVES = tuple(
    Move(*row)
    for row in (
        (Decision.APPROVE, forms.ApproveForm, outcomes.of_approval, renewals.approve, "{name} is approved."),
        (Decision.DENY, forms.DenyForm, outcomes.of_denial, renewals.deny, "{name} is not renewed.", "danger"),
        (Decision.WITHDRAW_DENIAL, MoveForm, outcomes.of_withdrawal, renewals.withdraw_denial,
         "The renewal of {name} is open again."),
        (Decision.EXTEND_GRACE, forms.GraceForm, outcomes.of_grace, renewals.extend_grace, "{name} runs on."),
        (Decision.NOTE, forms.NoteForm, outcomes.of_note, renewals.note, "The note on {name} is kept."),
    )
)  # fmt: skip


def ask(move: Move) -> View:
    @requires(Permission.RENEW)
    def view(service_id: int) -> Response:
        service = overview.whole(service_id)
        _check(move, service)
        return page("renewals/move.html", **_asked(move, move.form(service, formdata=None)))

    return view


def make(move: Move) -> View:
    """The decision itself."""

    @requires(Permission.RENEW)
    def view(service_id: int) -> Response:
        form = move.form(overview.whole(service_id))
        return submitted(
            form,
            template="renewals/move.html",
            asked=lambda: _asked(move, form),
            act=move.act,
            told=move.done,
            then=url_for(".index"),
        )

    return view


def _check(move: Move, service: ClientService) -> None:
    """Raises Refused for what cannot be decided now."""
    if move.decision not in offered(service):
        raise Refused(
            f"“{move.decision.label}” cannot be done with {service.name} now. Look at its renewal again."
        )


def _asked(move: Move, form: MoveForm) -> dict[str, Any]:
    service = form.service
    return {
        "move": move,
        "form": form,
        "service": service,
        "outcome": move.outcome(service, form),
        "action": url_for(f".make_{move.decision.value}", service_id=service.id),
        "back": url_for(".index"),
    }


for _move in MOVES:
    _rule = f"/<int:service_id>/{_move.slug}"
    bp.add_url_rule(_rule, f"ask_{_move.decision.value}", ask(_move), methods=["GET"])
    bp.add_url_rule(_rule, f"make_{_move.decision.value}", make(_move), methods=["POST"])
