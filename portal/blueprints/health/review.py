"""The review of a service with its client."""

from datetime import timedelta

from flask import abort, url_for
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import DateField, StringField, TextAreaField
from wtforms.validators import Optional

from portal.blueprints.health import bp
from portal.clock import now, today
from portal.db import transaction
from portal.domain import health
from portal.domain.company import setting
from portal.domain.lifecycle import ClientService, overview
from portal.domain.staff import Permission, may_edit
from portal.web.forms import Needed, RecordForm, faults_on
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse


class ReviewForm(RecordForm):
    last_review_date = DateField("Reviewed on", [Optional(), Needed()])
    next_review_date = DateField("Next review", [Optional()])
    client_satisfaction = StringField(
        "Client satisfaction",
        description="From 1 to 10; empty: not asked.",
        render_kw={"inputmode": "numeric"},
    )
    note = TextAreaField("What was said", render_kw={"rows": 3})


@bp.get("/services/<int:service_id>/review")
@requires(Permission.EDIT_SERVICE)
def ask_review(service_id: int) -> Response:
    service = _editable(service_id)
    usual = {
        "last_review_date": today(),
        "next_review_date": today() + timedelta(days=setting("review_days")),
        "client_satisfaction": service.client_satisfaction or "",
        "version": service.version,
    }
    return page("health/review.html", service=service, form=ReviewForm(formdata=None, data=usual))


@bp.post("/services/<int:service_id>/review")
@requires(Permission.EDIT_SERVICE)
def make_review(service_id: int) -> Response:
    _editable(service_id)
    form = ReviewForm()
    if form.validate_on_submit():
        with faults_on(form), transaction():
            health.review(
                service_id=service_id, version=form.version.data, **form.values(), by=current_user.id, at=now()
            )  # fmt: skip
    if form.errors:
        service = overview.whole(service_id)
        return refuse("health/review.html", form.refusal(service.version), service=service, form=form)
    return done(then=url_for("services.show", service_id=service_id), toast="The review is recorded.")


def _editable(service_id: int) -> ClientService:
    """A technician reviews the services assigned to them."""
    service = overview.whole(service_id)
    if not may_edit(current_user, service):
        abort(403)
    return service
