"""What a run is about to bill, in temporary tables of its transaction: the preview reads them, the run writes them.

`BILLS`: one row for each schedule that is due. `LINES`: what is billed of it. Most schedules are due with one whole
period at one price, and PostgreSQL computes those; the others (stubs, several periods, new prices, one-time work) go
through the rules in Python. Both give the same: tests/domain/billing/test_run_rules.py.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from portal.db import db
from portal.domain.billing.due import (
    COUNT_DUE,
    DUE,
    MOVE,
    NEXT_CLIENTS,
    PARK,
    STAGE,
    STAGE_LOCKED,
    STAGE_PARKED,
    USUAL_LINES,
)
from portal.domain.billing.rules import Due, Schedule, lines_due
from portal.domain.company import setting
from portal.domain.errors import DomainError
from portal.domain.money import Money
from portal.domain.periods import Cycle, Timetable
from portal.domain.words import LineKind

_here = sa.MetaData()
_TEMPORARY: dict[str, Any] = {"prefixes": ["TEMPORARY"], "postgresql_on_commit": "DROP"}

BILLS = sa.Table(
    "staged_bills",
    _here,
    sa.Column("schedule_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("service_id", sa.BigInteger, nullable=False),
    sa.Column("client_id", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    # 0, or the service when its client wants one invoice for each.
    sa.Column("apart_id", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("unit_price_minor", sa.BigInteger),
    sa.Column("po_number", sa.Text, nullable=False),
    sa.Column("tax_rate", sa.Numeric(7, 4), nullable=False),
    sa.Column("setup_minor", sa.BigInteger, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("frequency", sa.Text, nullable=False),
    sa.Column("anchor_day", sa.Integer, nullable=False),
    sa.Column("first_on", sa.Date, nullable=False),
    sa.Column("bills_from", sa.Date, nullable=False),
    sa.Column("ends_on", sa.Date),
    # The end, or the day of a pause.
    sa.Column("stops_on", sa.Date),
    sa.Column("prorate", sa.Boolean, nullable=False),
    sa.Column("is_cleared", sa.Boolean, nullable=False),
    # The line that was billed last: where it starts and ends, and its amount.
    sa.Column("last_start", sa.Date),
    sa.Column("last_end", sa.Date),
    sa.Column("last_minor", sa.BigInteger),
    sa.Column("is_usual", sa.Boolean, nullable=False),
    # The first day that stays unbilled.
    sa.Column("bills_until", sa.Date),
    sa.Column("is_over", sa.Boolean),
    sa.Column("parked_reason", sa.Text),
    **_TEMPORARY,
)
LINES = sa.Table(
    "staged_lines",
    _here,
    sa.Column("schedule_id", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("period_start", sa.Date, nullable=False),
    sa.Column("period_end", sa.Date),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    **_TEMPORARY,
)
INVOICES = sa.Table(
    "staged_invoices",
    _here,
    sa.Column("invoice_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("client_id", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("apart_id", sa.BigInteger, nullable=False),
    sa.Column("po_number", sa.Text, nullable=False),
    **_TEMPORARY,
)
TAXES = sa.Table(
    "staged_taxes",
    _here,
    sa.Column("invoice_id", sa.BigInteger, nullable=False),
    sa.Column("tax_rate", sa.Numeric(7, 4), nullable=False),
    sa.Column("base_minor", sa.BigInteger, nullable=False),
    sa.Column("tax_minor", sa.BigInteger, nullable=False),
    **_TEMPORARY,
)

LAST_CLIENT = 2**63 - 1


def last_client_of_page(*, as_of: date, after: int, most: int, rerun_id: int | None = None) -> int | None:
    """Up to which client a page of about `most` schedules goes; None when nothing is due behind `after`."""
    facts = {"as_of": as_of, "after": after, "upto": LAST_CLIENT, "most": most, "rerun_id": rerun_id}
    found: int | None = db.session.scalar(NEXT_CLIENTS, facts)
    return found


def count_due(as_of: date, *, rerun_id: int | None = None) -> int:
    """Schedules with something to bill."""
    facts = {"as_of": as_of, "after": 0, "upto": LAST_CLIENT, "rerun_id": rerun_id}
    return int(db.session.scalar(COUNT_DUE, facts) or 0)


def due_of_client(client_id: int, as_of: date) -> Sequence[sa.Row[Any]]:
    """The rows of BILLS of one client, without a temporary table."""
    facts = {"as_of": as_of, "after": client_id - 1, "upto": client_id, "rerun_id": None}
    return db.session.execute(DUE, facts).all()


def stage(
    *, as_of: date, after: int = 0, upto: int = LAST_CLIENT, rerun_id: int | None = None, locked: bool = False
) -> int:
    """Fill the temporary tables with what is due of the clients in (after, upto]; how many schedules.

    `locked`: hold the schedules until the commit. A preview does not, and nobody waits for it.
    """
    facts = {"as_of": as_of, "after": after, "upto": upto, "rerun_id": rerun_id}
    return _stage(STAGE_LOCKED if locked else STAGE, facts, as_of)


def stage_parked(*, as_of: date, run_id: int | None) -> int:
    """Fill them with what a rerun of what is parked (by one run) would bill, as a person released it."""
    facts = {"as_of": as_of, "after": 0, "upto": LAST_CLIENT, "rerun_id": None, "parked_by": run_id}
    return _stage(STAGE_PARKED, facts, as_of, is_cleared=True)


def _stage(statement: sa.TextClause, facts: dict[str, Any], as_of: date, *, is_cleared: bool = False) -> int:
    _make_room()
    staged = db.session.execute(statement, facts)
    if is_cleared:
        db.session.execute(sa.update(BILLS).values(is_cleared=True))
    db.session.execute(USUAL_LINES)
    _stage_the_others(as_of)
    # Without figures the planner takes the new tables for empty.
    for table in (BILLS, LINES):
        db.session.execute(sa.text(f"ANALYZE {table.name} (schedule_id)"))
    return int(getattr(staged, "rowcount", 0))


def park_staged(reasons: dict[int, str]) -> None:
    """Take schedules out of what is billed, each with its reason."""
    if reasons:
        db.session.execute(PARK, {"ids": list(reasons), "reasons": list(reasons.values())})
        drop_lines(list(reasons))


def keep_staged(schedule_ids: Sequence[int]) -> None:
    """Take all others out."""
    for table in (BILLS, LINES):
        ids = sa.literal(schedule_ids, sa.ARRAY(sa.BigInteger))
        db.session.execute(sa.delete(table).where(table.c.schedule_id != sa.all_(ids)))


def drop_lines(schedule_ids: Sequence[int]) -> None:
    ids = sa.literal(schedule_ids, sa.ARRAY(sa.BigInteger))
    db.session.execute(sa.delete(LINES).where(LINES.c.schedule_id == sa.any_(ids)))


def proposed_ids() -> list[int]:
    """The schedules of which something is to be billed."""
    return list(db.session.scalars(sa.select(LINES.c.schedule_id).distinct().order_by(LINES.c.schedule_id)))


def _make_room() -> None:
    """Empty tables; they go with the transaction."""
    for table in _here.sorted_tables:
        db.session.execute(sa.text(f"DROP TABLE IF EXISTS pg_temp.{table.name}"))
        db.session.execute(CreateTable(table))


def _stage_the_others(as_of: date) -> None:
    """By the rules in Python, those that PostgreSQL did not compute."""
    rows = db.session.execute(sa.select(BILLS).where(~BILLS.c.is_usual)).all()
    most_missed, reasons = setting("most_missed_periods"), {}
    lines, moved = [], []
    for row in rows:
        try:
            due = lines_due(schedule_of(row), as_of, most_missed=None if row.is_cleared else most_missed)
        except (DomainError, ValueError) as refusal:
            reasons[row.schedule_id] = str(refusal)
            continue
        lines += lines_of(row, due)
        moved.append((row.schedule_id, due.next_bill_on, due.is_over))
    if lines:
        db.session.execute(sa.insert(LINES), lines)
    if moved:
        db.session.execute(
            MOVE, dict(zip(("ids", "untils", "overs"), map(list, zip(*moved, strict=True)), strict=True))
        )
    park_staged(reasons)


def schedule_of(row: sa.Row[Any]) -> Schedule:
    """A staged bill as the rules know it."""
    return Schedule(
        price=Money(row.amount_minor, row.currency),
        timetable=Timetable(row.first_on, row.anchor_day, Cycle(row.frequency)),
        next_bill_on=row.bills_from,
        ends_on=row.stops_on,
        prorate=row.prorate,
    )


def lines_of(row: sa.Row[Any], due: Due) -> list[dict[str, Any]]:
    """The rows of LINES of one schedule: the setup fee first, once."""
    first = due.charges[0].period.start if due.charges else None
    lines = [
        {
            "schedule_id": row.schedule_id,
            "kind": LineKind.RECURRING.value,
            "description": f"{row.name} – {charge.words}" if charge.words else row.name,
            "period_start": charge.period.start,
            "period_end": charge.period.end,
            "quantity": row.quantity,
            "amount_minor": charge.amount.minor,
        }
        for charge in due.charges
    ]
    setup = {
        "schedule_id": row.schedule_id, "kind": LineKind.SETUP_FEE.value, "description": f"{row.name} – setup",
        "period_start": first, "period_end": None, "quantity": 1, "amount_minor": row.setup_minor,
    }  # fmt: skip
    return [setup, *lines] if row.setup_minor and first else lines
