"""Revenue: is it growing, and why?"""

from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from portal.blueprints.revenue import files
from portal.blueprints.revenue.asking import AHEAD, SPANS, Asked, asked, shown
from portal.blueprints.revenue.drawing import bridge, outlook, trend
from portal.blueprints.revenue.lists import LISTS, MOVEMENTS
from portal.blueprints.revenue.pieces import KINDS, monthly, top
from portal.clock import today
from portal.domain import billing, exchange, metrics
from portal.domain.company.identity import identity
from portal.domain.metrics import Breakdown, queries
from portal.domain.metrics.definitions import DEFINITIONS
from portal.domain.staff import Permission
from portal.domain.words import ServiceType
from portal.web.guards import requires
from portal.web.htmx import page

bp = Blueprint("revenue", __name__, url_prefix="/revenue")


@bp.get("")
@requires(Permission.VIEW_MONEY)
def board() -> Response:
    about = asked(request.args, today())
    figures, months = metrics.mrr(about.scope), monthly(about)
    return page(
        "revenue/board.html",
        **_around(about),
        figures=figures,
        total=exchange.total([each.total for each in figures], today()),
        own_currency=identity().currency,
        now=shown(figures, about.currency),
        kinds=KINDS,
        kind_headings=[(kind.label, "end") for kind in KINDS],
        months=months[-about.months :],
        trend_months=months,
        bridge=bridge(months[-about.months :]),
        trend=trend(months),
        top=top(about),
    )


@bp.get("/projection")
@requires(Permission.VIEW_MONEY)
def projection() -> Response:
    about = asked(request.args, today())
    ahead = billing.projection(about.ahead, scope=about.in_currency).get(about.currency, [])
    return page(
        "revenue/projection.html", **_around(about), ahead=ahead, chart=outlook(ahead), months_ahead=AHEAD
    )


@bp.get("/by/<any(client, type, product, manager):part>")
@requires(Permission.VIEW_MONEY)
def parts(part: str) -> Response:
    by = Breakdown(part)
    about = asked(request.args, today())
    return LISTS[by].page("revenue/parts.html", metrics.breakdown(by), **_around(about), by=by)


@bp.get("/movements")
@requires(Permission.VIEW_MONEY)
def movements() -> Response:
    about = asked(request.args, today())
    return MOVEMENTS.page("revenue/movements.html", queries.listing(), **_around(about))


@bp.get("/<any(now, months, trend, projection):figures>.csv")
@requires(Permission.VIEW_MONEY)
def download(figures: str) -> Response:
    return files.download(figures, asked(request.args, today()))


def _around(about: Asked) -> dict[str, Any]:
    """What every page of revenue shows: the filters as they are set, the tabs, the definitions."""
    return {
        "about": about,
        "spans": SPANS,
        "currencies": queries.currencies(),
        "managers": queries.managers(),
        "types": list(ServiceType),
        "narrowed": queries.names_of(about.scope.client, about.scope.product),
        "parts": list(Breakdown),
        "definitions": DEFINITIONS,
    }
