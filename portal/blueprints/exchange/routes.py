"""Stored exchange rates: the list, one more, a file of them, one less."""

from typing import Any

from flask import Blueprint, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.exchange.forms import RateForm, RatesFile
from portal.clock import now, today
from portal.db import fetch, transaction
from portal.domain import exchange
from portal.domain.company.identity import identity
from portal.domain.company.rules import PAGES
from portal.domain.exchange import ExchangeRate
from portal.domain.staff import Permission
from portal.web import timeline
from portal.web.forms import faults_on
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse
from portal.web.tables import Column, DateRange, Empty, Table, Text

bp = Blueprint("exchange", __name__, url_prefix="/settings/rates")
LARGEST_FILE = 1024 * 1024

RATES = Table(
    "exchange-rates",
    columns=(
        Column("currency", "Currency", fixed=True),
        Column("on_date", "From", cell="date"),
        Column("rate", "Rate", align="end"),
        Column("into", "Into"),
        Column("entered_by", "Entered by"),
        Column("entered_at", "Entered", cell="when"),
        Column("moves", "Moves", sortable=False),
    ),
    filters=(Text("currency", "Currency"), DateRange("on_date", "From")),
    sort="-on_date",
    cells="exchange/_cells.html",
    empty=Empty(
        "No exchange rate yet",
        "Totals over several currencies need one for each.",
        "/settings/rates/new",
        "Enter a rate",
    ),
    exports=True,
)


@bp.get("")
@requires(Permission.BILLING)
def board() -> Response:
    happened = timeline.lines(at_most=10, exchange_rates=[1])
    return RATES.page("exchange/list.html", exchange.listing(), happened=happened, **_around())


@bp.get("/new")
@requires(Permission.BILLING)
def ask() -> Response:
    return page("exchange/new.html", form=RateForm(on_date=today().isoformat()), **_around())


@bp.post("/new")
@requires(Permission.BILLING)
def put() -> Response:
    form = RateForm()
    if form.validate_on_submit():
        values = {name: form[name].data for name in ("currency", "on_date", "rate")}
        with faults_on(form), transaction():
            exchange.put(values=values, by=current_user.id, at=now())
    if form.errors:
        return refuse("exchange/new.html", form=form, **_around())
    return done(then=url_for(".board"), toast="The rate is stored.")


@bp.get("/load")
@requires(Permission.BILLING)
def ask_for_file() -> Response:
    return page("exchange/load.html", form=RatesFile(), **_around())


@bp.post("/load")
@requires(Permission.BILLING)
def load() -> Response:
    form, count = RatesFile(), 0
    if form.validate_on_submit():
        raw = form.file.data.read(LARGEST_FILE)
        with faults_on(form), transaction():
            count = exchange.load(raw=raw, by=current_user.id, at=now())
    if form.errors:
        return refuse("exchange/load.html", form=form, **_around())
    return done(then=url_for(".board"), toast=f"{count:,} rate{'' if count == 1 else 's'} stored.")


@bp.get("/<int:rate_id>/remove")
@requires(Permission.BILLING)
def ask_remove(rate_id: int) -> Response:
    return page("exchange/remove.html", rate=fetch(ExchangeRate, rate_id), **_around())


@bp.post("/<int:rate_id>/remove")
@requires(Permission.BILLING)
def remove(rate_id: int) -> Response:
    with transaction():
        exchange.remove(rate_id=rate_id, by=current_user.id, at=now())
    return done(then=url_for(".board"), toast="The rate is taken away.", kind="info")


def _around() -> dict[str, Any]:
    return {"pages": PAGES, "own_currency": identity().currency}
