"""The books: what is due, what was billed, and what is owed."""

from flask import send_file, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock, storage
from portal.blueprints.billing import bp, corrections, drafts, payments
from portal.clock import now
from portal.db import fetch, transaction
from portal.domain import billing
from portal.domain.billing import accounts, documents, mailing, queries, settled
from portal.domain.billing.models import Invoice
from portal.domain.errors import NotFound
from portal.domain.receivables import ageing
from portal.domain.staff.permissions import Permission
from portal.domain.words import InvoiceKind, InvoiceStatus
from portal.web import timeline
from portal.web.guards import requires
from portal.web.htmx import done, page
from portal.web.tables import Choice, Column, DateRange, Empty, Flag, NumberRange, Table

__all__ = ["bp", "corrections", "drafts", "payments"]

# What only the portal itself waits for; that a mail went out is told once it did.
NOT_TOLD = ("invoice_pdf_requested", "payment_reminder_due")

INVOICES = Table(
    "invoices",
    columns=(
        Column("number", "Number", fixed=True, link="/invoices/{id}"),
        Column("client", "Client", link="/clients/{client_code}"),
        Column("kind", "Kind", cell="label"),
        Column("status", "State"),
        Column("issued_on", "Issued", cell="day"),
        Column("due_on", "Due", cell="day"),
        Column("total_minor", "Total", cell="money"),
        Column("open_minor", "Open", cell="money"),
    ),
    filters=(
        Choice("status", "State", options=InvoiceStatus),
        Choice("kind", "Kind", options=InvoiceKind),
        Flag("is_overdue", "Overdue"),
        DateRange("issued_on", "Issued"),
        NumberRange("total_minor", "Total", scale=100),
    ),
    search=queries.matching,
    search_hint="Number, client or total",
    sort="-issued_on",
    cells="billing/_cells.html",
    empty=Empty("No invoices yet", "Activate a service; the next billing run makes its first invoice."),
)


@bp.get("/invoices")
@requires(Permission.VIEW_MONEY)
def invoices() -> Response:
    return INVOICES.page("billing/invoices.html", queries.listing())


@bp.get("/invoices/<int:invoice_id>")
@requires(Permission.VIEW_MONEY)
def invoice(invoice_id: int) -> Response:
    one = fetch(Invoice, invoice_id)
    return page(
        "billing/invoice.html",
        invoice=one,
        facts=documents.facts(invoice_id),
        settled=settled.settlements_of(one),
        received=queries.payments_of(invoice_id),
        corrections=queries.corrections_of(invoice_id),
        credit=accounts.account_credit(one.client_id, one.currency),
        mails=mailing.mails_of(invoice_id),
        happened=timeline.lines(invoice=[invoice_id], without=NOT_TOLD),
    )


@bp.get("/invoices/<int:invoice_id>/issue")
@requires(Permission.BILLING)
def ask_issue(invoice_id: int) -> Response:
    return page("billing/issue.html", invoice=fetch(Invoice, invoice_id))


@bp.post("/invoices/<int:invoice_id>/issue")
@requires(Permission.BILLING)
def issue(invoice_id: int) -> Response:
    with transaction():
        number = billing.issue(invoice_id=invoice_id, by=current_user.id, at=now()).number
    return done(then=url_for(".invoice", invoice_id=invoice_id), toast=f"{number} is issued.")


@bp.post("/invoices/<int:invoice_id>/pdf")
@requires(Permission.VIEW_MONEY)
def ask_for_pdf(invoice_id: int) -> Response:
    with transaction():
        one = billing.ask_for_pdf(invoice_id=invoice_id, by=current_user.id, at=now())
    return done("billing/_pdf.html", then=url_for(".invoice", invoice_id=invoice_id), invoice=one)


@bp.get("/invoices/<int:invoice_id>/pdf-state")
@requires(Permission.VIEW_MONEY)
def pdf_state(invoice_id: int) -> Response:
    return page("billing/_pdf.html", "billing/_pdf.html", invoice=fetch(Invoice, invoice_id))


@bp.get("/invoices/<int:invoice_id>/pdf")
@requires(Permission.VIEW_MONEY)
def pdf(invoice_id: int) -> Response:
    one = fetch(Invoice, invoice_id)
    if not one.pdf_key:
        raise NotFound("This PDF is not printed yet. Ask for it on the page of the invoice.")
    name = f"{one.number}.pdf"
    return send_file(
        storage.reports().open(one.pdf_key), "application/pdf", as_attachment=True, download_name=name
    )


@bp.get("/billing")
@requires(Permission.VIEW_MONEY)
def board() -> Response:
    return page(
        "billing/board.html",
        due=queries.due_by_currency(clock.today()),
        ageing=ageing.in_all(clock.today()),
        parked=queries.parked(),
        drafts=queries.drafts(),
        runs=queries.runs(),
        held=queries.runs_with_drafts(),
        today=clock.today(),
    )
