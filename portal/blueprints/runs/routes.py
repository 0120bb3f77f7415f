"""Billing runs: what one would make, starting it, how far it is, and what becomes of its drafts and parked ones."""

from flask import Blueprint, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.clock import now
from portal.db import fetch, transaction
from portal.domain import billing
from portal.domain.billing import approving, previewing, queries
from portal.domain.billing.models import BillingRun
from portal.domain.company import setting
from portal.domain.staff.permissions import Permission
from portal.web.guards import requires
from portal.web.htmx import done, page
from portal.web.tables import Column, Empty, Table

bp = Blueprint("runs", __name__)

CLIENTS = Table(
    "preview",
    columns=(
        Column("client", "Client", fixed=True, link="/clients/{client_code}"),
        Column("currency", "Currency"),
        Column("services", "Services", cell="number"),
        Column("lines", "Lines", cell="number"),
        Column("net_minor", "Net", cell="money"),
        Column("tax_minor", "Tax", cell="money"),
        Column("total_minor", "Total", cell="money"),
    ),
    sort="client",
    empty=Empty("Nothing is due", "Every schedule is billed up to its next date: a run would make nothing."),
)
DECIDED = {
    "approve": (approving.approve, "The drafts are being issued."),
    "discard": (approving.discard, "The drafts are being deleted."),
}


@bp.get("/billing/preview")
@requires(Permission.VIEW_MONEY)
def preview() -> Response:
    seen = previewing.preview_run(clock.today())
    return CLIENTS.page("runs/preview.html", seen.by_client, preview=seen)


@bp.get("/billing/runs/new")
@requires(Permission.BILLING)
def ask_run() -> Response:
    seen = previewing.preview_run(clock.today())
    return page("runs/start.html", preview=seen, holds_drafts=setting("approve_runs"))


@bp.post("/billing/runs/new")
@requires(Permission.BILLING)
def start_run() -> Response:
    with transaction():
        run = billing.request_run(as_of=clock.today(), by=current_user.id, at=now())
        then = url_for(".run", run_id=run.id)
    return done(then=then, toast="The billing run has started.")


@bp.get("/billing/runs/<int:run_id>")
@requires(Permission.VIEW_MONEY)
def run(run_id: int) -> Response:
    return page(
        "runs/run.html",
        "runs/_run.html",
        run=fetch(BillingRun, run_id),
        held=approving.held(run_id),
        failures=queries.failures_of(run_id),
    )


@bp.get("/billing/runs/<int:run_id>/<any(approve, discard):decision>")
@requires(Permission.BILLING)
def ask_decision(run_id: int, decision: str) -> Response:
    one, held = fetch(BillingRun, run_id), approving.held(run_id)
    return page("runs/decide.html", run=one, held=held, decision=decision)


@bp.post("/billing/runs/<int:run_id>/<any(approve, discard):decision>")
@requires(Permission.BILLING)
def decide(run_id: int, decision: str) -> Response:
    act, toast = DECIDED[decision]
    with transaction():
        act(run_id=run_id, by=current_user.id, at=now())
    return done(then=url_for(".run", run_id=run_id), toast=toast)


@bp.get("/billing/parked/rerun")
@requires(Permission.BILLING)
def ask_rerun() -> Response:
    return page("runs/rerun.html", preview=previewing.preview_rerun(clock.today()), run=None)


@bp.post("/billing/parked/rerun")
@requires(Permission.BILLING)
def start_rerun() -> Response:
    return _rerun(None)


@bp.get("/billing/runs/<int:run_id>/rerun")
@requires(Permission.BILLING)
def ask_rerun_of(run_id: int) -> Response:
    one = fetch(BillingRun, run_id)
    return page("runs/rerun.html", preview=previewing.preview_rerun(clock.today(), run_id=run_id), run=one)


@bp.post("/billing/runs/<int:run_id>/rerun")
@requires(Permission.BILLING)
def start_rerun_of(run_id: int) -> Response:
    return _rerun(fetch(BillingRun, run_id).id)


@bp.post("/billing/parked/<int:service_id>/release")
@requires(Permission.BILLING)
def release(service_id: int) -> Response:
    with transaction():
        billing.release(service_id=service_id, by=current_user.id, at=now())
    return done(then=url_for("billing.board"), toast="Released: the next run bills it.")


def _rerun(run_id: int | None) -> Response:
    with transaction():
        again = billing.request_rerun(as_of=clock.today(), run_id=run_id, by=current_user.id, at=now())
        then = url_for(".run", run_id=again.id)
    return done(then=then, toast="Released, and being billed.")
