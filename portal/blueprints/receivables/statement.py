"""The statement of account of a client: on screen, as CSV, as PDF."""

from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import Any

from flask import request, send_file, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import storage
from portal.blueprints.receivables import bp
from portal.clock import now, today
from portal.db import fetch, transaction
from portal.domain import clients, receivables
from portal.domain.clients.models import Client
from portal.domain.errors import NotFound
from portal.domain.periods import Period
from portal.domain.receivables import statements
from portal.domain.receivables.models import Statement
from portal.domain.receivables.statements import StatementFacts
from portal.domain.staff.permissions import Permission
from portal.web import export
from portal.web.guards import polled, requires
from portal.web.htmx import done, page

COLUMNS = ["Date", "Entry", "Charged", "Paid or credited", "Balance", "Currency"]


@dataclass(frozen=True)
class Asked:
    """What the address asks for: a client, a currency, first and last day."""

    client: Client
    currency: str
    currencies: list[str]
    period: Period

    @property
    def query(self) -> dict[str, str]:
        """The same statement, as parameters of an address."""
        return {
            "currency": self.currency,
            "from": self.period.start.isoformat(),
            "to": self.period.last_day.isoformat(),
        }

    @property
    def url(self) -> str:
        return address(self.client, self.query)

    def months_before(self) -> list[tuple[str, str]]:
        """(words, address) of the months a bookkeeper looks at: this one and the two before, then the year."""
        this = statements.month_of(today()).start
        starts = [this]
        while len(starts) < 4:
            starts.append((starts[-1] - timedelta(days=1)).replace(day=1))
        ends = [today(), *(start - timedelta(days=1) for start in starts)]
        spans = [(f"{start:%B %Y}", start, end) for start, end in zip(starts, ends, strict=False)]
        spans.append((str(this.year), this.replace(month=1), today()))
        return [
            (words, address(self.client, {"currency": self.currency, "from": f"{start}", "to": f"{end}"}))
            for words, start, end in spans
        ]


def address(client: Client, query: dict[str, str]) -> str:
    values: dict[str, Any] = {"code": client.code, **query}
    return url_for("receivables.show_statement", **values)


@bp.get("/clients/<code>/statement")
@requires(Permission.VIEW_MONEY)
def show_statement(code: str) -> Response:
    asked = _asked(code)
    facts = _facts(asked)
    if request.args.get("export") == "csv":
        return _csv(facts, f"statement-{asked.client.code}-{asked.period.last_day}.csv")
    return page("receivables/statement.html", facts=facts, **_shown(asked))


@bp.post("/clients/<code>/statement/pdf")
@requires(Permission.VIEW_MONEY)
def ask_statement_pdf(code: str) -> Response:
    asked = _asked(code)
    with transaction():
        receivables.ask_for_pdf(
            client_id=asked.client.id,
            currency=asked.currency,
            period=asked.period,
            by=current_user.id,
            at=now(),
        )
    return done("receivables/_statement_pdf.html", then=asked.url, **_shown(asked))


@bp.get("/clients/<code>/statement/pdf-state")
@requires(Permission.VIEW_MONEY)
@polled
def statement_pdf_state(code: str) -> Response:
    return page("receivables/_statement_pdf.html", "receivables/_statement_pdf.html", **_shown(_asked(code)))


@bp.get("/billing/statements/<int:statement_id>/pdf")
@requires(Permission.VIEW_MONEY)
def statement_pdf(statement_id: int) -> Response:
    made = fetch(Statement, statement_id)
    if not made.pdf_key:
        raise NotFound("This PDF is not printed yet. Ask for it on the statement of the client.")
    last_day = made.ends_on - timedelta(days=1)
    name = f"statement-{made.client.code}-{made.currency}-{last_day}.pdf"
    return send_file(
        storage.reports().open(made.pdf_key), "application/pdf", as_attachment=True, download_name=name
    )


def _asked(code: str) -> Asked:
    """What cannot be read is ignored: this month, in the currency of the client."""
    client = clients.by_code(code)
    known = statements.currencies_of(client)
    currency = request.args.get("currency", "")
    usual = statements.month_of(today())
    first, last = _day("from") or usual.start, _day("to") or usual.last_day
    last = min(last, today())
    return Asked(
        client=client,
        currency=currency if currency in known else client.currency,
        currencies=known,
        period=Period(min(first, last), last + timedelta(days=1)),
    )


def _day(name: str) -> date | None:
    try:
        found = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return found if found > date.min else None


def _facts(asked: Asked) -> StatementFacts:
    return receivables.statement(client=asked.client, currency=asked.currency, period=asked.period)


def _shown(asked: Asked) -> dict[str, Any]:
    made = statements.latest(asked.client.id, asked.currency, asked.period)
    return {"asked": asked, "client": asked.client, "made": made}


def _csv(facts: StatementFacts, name: str) -> Response:
    """The statement with its opening and closing balance, amounts as numbers."""
    currency, file = facts.currency, BytesIO()
    rows: list[list[Any]] = [
        [row.entry.on, row.entry.words, *_amounts(row.charge, row.credit, row.balance), currency]
        for row in facts.rows
    ]
    opening = [facts.period.start, "Opening balance", None, None, facts.opening.amount, currency]
    closing = [facts.period.last_day, "Closing balance", facts.charged.amount, facts.credited.amount]
    rows = [opening, *rows, [*closing, facts.closing.amount, currency]]
    export.write_csv(file, COLUMNS, rows)
    file.seek(0)
    return send_file(file, export.FORMATS["csv"], as_attachment=True, download_name=name)


def _amounts(*amounts: Any) -> list[Any]:
    return [None if amount is None else amount.amount for amount in amounts]
