"""What can be done with an incident: the buttons, the pages that ask, and the acts read this one table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.incidents import bp, forms
from portal.clock import now
from portal.db import transaction
from portal.domain import sla
from portal.domain.sla import queries
from portal.domain.sla.models import Incident
from portal.domain.sla.states import Command, allowed, state_of, why_nothing_to_do
from portal.domain.staff.permissions import Permission
from portal.web.forms import faults_on
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse

View = Callable[[int], Response]


@dataclass(frozen=True)
class Move:
    """One move as people meet it. `key`: what to press for it; `consequences`: (icon, what will happen)."""

    slug: str
    label: str
    icon: str
    command: Command
    form: type[forms.MoveForm]
    act: Callable[..., Incident]
    done: str
    consequences: Sequence[tuple[str, str]]
    key: str = ""
    rank: str = ""


MOVES: dict[str, Move] = {
    move.slug: move
    for move in (
        Move("acknowledge", "Acknowledge", "user-check", Command.ACKNOWLEDGE, forms.MoveForm, sla.acknowledge,
             "You work on it now.", (
                 ("clock", "The response clock stops; that to the resolution runs on."),
                 ("user", "It is yours from now on."),
             ), key="a", rank="primary"),
        Move("resume", "Resume", "player-play", Command.RESUME, forms.MoveForm, sla.resume,
             "The clock runs again.", (
                 ("clock", "The resolution clock runs again; its target moves by the working time of the pause."),
             ), key="w", rank="primary"),
        Move("resolve", "Resolve", "circle-check", Command.RESOLVE, forms.ResolveForm, sla.resolve,
             "It is resolved.", (
                 ("clock", "Both clocks stop. A target that has passed by now is a breach."),
                 ("trending-up", "Downtime that is linked and still open ends now."),
             ), key="r", rank="primary"),
        Move("wait", "Wait for client", "player-pause", Command.WAIT, forms.WaitForm, sla.wait,
             "It waits for the client.", (
                 ("clock", "The resolution clock stands still until you resume. A breach is not undone by it."),
                 ("user-check", "Asking the client is an answer: the response clock stops for good."),
             ), key="w"),
        Move("reopen", "Reopen", "refresh", Command.REOPEN, forms.ReopenForm, sla.reopen,
             "It is open again.", (
                 ("clock", "The resolution clock runs on; the time since it was resolved does not count."),
             )),
        Move("downtime", "Link downtime", "trending-down", Command.LINK_DOWNTIME, forms.DowntimeForm,
             sla.link_downtime, "The downtime is linked.", (
                 ("heart-rate-monitor", "It counts against the availability and the health of the service."),
             )),
        Move("breach", "Record a breach", "alert-octagon", Command.RECORD_BREACH, forms.BreachForm,
             sla.record_breach, "The breach is recorded.", (
                 ("alert-octagon", "It counts against the service for good, and stands in the client’s report."),
                 ("send", "The technicians, the account manager and the admins are told."),
             )),
    )
}  # fmt: skip


def offered(incident: Incident) -> list[Move]:
    """The moves that make sense now, in the order of the table."""
    commands = allowed(state_of(incident))
    return [move for move in MOVES.values() if move.command in commands]


def ask(move: Move) -> View:
    """The page, or dialog, that says what will happen."""

    @requires(Permission.WORK_INCIDENTS)
    def view(incident_id: int) -> Response:
        incident = queries.whole(incident_id)
        happened = why_nothing_to_do(move.command, state_of(incident))
        if happened:
            return done(then=_page_of(incident_id), toast=happened, kind="info")
        form = move.form(formdata=None, data={"version": incident.version})
        form.prepare(incident)
        return page("incidents/move.html", **_asked(move, incident, form))

    return view


def make(move: Move) -> View:
    """The move itself."""

    @requires(Permission.WORK_INCIDENTS)
    def view(incident_id: int) -> Response:
        form, toast = move.form(), ""
        if form.validate_on_submit():
            with faults_on(form), transaction():
                moved = move.act(
                    incident_id=incident_id, version=form.version.data, **form.arguments(), by=current_user.id, at=now()
                )  # fmt: skip
                toast = moved.already_done_message or move.done
        if toast:
            return done(
                then=_page_of(incident_id), toast=toast, kind="success" if toast == move.done else "info"
            )
        incident = queries.whole(incident_id)
        return refuse("incidents/move.html", form.refusal(incident.version), **_asked(move, incident, form))

    return view


def _asked(move: Move, incident: Incident, form: forms.MoveForm) -> dict[str, Any]:
    action = url_for(f"incidents.make_{move.slug}", incident_id=incident.id)
    return {
        "move": move,
        "incident": incident,
        "form": form,
        "action": action,
        "back": _page_of(incident.id),
    }


def _page_of(incident_id: int) -> str:
    return url_for("incidents.show", incident_id=incident_id)


for _move in MOVES.values():
    _rule = f"/<int:incident_id>/{_move.slug}"
    bp.add_url_rule(_rule, f"ask_{_move.slug}", ask(_move), methods=["GET"])
    bp.add_url_rule(_rule, f"make_{_move.slug}", make(_move), methods=["POST"])
