"""Uploading a book of business, looking on while it is taken in, and what came of it."""

from io import BytesIO

from flask import Blueprint, Response, send_file, url_for
from flask_login import current_user

from portal.blueprints.imports.forms import UploadForm
from portal.clock import now
from portal.db import fetch, transaction
from portal.domain import imports
from portal.domain.imports import ImportRun, queries
from portal.domain.imports.rules import FILES
from portal.domain.staff import Permission
from portal.domain.words import JobState
from portal.web import export
from portal.web.forms import faults_on
from portal.web.guards import polled, requires
from portal.web.htmx import done, page, refuse
from portal.web.tables import Choice, Column, Empty, Flag, Table

bp = Blueprint("imports", __name__, url_prefix="/import")

MOST_SHOWN = 200

IMPORTS = Table(
    "imports",
    columns=(
        Column("filename", "File", link="/import/{id}", fixed=True),
        Column("state", "State", cell="status"),
        Column("is_dry_run", "Dry run", cell="flag"),
        Column("faults", "Faults", cell="number"),
        Column("requested_by", "Asked for by"),
        Column("requested_at", "When", cell="when"),
    ),
    filters=(Choice("state", "State", options=JobState), Flag("is_dry_run", "Dry run")),
    sort="-requested_at",
    empty=Empty("No import yet", "Upload a zip with the CSV files of another system."),
)


@bp.get("")
@requires(Permission.IMPORT)
def board() -> Response:
    return IMPORTS.page("imports/list.html", queries.listing(), form=UploadForm(), files=FILES)


@bp.post("")
@requires(Permission.IMPORT)
def upload() -> Response:
    form, run = UploadForm(), None
    if form.validate_on_submit():
        given = form.archive.data
        with faults_on(form), transaction():
            run = imports.request(
                filename=given.filename or "a zip without a name",
                archive=given.read(),
                is_dry_run=form.is_dry_run.data,
                by=current_user.id,
                at=now(),
            )
    if run is None:
        return refuse("imports/list.html", form=form, files=FILES, table=IMPORTS.read(queries.listing()))
    return done(then=url_for(".show", import_id=run.id))


@bp.get("/<int:import_id>")
@requires(Permission.IMPORT)
def show(import_id: int) -> Response:
    return page("imports/import.html", run=fetch(ImportRun, import_id), most=MOST_SHOWN)


@bp.get("/<int:import_id>/progress")
@requires(Permission.IMPORT)
@polled
def progress(import_id: int) -> Response:
    run = fetch(ImportRun, import_id)
    return page("imports/import.html", "imports/_result.html", run=run, most=MOST_SHOWN)


@bp.get("/<int:import_id>/faults.csv")
@requires(Permission.IMPORT)
def faults(import_id: int) -> Response:
    """Every fault as a list to work through."""
    run = fetch(ImportRun, import_id)
    rows = [[each["file"], each["row"], each["column"], each["fault"]] for each in run.faults]
    file = BytesIO()
    export.write_csv(file, ["file", "row", "column", "fault"], rows)
    file.seek(0)
    name = f"import-{import_id}-faults.csv"
    return send_file(file, mimetype=export.FORMATS["csv"], as_attachment=True, download_name=name)
