"""The tables of the revenue pages as CSV."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from flask import Response, send_file

from portal import clock
from portal.blueprints.revenue.asking import Asked
from portal.blueprints.revenue.pieces import KINDS, monthly
from portal.domain import billing, metrics
from portal.domain.billing.projection_rules import Why
from portal.web import export

Rows = Iterable[list[Any]]


def download(name: str, about: Asked) -> Response:
    titles, rows = FILES[name](about)
    file: IO[bytes] = SpooledTemporaryFile(export.IN_MEMORY)  # noqa: SIM115  (send_file closes it)
    export.write_csv(file, titles, rows)
    file.seek(0)
    saved_as = f"revenue-{name}-{clock.today():%Y-%m-%d}.csv"
    return send_file(file, mimetype=export.FORMATS["csv"], as_attachment=True, download_name=saved_as)


def _now(about: Asked) -> tuple[list[str], Rows]:
    titles = ["Currency", "MRR", "ARR", "Paused", "Active services", "Clients", "Average service"]
    return titles, (
        [
            each.total.currency, each.total.amount, each.arr.amount, each.paused.amount, each.services,
            each.clients, each.average.amount if each.average else None,
        ]
        for each in metrics.mrr(about.scope)
    )  # fmt: skip


def _months(about: Asked) -> tuple[list[str], Rows]:
    titles = ["Month", "Opening", *(kind.label for kind in KINDS), "Net new", "Closing"]
    titles += [
        "Gross churn %",
        "NRR %",
        "GRR %",
        "Clients at start",
        "Clients lost",
        "Logo churn %",
        "Currency",
    ]
    return titles, (
        [
            each.first, each.opening.amount, *(each.of(kind).amount for kind in KINDS), each.net_new.amount,
            each.closing.amount, *_rates(each), each.clients, each.lost, _percent(each.logo_churn), about.currency,
        ]
        for each in monthly(about)[-about.months :]
    )  # fmt: skip


def _trend(about: Asked) -> tuple[list[str], Rows]:
    rows = ([each.first, each.closing.amount, about.currency] for each in monthly(about))
    return ["Month", "MRR at its end", "Currency"], rows


def _projection(about: Asked) -> tuple[list[str], Rows]:
    titles = ["Month", "Opening", *(why.value.capitalize() for why in Why), "Closing", "Revenue", "Currency"]
    ahead = billing.projection(about.ahead, scope=about.in_currency).get(about.currency, [])
    return titles, (
        [
            each.first, each.opening.amount, *(each.of(why).amount for why in Why), each.closing.amount,
            each.revenue.amount, about.currency,
        ]
        for each in ahead
    )  # fmt: skip


def _rates(month: Any) -> list[Decimal | None]:
    found = month.rates
    if found is None:
        return [None] * 3
    return [_percent(each) for each in (found.gross_churn, found.net_retention, found.gross_retention)]


def _percent(share: Fraction | None) -> Decimal | None:
    """With four decimals, cut like on the page."""
    return None if share is None else Decimal(int(share * 1_000_000)).scaleb(-4)


FILES: dict[str, Callable[[Asked], tuple[list[str], Rows]]] = {
    "now": _now,
    "months": _months,
    "trend": _trend,
    "projection": _projection,
}
