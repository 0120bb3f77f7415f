"""A month of the ledger beside what the active services pay on its last day: both are always the same."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from portal.db import db
from portal.domain.money import Money


@dataclass(frozen=True)
class Closing:
    """One currency at the end of a month; `paying` is the sum over the active services, read by itself."""

    currency: str
    services: int
    opening: Money
    movements: Money
    paying: Money
    invoiced: Money
    credited: Money

    @property
    def ledger(self) -> Money:
        return self.opening + self.movements

    @property
    def difference(self) -> Money:
        return self.ledger - self.paying


CLOSING = sa.text("""
    WITH ledger AS (
        SELECT currency, sum(amount_minor) FILTER (WHERE on_date < :first) AS opening,
               sum(amount_minor) FILTER (WHERE on_date BETWEEN :first AND :last) AS movements
        FROM mrr_movements GROUP BY 1),
    paying AS (
        SELECT currency, count(*) AS services, sum(monthly_cost_minor) AS paying
        FROM client_services WHERE status = 'active' GROUP BY 1),
    documents AS (
        SELECT currency, sum(total_minor) FILTER (WHERE kind = 'invoice') AS invoiced,
               sum(total_minor) FILTER (WHERE kind = 'credit_note') AS credited
        FROM invoices WHERE issued_on BETWEEN :first AND :last AND status <> 'void' GROUP BY 1)
    SELECT * FROM ledger FULL JOIN paying USING (currency) FULL JOIN documents USING (currency) ORDER BY currency
""")


def closing(last_day: date) -> list[Closing]:
    """The month up to `last_day`, which has to be today or the services are asked too late; by currency."""
    rows = db.session.execute(CLOSING, {"first": last_day.replace(day=1), "last": last_day}).mappings()
    return [
        Closing(
            currency=row["currency"],
            services=row["services"] or 0,
            **{
                name: Money(int(row[name] or 0), row["currency"])
                for name in ("opening", "movements", "paying", "invoiced", "credited")
            },
        )
        for row in rows
    ]
