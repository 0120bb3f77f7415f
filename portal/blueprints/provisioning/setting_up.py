"""The board of what is to be set up, and the checklist of one service."""

from flask import Blueprint, Response, request, url_for
from flask_login import current_user

from portal.blueprints.provisioning.forms import AssignForm, FailForm, SlaForm, optional_id
from portal.clock import now
from portal.db import fetch, transaction
from portal.domain import provisioning
from portal.domain.catalogue import queries as catalogue
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Command, allowed_commands
from portal.domain.provisioning import board as boards
from portal.domain.staff.permissions import Permission
from portal.web.forms import faults_on
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse


@requires(Permission.VIEW)
def board() -> Response:
    return page("provisioning/board.html", columns=boards.columns(current_user.id, now()))


@requires(Permission.VIEW)
def checklist(service_id: int) -> Response:
    service = fetch(ClientService, service_id)
    return page(
        "provisioning/checklist.html",
        service=service,
        tasks=provisioning.tasks_of(service_id),
        missing=provisioning.missing(service),
        allowed=allowed_commands(service.status, service.provisioning_status),
        Command=Command,
    )


@requires(Permission.WORK_PROVISIONING)
def start(service_id: int) -> Response:
    with transaction():
        service = provisioning.start(service_id=service_id, by=current_user.id, at=now())
        toast = service.already_done_message or "Set-up has begun."
    return _back(service_id, toast)


@requires(Permission.WORK_PROVISIONING)
def complete(service_id: int) -> Response:
    with transaction():
        service = provisioning.complete(service_id=service_id, by=current_user.id, at=now())
        toast = service.already_done_message or f"{service.name} is ready to activate."
    return _back(service_id, toast)


@requires(Permission.WORK_PROVISIONING)
def ask_fail(service_id: int) -> Response:
    return page("provisioning/fail.html", service=fetch(ClientService, service_id), form=FailForm())


@requires(Permission.WORK_PROVISIONING)
def fail(service_id: int) -> Response:
    form = FailForm()
    if not form.validate_on_submit():
        return refuse("provisioning/fail.html", service=fetch(ClientService, service_id), form=form)
    with transaction():
        provisioning.fail(service_id=service_id, reason=form.reason.data or "", by=current_user.id, at=now())
    return _back(service_id, "Marked as failed. The admins and the account manager are told.")


@requires(Permission.WORK_PROVISIONING)
def check_task(service_id: int, task_id: int) -> Response:
    with transaction():
        task = provisioning.check_task(
            service_id=service_id, task_id=task_id, done=request.form.get("done") == "1",
            note=request.form.get("note", ""), by=current_user.id, at=now(),
        )  # fmt: skip
        toast = f"“{task.title}” is {'done' if task.done_at else 'open again'}."
    return _back(service_id, toast)


@requires(Permission.WORK_PROVISIONING)
def take(service_id: int) -> Response:
    """A technician takes an unassigned service."""
    with transaction():
        service = provisioning.assign(
            service_id=service_id, technician_id=current_user.id, by=current_user.id, at=now()
        )
        toast = f"{service.name} is yours."
    return done(then=url_for(".board"), toast=toast)


@requires(Permission.WORK_PROVISIONING)
def ask_assign(service_id: int) -> Response:
    service = fetch(ClientService, service_id)
    form = AssignForm(
        technician_id=str(service.technician_id or ""),
        backup_technician_id=str(service.backup_technician_id or ""),
    )
    form.fill()
    return page("provisioning/assign.html", service=service, form=form)


@requires(Permission.WORK_PROVISIONING)
def assign(service_id: int) -> Response:
    form = AssignForm()
    form.fill()
    if form.validate_on_submit():
        with faults_on(form), transaction():
            provisioning.assign(
                service_id=service_id,
                technician_id=optional_id(form.technician_id.data),
                backup_technician_id=optional_id(form.backup_technician_id.data),
                by=current_user.id,
                at=now(),
            )
    if form.errors:
        return refuse("provisioning/assign.html", service=fetch(ClientService, service_id), form=form)
    return _back(service_id, "The people are set.")


@requires(Permission.WORK_PROVISIONING)
def ask_sla(service_id: int) -> Response:
    service = fetch(ClientService, service_id)
    form = _sla_form(
        sla_policy_id=str(service.sla_policy_id or ""), availability_target=service.availability_target,
        service_hours=service.service_hours,
    )  # fmt: skip
    return page("provisioning/sla.html", service=service, form=form)


@requires(Permission.WORK_PROVISIONING)
def configure_sla(service_id: int) -> Response:
    form = _sla_form()
    policy_id = optional_id(form.sla_policy_id.data)
    if form.validate_on_submit() and policy_id:
        with transaction():
            provisioning.configure_sla(
                service_id=service_id, sla_policy_id=policy_id, availability_target=form.availability_target.data,
                by=current_user.id, at=now(),
            )  # fmt: skip
        return _back(service_id, "The SLA is set.")
    if not policy_id:
        form.sla_policy_id.errors = ["Choose a policy."]
    return refuse("provisioning/sla.html", service=fetch(ClientService, service_id), form=form)


@requires(Permission.WORK_PROVISIONING)
def setup_monitoring(service_id: int) -> Response:
    enabled = request.form.get("enabled") == "1"
    with transaction():
        provisioning.setup_monitoring(service_id=service_id, enabled=enabled, by=current_user.id, at=now())
    return _back(service_id, f"Monitoring is {'on' if enabled else 'off'}.")


def add_to(bp: Blueprint) -> None:
    one = "/<int:service_id>"
    for rule, view, method in (
        ("", board, "GET"),
        (one, checklist, "GET"),
        (f"{one}/start", start, "POST"),
        (f"{one}/complete", complete, "POST"),
        (f"{one}/fail", ask_fail, "GET"),
        (f"{one}/fail", fail, "POST"),
        (f"{one}/take", take, "POST"),
        (f"{one}/assign", ask_assign, "GET"),
        (f"{one}/assign", assign, "POST"),
        (f"{one}/sla", ask_sla, "GET"),
        (f"{one}/sla", configure_sla, "POST"),
        (f"{one}/monitoring", setup_monitoring, "POST"),
        (f"{one}/tasks/<int:task_id>", check_task, "POST"),
    ):
        bp.add_url_rule(rule, view.__name__, view, methods=[method])


def _back(service_id: int, toast: str) -> Response:
    return done(then=url_for(".checklist", service_id=service_id), toast=toast)


def _sla_form(**data: object) -> SlaForm:
    form = SlaForm(**data)
    policies = catalogue.policies(active_only=True)
    form.sla_policy_id.choices = [("", "None yet"), *((str(each.id), each.name) for each in policies)]
    return form
