"""What breaks next: the incidents that are not resolved, by the time that is left to their next target."""

from collections.abc import Sequence

import sqlalchemy as sa
from flask import request
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.incidents import bp
from portal.clock import now
from portal.domain.lifecycle import board as services
from portal.domain.sla import queries
from portal.domain.sla.queries import Place
from portal.domain.staff.permissions import Permission
from portal.domain.words import Severity
from portal.web.guards import requires
from portal.web.tables import Choice, Column, Empty, Flag, Table

TABS = (
    ("To do", "/incidents"),
    ("Breached", "/incidents?state=breached"),
    ("Due soon", "/incidents?state=due_soon"),
    ("Waiting", "/incidents?state=waiting"),
    ("Mine", "/incidents?technician=me"),
    ("Resolved", "/incidents?state=resolved&sort=-resolved_at"),
)


def _technicians() -> list[tuple[str, str]]:
    people = [(str(user_id), name) for user_id, name in services.technicians()]
    return [("me", "Me"), ("none", "Unassigned"), *people]


def _of_technicians(chosen: Sequence[str]) -> sa.ColumnElement[bool]:
    ids = [current_user.id if each == "me" else int(each) for each in chosen if each != "none"]
    return queries.of_technicians(ids, unassigned="none" in chosen)


INCIDENTS = Table(
    "incidents",
    columns=(
        Column("next_due_at", "Time left", cell="when", by=queries.by_urgency()),
        Column("title", "Incident", fixed=True, link="/incidents/{id}"),
        Column("severity", "Severity"),
        Column("service", "Service", link="/services/{service_id}"),
        Column("client", "Client", link="/clients/{client_code}"),
        Column("owner", "Owner"),
        Column("state", "State"),
        Column("target", "Next target", cell="label", sortable=False, shown=False),
        Column("opened_at", "Opened", cell="when", shown=False),
        Column("acknowledged_at", "Acknowledged", cell="when", shown=False),
        Column("resolution_due_at", "To resolve by", cell="when", shown=False),
        Column("resolved_at", "Resolved", cell="when", shown=False),
    ),
    filters=(
        Choice("state", "State", options=Place, where=lambda chosen: queries.in_places(chosen, now())),
        Choice("severity", "Severity", options=Severity),
        Choice("technician", "Technician", options=_technicians, where=_of_technicians),
        Flag("breached", "SLA breached"),
        Flag("is_downtime", "Downtime"),
    ),
    search=queries.matching,
    search_hint="Title, service or client",
    sort="next_due_at",
    cells="incidents/_cells.html",
    empty=Empty("Nothing is broken", "No incident is open. Record one when a client calls."),
)


@bp.get("")
@requires(Permission.VIEW)
def board() -> Response:
    """Resolved ones are looked for, by state or by words."""
    listing = queries.listing(now())
    asked_for = request.args.get("state") or request.args.get("q")
    return INCIDENTS.page(
        "incidents/list.html",
        listing if asked_for else listing.where(queries.unresolved()),
        presets=_tabs(),
        here=request.full_path.rstrip("?"),
        now=now(),
    )


def _tabs() -> list[tuple[str, str, int | None]]:
    """The views with their counts, where the number asks for something."""
    found = queries.counts(now())
    counted = {
        "/incidents": sum(found.values()),
        **{f"/incidents?state={place}": count for place, count in found.items()},
    }
    return [(name, url, counted.get(url)) for name, url in TABS]
