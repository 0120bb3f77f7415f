"""The list of services."""

from collections.abc import Sequence

import sqlalchemy as sa
from flask import g, request
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.services import bp
from portal.clock import today
from portal.domain.lifecycle import Status, board
from portal.domain.lifecycle.board import Band
from portal.domain.staff import Permission
from portal.domain.words import ServiceType
from portal.web.guards import requires
from portal.web.tables import Bulk, Choice, Column, Empty, Table, Text

MONEY = Permission.VIEW_MONEY
WINDOWS = (
    ("overdue", "Day has passed"),
    ("30", "In 30 days"),
    ("60", "In 60 days"),
    ("90", "In 90 days"),
)
PRESETS = (
    ("All", "/services?view=all"),
    ("Mine", "/services?technician=me"),
    ("Unassigned", "/services?technician=none"),
    ("In trouble", "/services?status=active&health=poor&health=critical&sort=health_score"),
    ("Renewing in 60 days", "/services?renewal=overdue&renewal=60&sort=next_date"),
    ("Suspended", "/services?status=suspended"),
)


def technicians() -> list[tuple[str, str]]:
    """The choices of the filter; asked for several times on a page, read once."""
    if "technician_choices" not in g:
        people = [(str(user_id), name) for user_id, name in board.technicians()]
        g.technician_choices = [("me", "Me"), ("none", "Unassigned"), *people]
    choices: list[tuple[str, str]] = g.technician_choices
    return choices


def _of_technicians(chosen: Sequence[str]) -> sa.ColumnElement[bool]:
    ids = [current_user.id if each == "me" else int(each) for each in chosen if each != "none"]
    return board.of_technicians(ids, unassigned="none" in chosen)


def _in_windows(chosen: Sequence[str]) -> sa.ColumnElement[bool]:
    windows = (None if each == "overdue" else int(each) for each in chosen)
    return sa.or_(*(board.renewing_within(days, today()) for days in windows))


SERVICES = Table(
    "services",
    columns=(
        Column("name", "Service", link="/services/{id}", fixed=True),
        Column("client", "Client", link="/clients/{client_code}"),
        Column("status", "Status", cell="status"),
        Column("health_score", "Health", cell="health"),
        Column("monthly_cost_minor", "Monthly cost", cell="money", needs=MONEY),
        Column("next_date", "Next date", by=board.ClientService.next_date),
        Column("technician", "Technician"),
        Column("tags", "Tags", cell="tags", sortable=False, shown=False),
        Column("next_what", "What is next", cell="label", sortable=False, shown=False),
        Column("product", "Product", sortable=False, shown=False),
        Column("service_type", "Type", cell="label", sortable=False, shown=False),
        Column("provisioning_status", "Provisioning", cell="label", sortable=False, shown=False),
        Column("cycle_price_minor", "Price", cell="money", needs=MONEY, sortable=False, shown=False),
        Column("billing_cycle", "Billed", cell="label", sortable=False, shown=False),
        Column("start_date", "Start", cell="date", sortable=False, shown=False),
        Column("end_date", "End", cell="date", sortable=False, shown=False),
        Column("sla_breaches_count", "SLA breaches", cell="number", sortable=False, shown=False),
        Column("client_code", "Client code", sortable=False, shown=False),
    ),
    filters=(
        Choice("status", "Status", options=Status),
        Text("client", "Client", where=board.of_client),
        Choice("type", "Type", options=ServiceType, where=board.of_types),
        Choice("technician", "Technician", options=technicians, where=_of_technicians),
        Choice("health", "Health", options=Band, where=board.in_bands),
        Choice("renewal", "Renewal", options=WINDOWS, where=_in_windows),
        Text("tag", "Tag", where=board.tagged),
    ),
    search=board.matching,
    search_hint="Service, client name or code",
    sort="name",
    bulk=(
        Bulk("Suspend", "/services/bulk/suspend", "player-pause", Permission.SUSPEND),
        Bulk("Resume", "/services/bulk/resume", "player-play", Permission.SUSPEND),
        Bulk("Change prices", "/billing/prices/new", "tag", Permission.CHANGE_PRICES_IN_BULK),
        Bulk("Assign", "/services/bulk/assign", "user", Permission.WORK_PROVISIONING),
    ),
    cells="services/_cells.html",
    empty=Empty(
        "No service yet",
        "A service is one product sold to one client.",
        "/provisioning/new",
        "Sell the first one",
    ),
)


@bp.get("")
@requires(Permission.VIEW)
def index() -> Response:
    here = request.full_path if request.args else "/services?view=all"
    return SERVICES.page(
        "services/list.html",
        board.listing(),
        totals=board.monthly_totals,
        today=today(),
        presets=[(name, url, None) for name, url in PRESETS],
        here=here,
    )
