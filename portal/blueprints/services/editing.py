"""The record of a service as a form. Technicians edit the services assigned to them, and nothing about money."""

from flask import abort, url_for
from flask_login import current_user
from werkzeug.wrappers import Response
from wtforms import BooleanField, DateField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from portal.blueprints.services import bp
from portal.clock import now
from portal.db import transaction
from portal.domain import clients, lifecycle
from portal.domain.lifecycle import ClientService, overview
from portal.domain.lifecycle.record import ABOUT_MONEY, FIELDS
from portal.domain.staff import Permission, may, may_edit
from portal.domain.words import PriorityLevel, ServiceLevel
from portal.web.forms import Needed, RecordForm, faults_on, stored
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse

LINES = {"rows": 3}
DAYS = {"inputmode": "numeric"}


class RecordOfService(RecordForm):
    name = StringField("Name", [Needed()])
    description = TextAreaField("Description", render_kw=LINES)
    category = StringField("Category")
    service_level = SelectField(
        "Level", [Needed()], choices=[(each.value, each.label) for each in ServiceLevel]
    )
    priority_level = SelectField(
        "Priority", [Needed()], choices=[(each.value, each.label) for each in PriorityLevel]
    )
    tags = StringField("Tags", description="Several with commas between them.")
    notes = TextAreaField("Notes", render_kw=LINES)
    escalation_contact_id = SelectField("Escalates to")
    sla_terms = TextAreaField("SLA terms for the report", render_kw=LINES)
    service_hours = StringField(
        "Service hours", description="As in Mon-Fri 08:00-18:00; empty: at all times."
    )
    client_satisfaction = StringField("Client satisfaction", description="From 1 to 10.", render_kw=DAYS)
    last_review_date = DateField("Last review", [Optional()])
    next_review_date = DateField("Next review", [Optional()])
    contract_id = SelectField("Contract")
    auto_renewal = BooleanField("Renews by itself")
    renewal_term_months = StringField("Months of the next term", [Needed()], render_kw=DAYS)
    notice_days = StringField("Days of notice", [Needed()], render_kw=DAYS)
    grace_days = StringField("Days of grace", description="Empty: the company's setting.", render_kw=DAYS)
    prorate = BooleanField("Parts of a period are billed by the day")
    credit_on_suspend = SelectField(
        "On suspension",
        choices=[
            ("", "As the client or the company says"),
            ("yes", "Credit unused days"),
            ("no", "No credit"),
        ],
    )

    @classmethod
    def of(cls, service: ClientService) -> "RecordOfService":
        """Filled with what is stored; only the fields that this person may change."""
        shown = stored(service, *FIELDS)
        shown["tags"] = ", ".join(service.tags)
        shown["credit_on_suspend"] = {True: "yes", False: "no"}.get(service.credit_on_suspend, "")
        for name in ("last_review_date", "next_review_date"):
            shown[name] = getattr(service, name)
        for name in ("escalation_contact_id", "contract_id"):
            shown[name] = str(shown[name])
        form = cls(data={**shown, "version": service.version})
        form.contract_id.choices = [("", "None")] + [
            (str(each.id), each.number) for each in service.client.contracts
        ]
        form.escalation_contact_id.choices = [("", "Nobody")] + [
            (str(each.id), each.name) for each in clients.contacts_of(service.client_id)
        ]
        if not may(current_user, Permission.VIEW_MONEY):
            for name in ABOUT_MONEY:
                del form[name]
        return form


@bp.get("/<int:service_id>/edit")
@requires(Permission.EDIT_SERVICE)
def edit(service_id: int) -> Response:
    service = _editable(service_id)
    return page("services/edit.html", service=service, form=RecordOfService.of(service))


@bp.post("/<int:service_id>/edit")
@requires(Permission.EDIT_SERVICE)
def save(service_id: int) -> Response:
    service = _editable(service_id)
    form, saved = RecordOfService.of(service), None
    if form.validate_on_submit():
        with faults_on(form), transaction():
            saved = lifecycle.edit(
                service_id=service_id,
                version=form.version.data or 0,
                changes=form.values(),
                by=current_user.id,
                at=now(),
            )
    if saved is None:
        return refuse("services/edit.html", form.refusal(service.version), service=service, form=form)
    return done(then=url_for(".show", service_id=service_id), toast=f"{saved.name} is saved.")


def _editable(service_id: int) -> ClientService:
    service = overview.whole(service_id)
    if not may_edit(current_user, service):
        abort(403)
    return service
