"""The charts of revenue, from the figures of the tables beside them."""

from collections.abc import Iterable, Sequence
from datetime import date

from babel.dates import format_date

from portal.blueprints.revenue.pieces import KINDS
from portal.domain.billing.projection_rules import ProjectedMonth
from portal.domain.metrics.months import Month
from portal.web.charts import Chart, Column, Part, columns
from portal.web.filters import formats


def bridge(months: Sequence[Month]) -> Chart:
    return columns(
        [
            Column(
                named(month.first), [Part(kind.value, kind.label.lower(), month.of(kind)) for kind in KINDS]
            )
            for month in months
        ]
    )


def trend(months: Iterable[Month]) -> Chart:
    return columns([Column(named(each.first), [Part("mrr", "MRR", each.closing)]) for each in months])


def outlook(months: Iterable[ProjectedMonth]) -> Chart:
    return columns(
        [Column(named(each.first), [Part("projected", "revenue", each.revenue)]) for each in months]
    )


def named(month: date) -> str:
    return format_date(month, "MMM y", locale=formats().locale)
