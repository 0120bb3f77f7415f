"""SLA policies: what is promised, severity by severity."""

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.catalogue import bp
from portal.blueprints.catalogue.forms import PolicyForm, of_policy
from portal.clock import now
from portal.db import fetch, transaction
from portal.domain import catalogue
from portal.domain.catalogue import queries
from portal.domain.catalogue.models import SlaPolicy
from portal.domain.staff import Permission
from portal.domain.words import Severity
from portal.web.forms import faults_on
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse


@bp.get("/policies")
@requires(Permission.VIEW)
def policies() -> Response:
    return page(
        "catalogue/policies.html",
        policies=queries.policies_with_usage(),
        severities=list(Severity),
        targets_of=queries.targets_of,
    )


@bp.get("/policies/new")
@requires(Permission.CATALOGUE)
def ask_policy() -> Response:
    return page(
        "catalogue/policy_form.html", policy=None, form=PolicyForm(formdata=None), severities=list(Severity)
    )


@bp.post("/policies/new")
@requires(Permission.CATALOGUE)
def create_policy() -> Response:
    form = PolicyForm()
    if form.validate_on_submit():
        with faults_on(form), transaction():
            catalogue.create_policy(**form.values(), by=current_user.id, at=now())
    if form.errors:
        return refuse("catalogue/policy_form.html", policy=None, form=form, severities=list(Severity))
    return done(then=url_for(".policies"), toast=f"The SLA policy {form.name.data} can be sold with.")


@bp.get("/policies/<int:policy_id>")
@requires(Permission.CATALOGUE)
def ask_edit_policy(policy_id: int) -> Response:
    policy = fetch(SlaPolicy, policy_id)
    form = PolicyForm(formdata=None, data=of_policy(policy))
    return page("catalogue/policy_form.html", policy=policy, form=form, severities=list(Severity))


@bp.post("/policies/<int:policy_id>")
@requires(Permission.CATALOGUE)
def edit_policy(policy_id: int) -> Response:
    policy, form = fetch(SlaPolicy, policy_id), PolicyForm()
    if form.validate_on_submit():
        values = form.values() | {"version": form.version.data}
        with faults_on(form), transaction():
            catalogue.edit_policy(policy_id=policy_id, **values, by=current_user.id, at=now())
    if form.errors:
        status = form.refusal(policy.version)
        return refuse(
            "catalogue/policy_form.html", status, policy=policy, form=form, severities=list(Severity)
        )
    return done(then=url_for(".policies"), toast=f"{policy.name} is saved.")


@bp.get("/policies/<int:policy_id>/remove")
@requires(Permission.CATALOGUE)
def ask_remove_policy(policy_id: int) -> Response:
    policy = fetch(SlaPolicy, policy_id)
    used = sum(queries.policy_usage(policy_id))
    selling = queries.products_with(policy_id)
    return page("catalogue/remove_policy.html", policy=policy, used=used, selling=selling)


@bp.post("/policies/<int:policy_id>/remove")
@requires(Permission.CATALOGUE)
def remove_policy(policy_id: int) -> Response:
    name = fetch(SlaPolicy, policy_id).name
    with transaction():
        is_deleted = catalogue.remove_policy(policy_id=policy_id, by=current_user.id, at=now())
    return done(then=url_for(".policies"), toast=f"{name} is {'deleted' if is_deleted else 'archived'}.")


@bp.post("/policies/<int:policy_id>/restore")
@requires(Permission.CATALOGUE)
def restore_policy(policy_id: int) -> Response:
    with transaction():
        policy = catalogue.restore_policy(policy_id=policy_id, by=current_user.id, at=now())
    return done(then=url_for(".policies"), toast=f"{policy.name} is offered again.")
