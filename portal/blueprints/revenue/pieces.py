"""The figures that pages, pictures and files of revenue share."""

from typing import Any

import sqlalchemy as sa

from portal.blueprints.revenue.asking import TREND, Asked
from portal.db import db
from portal.domain import metrics
from portal.domain.metrics import Breakdown
from portal.domain.metrics.months import Month
from portal.domain.money import Money
from portal.domain.periods import add_months
from portal.domain.words import Movement

MOST_ON_TOP = 10

# In the order in which a month's movements are told: gains, losses, and what is neither.
KINDS = (
    Movement.NEW,
    Movement.EXPANSION,
    Movement.REACTIVATION,
    Movement.RESUMED,
    Movement.CONTRACTION,
    Movement.CHURN,
    Movement.PAUSED,
    Movement.TRANSFER,
)


def monthly(about: Asked) -> list[Month]:
    """As many months as the trend or the bridge needs, oldest first; quiet ones included."""
    count = max(about.months, TREND)
    since = add_months(about.last, 1 - count)
    found = metrics.movements(since=since, months=count, scope=about.in_currency).get(about.currency)
    nothing = Money.zero(about.currency)
    return found or [Month(add_months(since, number), nothing) for number in range(count)]


def top(about: Asked) -> list[dict[str, Any]]:
    """The clients with most MRR in this currency; `share`: of the first one's, in percent, for the bar."""
    clients = metrics.breakdown(Breakdown.CLIENT, about.in_currency).subquery()
    statement = (
        sa.select(*clients.c)
        .where(clients.c.mrr_minor > 0)
        .order_by(clients.c.mrr_minor.desc(), clients.c.id)
        .limit(MOST_ON_TOP)
    )
    rows = [dict(row) for row in db.session.execute(statement).mappings()]
    return [row | {"share": 100 * row["mrr_minor"] // rows[0]["mrr_minor"]} for row in rows]
