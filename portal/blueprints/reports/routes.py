"""Asking for an SLA report with a look at its figures, waiting for it, and taking it away."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, request, send_file, url_for
from flask_login import current_user

from portal import storage
from portal.blueprints.reports.forms import ReportForm, usual_periods
from portal.clock import now, today
from portal.db import fetch, transaction
from portal.domain import clients, reports
from portal.domain.clients.models import Client
from portal.domain.reports import SlaReport, queries
from portal.domain.staff import Permission
from portal.domain.words import JobState
from portal.web.forms import faults_on
from portal.web.guards import polled, requires
from portal.web.htmx import done, page, refuse
from portal.web.tables import Choice, Column, DateRange, Empty, Table

bp = Blueprint("reports", __name__, url_prefix="/reports")

REPORTS = Table(
    "reports",
    columns=(
        Column("client", "Report", fixed=True),
        Column("period_start", "Period"),
        Column("state", "State", cell="status"),
        Column("requested_by", "Asked for by"),
        Column("requested_at", "When", cell="when"),
        Column("file", "File", sortable=False),
        Column("sha256", "SHA-256", sortable=False, shown=False),
    ),
    filters=(
        Choice("state", "State", options=JobState),
        DateRange("requested_at", "Asked for"),
        DateRange("period_start", "First day"),
    ),
    search=queries.matching,
    search_hint="Client's name or code",
    sort="-requested_at",
    cells="reports/_cells.html",
    empty=Empty("No report yet", "Choose a client and some days.", "/reports/new", "Ask for a report"),
)  # fmt: skip


@bp.get("")
@requires(Permission.SLA_REPORTS)
def board() -> Response:
    return REPORTS.page("reports/list.html", queries.listing())


@bp.get("/new")
@requires(Permission.SLA_REPORTS)
def ask() -> Response:
    """First for whom, then what and over which days, with the figures that the report will have."""
    if "client" not in request.args:
        q = request.args.get("q", "")
        return page("reports/client.html", q=q, found=queries.clients_like(q))
    client = clients.by_code(request.args["client"])
    last_month = usual_periods(today())["Last month"]
    form = ReportForm(
        request.args, period_start=last_month.start, period_end=last_month.last_day, meta={"csrf": False}
    )
    form.offer(client)
    return page("reports/new.html", **_asking(form, client))


@bp.get("/preview")
@requires(Permission.SLA_REPORTS)
def preview() -> Response:
    client = clients.by_code(request.args.get("client", ""))
    form = ReportForm(request.args, meta={"csrf": False})
    form.offer(client)
    return page("reports/new.html", "reports/_preview.html", **_asking(form, client))


@bp.post("")
@requires(Permission.SLA_REPORTS)
def make() -> Response:
    form, report = ReportForm(), None
    client = clients.by_code(form.client.data or "")
    form.offer(client)
    if form.validate_on_submit():
        with faults_on(form), transaction():
            report = reports.request(
                client_id=client.id, service_id=form.service_id, start=form.period_start.data,
                end=form.day_after, by=current_user.id, at=now(),
            )  # fmt: skip
    if report is None:
        return refuse("reports/new.html", **_asking(form, client))
    return done(then=url_for(".show", report_id=report.id))


@bp.get("/<int:report_id>")
@requires(Permission.SLA_REPORTS)
def show(report_id: int) -> Response:
    return page("reports/report.html", **_made(report_id))


@bp.get("/<int:report_id>/progress")
@requires(Permission.SLA_REPORTS)
@polled
def progress(report_id: int) -> Response:
    return page("reports/report.html", "reports/_result.html", **_made(report_id))


@bp.get("/<int:report_id>/file")
@requires(Permission.SLA_REPORTS)
def file(report_id: int) -> Response:
    report = fetch(SlaReport, report_id)
    if report.file_key is None:
        abort(404)
    content = storage.reports().open(report.file_key)
    return send_file(content, "application/pdf", as_attachment=True, download_name=report.filename)


def _asking(form: ReportForm, client: Client) -> dict[str, Any]:
    """What the page of the form shows; the figures only for days that make sense."""
    is_asked = bool(form.period_start.data and form.period_end.data) and not form.service.errors
    figures = (
        queries.preview(
            client_id=client.id, service_id=form.service_id, start=form.period_start.data,
            end=form.day_after, at=now(),
        )
        if is_asked
        else queries.Preview(None, "Enter the first and the last day.")
    )  # fmt: skip
    return {"form": form, "client": client, "preview": figures, "periods": usual_periods(today())}


def _made(report_id: int) -> dict[str, Any]:
    report = fetch(SlaReport, report_id)
    is_late = not report.is_over and now() - report.requested_at > timedelta(minutes=5)
    return {"report": report, "is_late": is_late}
