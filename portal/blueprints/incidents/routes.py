"""What went wrong on services, as the sources reported it."""

from flask import Blueprint
from werkzeug.wrappers import Response

from portal.clock import now
from portal.db import fetch
from portal.domain.sla import queries
from portal.domain.sla.models import Incident
from portal.domain.staff.permissions import Permission
from portal.domain.words import Severity
from portal.web.guards import requires
from portal.web.htmx import page
from portal.web.tables import Choice, Column, Empty, Flag, Table

bp = Blueprint("incidents", __name__, url_prefix="/incidents")

INCIDENTS = Table(
    "incidents",
    columns=(
        Column("title", "Incident", fixed=True, link="/incidents/{id}"),
        Column("service", "Service", link="/services/{service_id}"),
        Column("client", "Client", link="/clients/{client_code}"),
        Column("severity", "Severity"),
        Column("state", "State"),
        Column("opened_at", "Opened", cell="when"),
        Column("resolution_due_at", "To resolve by", cell="when"),
        Column("resolved_at", "Resolved", cell="when"),
        Column("technician", "Technician", shown=False),
    ),
    filters=(
        Choice(
            "state",
            "State",
            options=[("open", "Open"), ("late", "Past its target"), ("resolved", "Resolved")],
        ),
        Choice("severity", "Severity", options=Severity),
        Flag("breached", "SLA breached"),
        Flag("is_downtime", "Downtime"),
    ),
    search=queries.matching,
    search_hint="Title, service or client",
    sort="-opened_at",
    cells="incidents/_cells.html",
    empty=Empty("No incidents", "Nothing went wrong, or nothing was reported."),
)


@bp.get("")
@requires(Permission.VIEW)
def board() -> Response:
    return INCIDENTS.page("incidents/list.html", queries.listing(now()))


@bp.get("/<int:incident_id>")
@requires(Permission.VIEW)
def show(incident_id: int) -> Response:
    return page("incidents/incident.html", incident=fetch(Incident, incident_id), now=now())
