"""The wizard's pages: each step is a URL over a draft row, so one can go back, leave, and go on elsewhere."""

from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from flask_login import current_user

from portal.blueprints.provisioning.forms import STEP_FORMS, ClientForm
from portal.clock import now
from portal.db import db, transaction
from portal.domain.clients import queries as clients
from portal.domain.clients.models import Client
from portal.domain.errors import DomainError
from portal.domain.provisioning import wizard
from portal.domain.provisioning.models import WizardDraft
from portal.domain.staff.permissions import Permission
from portal.web.forms import faults_on
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse

MOST_FOUND = 15


@requires(Permission.PROVISION)
def choose_client() -> Response:
    """The first step; nothing is stored before it is answered."""
    return page("provisioning/client.html", **_client_step(ClientForm()))


@requires(Permission.PROVISION)
def begin() -> Response:
    form = ClientForm()
    form.offer(_found())
    if not form.validate_on_submit():
        return refuse("provisioning/client.html", **_client_step(form))
    with transaction():
        draft_id = wizard.begin(client_id=form.client_id.data, by=current_user.id, at=now()).id
    return done(then=url_for(".step", draft_id=draft_id, step="product"))


@requires(Permission.PROVISION)
def step(draft_id: int, step: str) -> Response:
    draft = wizard.own_draft(draft_id, current_user.id)
    if step == "client":
        form = ClientForm(client_id=draft.answers["client"]["client_id"])
        return page("provisioning/client.html", **_client_step(form, draft))
    if step == "review":
        return page("provisioning/review.html", **_around(draft, "review"))
    form = _form(draft, step)
    form.load(draft.answers.get(step, {}), draft)
    return page("provisioning/step.html", form=form, **_around(draft, step))


@requires(Permission.PROVISION)
def answer(draft_id: int, step: str) -> Response:
    draft = wizard.own_draft(draft_id, current_user.id)
    form = ClientForm() if step == "client" else _form(draft, step)
    if step == "client":
        form.offer(_found())
    if form.validate_on_submit():
        with faults_on(form), transaction():
            _keep(draft, step, form)
            then = url_for(".step", draft_id=draft_id, step=wizard.following(step))
    if form.errors:
        draft = wizard.own_draft(draft_id, current_user.id)
        if step == "client":
            return refuse("provisioning/client.html", **_client_step(form, draft))
        return refuse("provisioning/step.html", form=form, **_around(draft, step))
    leaves = "leave" in request.form
    return done(
        then=url_for(".board") if leaves else then,
        toast="Saved; go on whenever you like." if leaves else None,
    )


@requires(Permission.PROVISION)
def finish(draft_id: int) -> Response:
    with transaction():
        service = wizard.finish(draft_id=draft_id, by=current_user.id, at=now())
        then, toast = f"/services/{service.id}", f"{service.name} is sold to {service.client.name}."
    return done(then=then, toast=toast)


@requires(Permission.PROVISION)
def drop(draft_id: int) -> Response:
    with transaction():
        wizard.drop(draft_id=draft_id, by=current_user.id, at=now())
    return done(then=url_for(".choose_client"), toast="The draft is thrown away.", kind="info")


def add_to(bp: Blueprint) -> None:
    draft = "/new/<int:draft_id>"
    steps = f"{draft}/<any({', '.join(wizard.KEYS)}):step>"
    answered = f"{draft}/<any({', '.join(key for key in wizard.KEYS if key != 'review')}):step>"
    for rule, view, method in (
        ("/new", choose_client, "GET"),
        ("/new", begin, "POST"),
        (steps, step, "GET"),
        (answered, answer, "POST"),
        (f"{draft}/finish", finish, "POST"),
        (f"{draft}/drop", drop, "POST"),
    ):
        bp.add_url_rule(rule, view.__name__, view, methods=[method])


def _form(draft: WizardDraft, step: str) -> Any:
    if step != "product" and "product" not in draft.answers:
        abort(404)
    form = STEP_FORMS[step]()
    form.fill(draft)
    return form


def _keep(draft: WizardDraft, step: str, form: Any) -> None:
    """The answers of the step; the terms also say which contract, which belongs to the client's step."""
    answers = form.answers(draft)
    wizard.answer(draft_id=draft.id, step=step, answers=answers, by=current_user.id, at=now())
    if step == "terms":
        contract_id = int(form.contract_id.data) if form.contract_id.data else None
        of_client = draft.answers["client"] | {"contract_id": contract_id}
        draft.answers = draft.answers | {"client": of_client}


def _client_step(form: ClientForm, draft: WizardDraft | None = None) -> dict[str, Any]:
    form.offer(_found())
    return {
        "form": form,
        "draft": draft,
        "q": request.values.get("q", ""),
        "drafts": [] if draft else wizard.open_drafts(current_user.id),
        "steps": _steps(draft, "client"),
    }


def _found() -> list[Client]:
    """Clients that match what was typed, and the one that is chosen; the first ones by name without a text."""
    active = db.select(Client).where(Client.is_active).order_by(Client.name).limit(MOST_FOUND)
    text, code = request.values.get("q", "").strip(), request.args.get("client", "")
    if code:
        active = active.where(Client.code == code)
    elif text:
        active = active.where(clients.matching(text))
    found = list(db.session.scalars(active))
    chosen = request.form.get("client_id", type=int)
    if chosen and chosen not in [each.id for each in found]:
        found += list(db.session.scalars(db.select(Client).filter_by(id=chosen, is_active=True)))
    return found


def _around(draft: WizardDraft, step: str) -> dict[str, Any]:
    """What stands around each step: the steps with ticks, and what the answers so far come to."""
    try:
        summary, fault = wizard.summary(draft), ""
    except DomainError as refusal:
        summary, fault = None, refusal.message
    missing = wizard.missing_steps(draft)
    here = next(each for each in wizard.STEPS if each.key == step)
    return {
        "draft": draft, "step": here, "steps": _steps(draft, step), "summary": summary, "fault": fault,
        "missing": missing,
    }  # fmt: skip


def _steps(draft: WizardDraft | None, current: str) -> list[tuple[str, str | None, str]]:
    shown = []
    for each in wizard.STEPS:
        answered = draft is not None and each.key in draft.answers
        reachable = draft is not None and (answered or "product" in draft.answers or each.key == "product")
        url = url_for(".step", draft_id=draft.id, step=each.key) if draft is not None and reachable else None
        state = "current" if each.key == current else "done" if answered else "todo"
        shown.append((each.title, url, state))
    return shown
