"""The statement of account: what stood open before, everything since, what stands open after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portal.db import db, fetch, lock
from portal.domain import company
from portal.domain.billing.documents import Party, party
from portal.domain.clients.models import Client
from portal.domain.errors import Refused
from portal.domain.events import StatementRequested
from portal.domain.money import Money
from portal.domain.periods import Period
from portal.domain.receivables import ageing
from portal.domain.receivables.books import entries
from portal.domain.receivables.models import Statement
from portal.domain.receivables.rules import BANDS, Entry, Row, rows_from
from portal.domain.words import EntryKind
from portal.signals import send

MOST_ROWS = 5_000
# On one day charges come before what settles them, so that no balance dips for no reason.
ORDER = {kind.value: place for place, kind in enumerate(EntryKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFacts:
    """The account of a client in one currency over a period. `ages`: (words, open amount) at its end; with `unused`,
    credits not used yet (below zero), they make the closing balance.
    """

    seller: Party
    client: Party
    currency: str
    period: Period
    opening: Money
    rows: tuple[Row, ...]
    closing: Money
    ages: tuple[tuple[str, Money], ...]
    unused: Money
    overdue: Money
    how_to_pay: str
    locale: str
    timezone: str

    @property
    def title(self) -> str:
        return "Statement of account"

    @property
    def charged(self) -> Money:
        return sum((row.charge for row in self.rows if row.charge), start=Money.zero(self.currency))

    @property
    def credited(self) -> Money:
        return sum((row.credit for row in self.rows if row.credit), start=Money.zero(self.currency))


def statement(*, client: Client, currency: str, period: Period) -> StatementFacts:
    """Raises Refused when there is more in the period than a person can read."""
    ours = company.all_settings()
    told = party(client, ours)
    opening = balance_before(client.id, currency, period.start)
    rows = tuple(rows_from(opening, _entries(client.id, currency, period)))
    open_then = _ageing(client.id, currency, period.last_day)
    return StatementFacts(
        seller=Party(**told["seller"]),
        client=Party(**told["client"]),
        currency=currency,
        period=period,
        opening=opening,
        rows=rows,
        closing=rows[-1].balance if rows else opening,
        ages=tuple((band.label, open_then.bands[band.key]) for band in BANDS),
        unused=open_then.credit,
        overdue=open_then.overdue,
        how_to_pay=ours["payment_instructions"],
        locale=told["locale"],
        timezone=told["timezone"],
    )


def balance_before(client_id: int, currency: str, day: date) -> Money:
    """What the account stood at when that day began."""
    entry = entries().subquery("entry")
    before = sa.select(sa.func.coalesce(sa.func.sum(entry.c.minor), 0)).where(
        entry.c.client_id == client_id, entry.c.currency == currency, entry.c.on < day
    )
    return Money(int(db.session.scalar(before) or 0), currency)


def currencies_of(client: Client) -> list[str]:
    """The currencies in which anything was ever booked for the client; its own at least."""
    entry = entries().subquery("entry")
    found = sa.select(entry.c.currency).where(entry.c.client_id == client.id).distinct()
    return sorted({client.currency, *db.session.scalars(found)})


def ask_for_pdf(
    *, client_id: int, currency: str, period: Period, by: int | None = None, at: datetime
) -> Statement:
    """Have the statement printed, unless the same one is under way."""
    asked = {
        "client_id": client_id,
        "currency": currency,
        "starts_on": period.start,
        "ends_on": period.end,
    }
    lock(Client, client_id)
    found = db.session.scalar(sa.select(Statement).filter_by(**asked, pdf_key=None).limit(1))
    if found is not None:
        return found
    wanted = Statement(**asked, asked_by_id=by, asked_at=at)
    db.session.add(wanted)
    db.session.flush()
    send(StatementRequested(statement_id=wanted.id), by=by, at=at)
    return wanted


def latest(client_id: int, currency: str, period: Period) -> Statement | None:
    """The statement last asked for as PDF."""
    asked = sa.select(Statement).filter_by(
        client_id=client_id, currency=currency, starts_on=period.start, ends_on=period.end
    )
    return db.session.scalar(asked.order_by(Statement.id.desc()).limit(1))


def to_print(statement_id: int) -> StatementFacts | None:
    """What is to be printed; None when it is printed."""
    wanted = fetch(Statement, statement_id)
    if wanted.pdf_key:
        return None
    period = Period(wanted.starts_on, wanted.ends_on)
    return statement(client=wanted.client, currency=wanted.currency, period=period)


def keep_pdf(*, statement_id: int, key: str, sha256: str) -> None:
    wanted = lock(Statement, statement_id)
    wanted.pdf_key, wanted.pdf_sha256 = key, sha256


def month_of(day: date) -> Period:
    """The month up to and with that day: what a statement is about unless somebody says otherwise."""
    return Period(day.replace(day=1), day + timedelta(days=1))


def _entries(client_id: int, currency: str, period: Period) -> list[Entry]:
    entry = entries().subquery("entry")
    rank = sa.case(ORDER, value=entry.c.kind)
    found = (
        sa.select(entry)
        .where(
            entry.c.client_id == client_id,
            entry.c.currency == currency,
            entry.c.on >= period.start,
            entry.c.on < period.end,
        )
        .order_by(entry.c.on, rank, entry.c.source_id)
    )
    rows: Sequence[Any] = db.session.execute(found.limit(MOST_ROWS + 1)).all()
    if len(rows) > MOST_ROWS:
        raise Refused(f"More than {MOST_ROWS:,} entries fall into this period. Choose a shorter one.")
    return [entry_of(row) for row in rows]


def entry_of(row: Any) -> Entry:
    return Entry(
        kind=EntryKind(row.kind),
        on=row.on,
        number=row.number,
        note=row.note,
        invoice_id=row.invoice_id,
        amount=Money(int(row.minor), row.currency),
    )


def _ageing(client_id: int, currency: str, day: date) -> ageing.Ageing:
    for each in ageing.of_client(client_id, day):
        if each.currency == currency:
            return each
    nothing = Money.zero(currency)
    return ageing.Ageing(
        bands={band.key: nothing for band in BANDS}, overdue=nothing, credit=nothing, balance=nothing
    )
