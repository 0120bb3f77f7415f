"""Moves for many services: asking with the count and the consequence, and how far it has come."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import request, url_for
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import SelectField, TextAreaField
from wtforms.validators import DataRequired, Length

from portal.blueprints.services import bp
from portal.blueprints.services.board import SERVICES
from portal.blueprints.services.forms import NOBODY, plain
from portal.clock import now
from portal.db import transaction
from portal.domain import bulk
from portal.domain.bulk import BulkCommand
from portal.domain.errors import Refused
from portal.domain.lifecycle import board
from portal.domain.staff import Permission, may
from portal.domain.staff.queries import who_may
from portal.web.guards import polled, requires
from portal.web.htmx import done, page, refuse

View = Callable[[], Response]


class BulkForm(FlaskForm):
    def arguments(self) -> dict[str, Any]:
        return {}


class ReasonForm(BulkForm):
    reason = TextAreaField(
        "Reason",
        [DataRequired("Say why the services are suspended: the clients will ask."), Length(max=500)],
        filters=[plain],
        render_kw={"rows": 2},
    )

    def arguments(self) -> dict[str, Any]:
        return {"reason": self.reason.data}


class PeopleForm(BulkForm):
    technician_id = SelectField("Technician", coerce=str)
    backup_technician_id = SelectField("Backup", coerce=str)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        people = [(str(user.id), user.name) for user in who_may(Permission.WORK_PROVISIONING)]
        self.technician_id.choices = self.backup_technician_id.choices = [NOBODY, *people]

    def arguments(self) -> dict[str, Any]:
        fields = (self.technician_id, self.backup_technician_id)
        return {field.name: int(field.data) if field.data else None for field in fields}


@dataclass(frozen=True)
class Asking:
    """How a bulk command is asked for: `{services}` reads "43 services"."""

    title: str
    consequence: str
    verb: str
    kind: str
    form: type[BulkForm]


ASKING = {
    "suspend": Asking(
        "Suspend {services}",
        "The active ones are paused from today, and days billed ahead are credited as each one's settings say."
        " The others are left as they are.",
        "Suspend {services}",
        "danger",
        ReasonForm,
    ),
    "resume": Asking(
        "Resume {services}",
        "The suspended ones run again from today, and are billed again. The others are left as they are.",
        "Resume {services}",
        "primary",
        BulkForm,
    ),
    "assign": Asking(
        "Assign {services}",
        "Technician and backup of each are replaced by these two. Services that have ended are left as they are.",
        "Assign {services}",
        "primary",
        PeopleForm,
    ),
}


def ask(command: BulkCommand) -> View:
    @requires(command.needs)
    def view() -> Response:
        # Whoever sends a person here may have a reason at hand: it stands in the form to be read and changed.
        form = ASKING[command.name].form(formdata=None, data=request.args)
        return page("services/bulk_ask.html", **_asked(command, form))

    return view


def start(command: BulkCommand) -> View:
    @requires(command.needs)
    def view() -> Response:
        form = ASKING[command.name].form()
        if not form.validate_on_submit():
            return refuse("services/bulk_ask.html", **_asked(command, form))
        chosen = SERVICES.chosen(board.listing())
        with transaction():
            action = bulk.request(
                command=command.name, chosen=chosen, arguments=form.arguments(), by=current_user.id, at=now()
            )
        return done(then=url_for(".show_bulk", bulk_id=action.id))

    return view


@bp.get("/bulk/<int:bulk_id>")
@requires(Permission.SUSPEND, Permission.WORK_PROVISIONING)
def show_bulk(bulk_id: int) -> Response:
    return page("services/bulk.html", **_shown(bulk_id))


@bp.get("/bulk/<int:bulk_id>/progress")
@requires(Permission.SUSPEND, Permission.WORK_PROVISIONING)
@polled
def bulk_progress(bulk_id: int) -> Response:
    """The box that asks for itself while the action is under way."""
    return page("services/bulk.html", "services/_bulk.html", **_shown(bulk_id))


@bp.post("/bulk/<int:bulk_id>/retry")
@requires(Permission.SUSPEND, Permission.WORK_PROVISIONING)
def retry_bulk(bulk_id: int) -> Response:
    with transaction():
        bulk.retry_failed(bulk_id=bulk_id, by=current_user.id, at=now())
    return done(then=url_for(".show_bulk", bulk_id=bulk_id))


def _asked(command: BulkCommand, form: BulkForm) -> dict[str, Any]:
    """What the page that asks is drawn from. Raises Refused when no row was chosen."""
    count = bulk.count(SERVICES.chosen(board.listing()))
    if not count:
        raise Refused("No service is chosen. Tick rows of the list first.")
    services = "1 service" if count == 1 else f"{count:,} services"
    asking = ASKING[command.name]
    return {
        "title": asking.title.format(services=services),
        "verb": asking.verb.format(services=services),
        "asking": asking,
        "form": form,
        "action": url_for(f".start_bulk_{command.name}"),
        "selection": _selection(),
    }


def _selection() -> list[tuple[str, str]]:
    """The choice as hidden inputs: the ticked rows, or "all" with the filters that they match."""
    if request.values.get("all") == "1":
        view = SERVICES.read(board.listing(), request.values)
        return [("all", "1"), *view.state]
    return [("ids", each) for each in request.values.getlist("ids")]


def _shown(bulk_id: int) -> dict[str, Any]:
    progress = bulk.progress(bulk_id)
    return {
        "progress": progress,
        "results": bulk.results(bulk_id),
        "may_retry": may(current_user, progress.command.needs),
    }


for _command in (bulk.COMMANDS[name] for name in ASKING):
    _rule = f"/bulk/{_command.name}"
    bp.add_url_rule(_rule, f"ask_bulk_{_command.name}", ask(_command), methods=["GET"])
    bp.add_url_rule(_rule, f"start_bulk_{_command.name}", start(_command), methods=["POST"])
