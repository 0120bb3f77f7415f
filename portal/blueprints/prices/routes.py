"""Bulk price changes: the list, a proposal with its lines, confirming it, undoing it."""

from typing import Any

from flask import Blueprint, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.prices.forms import BulkPriceForm
from portal.blueprints.services.board import SERVICES
from portal.clock import now
from portal.db import transaction
from portal.domain.company.identity import identity
from portal.domain.lifecycle import board
from portal.domain.pricing import batches, listing
from portal.domain.staff.permissions import Permission
from portal.domain.words import PriceState
from portal.web.forms import faults_on
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse
from portal.web.tables import Choice, Column, DateRange, Empty, Table

bp = Blueprint("prices", __name__, url_prefix="/billing/prices")

BATCHES = Table(
    "price_batches",
    columns=(
        Column("what", "Change", sortable=False, fixed=True),
        Column("services", "Services", cell="number", sortable=False),
        Column("left_out", "Left out", cell="number", sortable=False),
        Column("effective_on", "From", sortable=False),
        Column("state", "State", cell="status"),
        Column("by", "By", sortable=False),
        Column("requested_at", "Proposed", cell="when"),
    ),
    filters=(Choice("state", "State", options=PriceState), DateRange("effective_on", "From")),
    sort="-requested_at",
    cells="prices/_cells.html",
    empty=Empty(
        "No bulk price change yet",
        "It is previewed line by line before anything changes.",
        "/billing/prices/new",
        "Change prices",
    ),
)
LINES = Table(
    "price_lines",
    columns=(
        Column("name", "Service", link="/services/{client_service_id}", fixed=True),
        Column("client", "Client", link="/clients/{client_code}"),
        Column("cycle_price_before_minor", "Price now", cell="money"),
        Column("cycle_price_minor", "New price", cell="money"),
        Column("monthly_change_minor", "Monthly", cell="money"),
        Column("effective_on", "From", cell="day"),
        Column("state", "State", cell="status"),
        Column("note", "Why", sortable=False),
    ),
    filters=(Choice("state", "State", options=PriceState),),
    search=listing.of_services,
    search_hint="Service or client",
    sort="client",
    empty=Empty("No line", "Nothing matches these filters."),
)


@bp.get("")
@requires(Permission.CHANGE_PRICES_IN_BULK)
def index() -> Response:
    return BATCHES.page("prices/list.html", listing.batches())


@bp.get("/new")
@requires(Permission.CHANGE_PRICES_IN_BULK)
def ask() -> Response:
    return page("prices/new.html", **_asked(_form()))


@bp.post("/new")
@requires(Permission.CHANGE_PRICES_IN_BULK)
def propose() -> Response:
    form, then = _form(), ""
    if form.validate_on_submit():
        chosen = SERVICES.chosen(board.listing()) if _selection() else None
        with faults_on(form), transaction():
            batch = batches.propose(wanted=form.wanted(chosen), by=current_user.id, at=now())
            then = url_for(".show", price_batch_id=batch.id)
    return done(then=then) if then else refuse("prices/new.html", **_asked(form))


@bp.get("/<int:price_batch_id>")
@requires(Permission.CHANGE_PRICES_IN_BULK)
def show(price_batch_id: int) -> Response:
    return LINES.page(
        "prices/batch.html", listing.lines(price_batch_id), overview=listing.overview(price_batch_id)
    )


@bp.get("/<int:price_batch_id>/confirm")
@requires(Permission.CHANGE_PRICES_IN_BULK)
def ask_confirm(price_batch_id: int) -> Response:
    return page("prices/confirm.html", overview=listing.overview(price_batch_id))


@bp.post("/<int:price_batch_id>/confirm")
@requires(Permission.CHANGE_PRICES_IN_BULK)
def confirm(price_batch_id: int) -> Response:
    with transaction():
        batches.confirm(batch_id=price_batch_id, by=current_user.id, at=now())
    return done(then=url_for(".show", price_batch_id=price_batch_id), toast="The price change is confirmed.")


@bp.get("/<int:price_batch_id>/undo")
@requires(Permission.CHANGE_PRICES_IN_BULK)
def ask_undo(price_batch_id: int) -> Response:
    return page("prices/undo.html", overview=listing.overview(price_batch_id))


@bp.post("/<int:price_batch_id>/undo")
@requires(Permission.CHANGE_PRICES_IN_BULK)
def undo(price_batch_id: int) -> Response:
    with transaction():
        undone = batches.undo(batch_id=price_batch_id, by=current_user.id, at=now())
    toast = f"{undone:,} price change{'' if undone == 1 else 's'} withdrawn."
    return done(then=url_for(".show", price_batch_id=price_batch_id), toast=toast)


def _form() -> BulkPriceForm:
    return BulkPriceForm(is_selection=bool(_selection()), company_currency=identity().currency)


def _asked(form: BulkPriceForm) -> dict[str, Any]:
    return {"form": form, "selection": _selection()}


def _selection() -> list[tuple[str, str]]:
    """The rows chosen in the list of services, as hidden inputs: ticked ones, or "all" with its filters."""
    if request.values.get("all") == "1":
        return [("all", "1"), *SERVICES.read(board.listing(), request.values).state]
    return [("ids", each) for each in request.values.getlist("ids")]
