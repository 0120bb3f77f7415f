"""The page of one incident, what is written about it, and the form that records one."""

from typing import Any

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import TextAreaField

from portal.blueprints.incidents import bp
from portal.blueprints.incidents.forms import LINES, OpenForm
from portal.blueprints.incidents.moves import offered
from portal.clock import now
from portal.db import transaction
from portal.domain import sla
from portal.domain.lifecycle import ClientService, overview
from portal.domain.sla import queries
from portal.domain.sla.models import Incident
from portal.domain.sla.states import state_of
from portal.domain.staff import may
from portal.domain.staff.permissions import Permission
from portal.web import timeline
from portal.web.filtering import clean
from portal.web.forms import Needed, RecordForm, faults_on
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse

# Comments stand on the page in full.
NOT_TOLD = ("incident_commented",)


class CommentForm(RecordForm):
    text = TextAreaField("Comment", [Needed()], render_kw=LINES)


@bp.get("/<int:incident_id>")
@requires(Permission.VIEW)
def show(incident_id: int) -> Response:
    return page("incidents/incident.html", **_shown(queries.whole(incident_id), CommentForm(formdata=None)))


@bp.post("/<int:incident_id>/comments")
@requires(Permission.WORK_INCIDENTS)
def comment(incident_id: int) -> Response:
    form = CommentForm()
    if form.validate_on_submit():
        with faults_on(form), transaction():
            sla.comment(incident_id=incident_id, text=form.text.data or "", by=current_user.id, at=now())
    if form.errors:
        return refuse("incidents/incident.html", **_shown(queries.whole(incident_id), form))
    return done(then=url_for(".show", incident_id=incident_id), toast="Your comment is kept.")


@bp.get("/new")
@requires(Permission.WORK_INCIDENTS)
def choose() -> Response:
    """Which service? A few letters of its name, or of the client's."""
    entered = clean(request.args.get("q", ""))
    found = queries.services_called(entered) if entered else []
    return page("incidents/choose.html", entered=entered, found=found)


@bp.get("/new/<int:service_id>")
@requires(Permission.WORK_INCIDENTS)
def ask_open(service_id: int) -> Response:
    service = overview.whole(service_id)
    return page("incidents/new.html", service=service, form=OpenForm.of(service))


@bp.post("/new/<int:service_id>")
@requires(Permission.WORK_INCIDENTS)
def make_open(service_id: int) -> Response:
    service = overview.whole(service_id)
    form, incident_id = OpenForm.of(service), None
    if form.validate_on_submit():
        with faults_on(form), transaction():
            incident_id = sla.open_incident(
                service_id=service_id, **form.values(), by=current_user.id, at=now()
            ).id
    if incident_id is None:
        return refuse("incidents/new.html", service=_again(service_id), form=form)
    return done(then=url_for(".show", incident_id=incident_id), toast="The incident is recorded.")


def _again(service_id: int) -> ClientService:
    """Read anew: a refusal has rolled back."""
    return overview.whole(service_id)


def _shown(incident: Incident, form: CommentForm) -> dict[str, Any]:
    return {
        "incident": incident,
        "state": state_of(incident),
        "moves": offered(incident) if may(current_user, Permission.WORK_INCIDENTS) else [],
        "outage": queries.outage_of(incident.id),
        "form": form,
        "happened": timeline.lines(incident=[incident.id], without=NOT_TOLD),
        "now": now(),
    }
