"""What happens to a form that asks before an act on a service: the one way, whatever the table of moves."""

from collections.abc import Callable
from typing import Any

from flask import request
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.services.forms import MoveForm
from portal.clock import now
from portal.db import transaction
from portal.domain.lifecycle import ClientService
from portal.web.forms import faults_on, status_of
from portal.web.htmx import done, page, refuse


def submitted(
    form: MoveForm,
    *,
    template: str,
    asked: Callable[[], dict[str, Any]],
    act: Callable[..., ClientService],
    told: str,
    then: str,
) -> Response:
    """The act, or the page again with what is wrong. “preview” only refreshes what it says; nothing happens then.

    asked: what the page is drawn from, computed anew after a refusal. told: the toast, with {name} for the service.
    """
    if "preview" in request.form:
        return page(template, "services/_outcome.html", **asked())
    moved = None
    if form.validate_on_submit():
        with faults_on(form), transaction():
            moved = act(service_id=form.service.id, **form.arguments(), by=current_user.id, at=now())
    if moved is None:
        return refuse(template, status_of(form), **asked())
    already = moved.already_done_message
    return done(
        then=then, toast=already or told.format(name=moved.name), kind="info" if already else "success"
    )
