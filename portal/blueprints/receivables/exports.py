"""Exports to the ledger: the list of batches, a new one, and the file of each."""

from io import BytesIO

from flask import send_file, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.receivables import bp
from portal.blueprints.receivables.forms import ExportForm
from portal.blueprints.receivables.lists import EXPORTS
from portal.clock import now, today
from portal.db import fetch, transaction
from portal.domain import receivables
from portal.domain.receivables import exporting
from portal.domain.receivables.models import ExportBatch
from portal.domain.receivables.statements import month_of
from portal.domain.staff.permissions import Permission
from portal.web.forms import faults_on
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse


@bp.get("/billing/exports")
@requires(Permission.VIEW_MONEY)
def show_exports() -> Response:
    return EXPORTS.page("receivables/exports.html", exporting.listing())


@bp.get("/billing/exports/new")
@requires(Permission.BILLING)
def ask_export() -> Response:
    month = month_of(today())
    form = ExportForm(formdata=None, first=month.start, last=month.last_day)
    return page(
        "receivables/export.html", form=form, accounts=exporting.accounts(), outlook=exporting.outlook(month)
    )


@bp.post("/billing/exports/new")
@requires(Permission.BILLING)
def export() -> Response:
    form, batch = ExportForm(), None
    if form.validate_on_submit():
        with faults_on(form), transaction():
            batch = receivables.export(period=form.period(today()), by=current_user.id, at=now())
    if batch is None:
        return refuse("receivables/export.html", form=form, accounts=exporting.accounts(), outlook=None)
    return done(
        then=url_for(".show_exports"),
        toast=f"Batch {batch.number} holds {batch.documents:,} entries. Download its file below.",
    )


@bp.get("/billing/exports/<int:batch_id>/file")
@requires(Permission.VIEW_MONEY)
def export_file(batch_id: int) -> Response:
    batch = fetch(ExportBatch, batch_id)
    name = f"journal-{batch.number:05}.csv"
    return send_file(
        BytesIO(batch.content), "text/csv; charset=utf-8", as_attachment=True, download_name=name
    )
