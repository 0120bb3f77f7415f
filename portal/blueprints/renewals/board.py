"""The board of renewals."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import request
from werkzeug.wrappers import Response

from portal.blueprints.renewals import bp
from portal.clock import today
from portal.domain.clients import overview
from portal.domain.clients.models import Client
from portal.domain.lifecycle import board as services
from portal.domain.renewals import board
from portal.domain.renewals.board import View
from portal.domain.staff import Permission
from portal.web.guards import requires
from portal.web.tables import Bulk, Choice, Column, DateRange, Empty, Flag, Table, Text

MONEY, RENEW = Permission.VIEW_MONEY, Permission.RENEW


def _in_views(chosen: Sequence[View]) -> sa.ColumnElement[bool]:
    return board.in_views(chosen, today())


RENEWALS = Table(
    "renewals",
    columns=(
        Column("name", "Service", link="/services/{id}", fixed=True),
        Column("urgent_on", "Next", cell="day"),
        Column("held", "Decision", sortable=False),
        Column("new_price_minor", "New price", cell="money", needs=MONEY),
        Column("health_score", "Health", cell="health"),
        Column("breaches", "Breaches", cell="number"),
        Column("overdue_minor", "Client owes", cell="money", needs=MONEY),
        Column("account_manager", "Owner"),
        Column("client", "Client", link="/clients/{client_code}", shown=False),
        Column("cycle_price_minor", "Price now", cell="money", needs=MONEY, shown=False),
        Column("state", "State", cell="label", sortable=False, shown=False),
        Column("decide_by", "Decide by", cell="date", shown=False),
        Column("renewal_date", "Next term", cell="date", shown=False),
        Column("grace_ends_on", "Grace ends", cell="date", shown=False),
        Column("price_reason", "Why that price", needs=MONEY, sortable=False, shown=False),
        Column("months", "Months", cell="number", sortable=False, shown=False),
        Column("auto_renewal", "By itself", cell="flag", shown=False),
        Column("note", "Note", sortable=False, shown=False),
        Column("next_contact_on", "Speak again", cell="date", shown=False),
    ),
    filters=(
        Choice("view", "Show", options=View, where=_in_views),
        Text("client", "Client", where=services.of_client),
        Choice(
            "account_manager",
            "Owner",
            options=overview.managers,
            where=lambda chosen: Client.account_manager_id.in_([int(each) for each in chosen]),
        ),
        Flag("auto_renewal", "By itself"),
        DateRange("renewal_date", "Next term"),
        DateRange("next_contact_on", "Speak again"),
    ),
    search=services.matching,
    search_hint="Service, client name or code",
    sort="urgent_on",
    bulk=(Bulk("Approve", "/renewals/bulk/approve", "circle-check", RENEW),),
    cells="renewals/_cells.html",
    empty=Empty(
        "No term to decide on", "Services with an end date stand here until they are renewed or leave."
    ),
)


@bp.get("")
@requires(Permission.VIEW)
def index() -> Response:
    here = request.full_path.rstrip("?")
    return RENEWALS.page(
        "renewals/board.html", board.listing(today()), today=today(), presets=_presets(), here=here
    )


def _presets() -> list[tuple[str, str, Any]]:
    counted = board.counts(today())
    tabs = [(view.label, f"/renewals?view={view.value}", counted[view]) for view in View]
    return [("All", "/renewals", None), *tabs]
