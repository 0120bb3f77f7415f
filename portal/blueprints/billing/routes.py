"""The books: what is due, what was billed, and what is owed."""

from flask import Blueprint, send_file, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock, storage
from portal.blueprints.billing.forms import PaymentForm, VoidForm
from portal.clock import now
from portal.db import fetch, transaction
from portal.domain import billing, fields
from portal.domain.billing import documents, queries
from portal.domain.billing.models import BillingRun, Invoice
from portal.domain.errors import NotFound
from portal.domain.money import Money
from portal.domain.staff.permissions import Permission
from portal.domain.words import InvoiceKind, InvoiceStatus
from portal.web.forms import faults_on
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse
from portal.web.tables import Choice, Column, DateRange, Empty, Flag, NumberRange, Table

bp = Blueprint("billing", __name__)

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
    search_hint="Number or client",
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
    return page(
        "billing/invoice.html",
        invoice=fetch(Invoice, invoice_id),
        facts=documents.facts(invoice_id),
        payments=queries.payments_of(invoice_id),
        corrections=queries.corrections_of(invoice_id),
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


@bp.get("/invoices/<int:invoice_id>/void")
@requires(Permission.BILLING)
def ask_void(invoice_id: int) -> Response:
    return page("billing/void.html", invoice=fetch(Invoice, invoice_id), form=VoidForm())


@bp.post("/invoices/<int:invoice_id>/void")
@requires(Permission.BILLING)
def void(invoice_id: int) -> Response:
    form = VoidForm()
    if not form.validate_on_submit():
        return refuse("billing/void.html", invoice=fetch(Invoice, invoice_id), form=form)
    with transaction():
        number = billing.void(
            invoice_id=invoice_id, reason=form.reason.data, by=current_user.id, at=now()
        ).number
    return done(then=url_for(".invoice", invoice_id=invoice_id), toast=f"{number} is void.")


@bp.get("/invoices/<int:invoice_id>/payment")
@requires(Permission.BILLING)
def ask_payment(invoice_id: int) -> Response:
    one = fetch(Invoice, invoice_id)
    form = PaymentForm(amount=f"{one.open_amount.amount}", received_on=clock.today())
    return page("billing/payment.html", invoice=one, form=form)


@bp.post("/invoices/<int:invoice_id>/payment")
@requires(Permission.BILLING)
def record_payment(invoice_id: int) -> Response:
    form, one = PaymentForm(), fetch(Invoice, invoice_id)
    if form.validate_on_submit():
        with faults_on(form), transaction():
            billing.record_payment(
                invoice_id=invoice_id, amount=_entered(form, one.currency), received_on=form.received_on.data,
                method=form.method.data, reference=form.reference.data or "", by=current_user.id, at=now(),
            )  # fmt: skip
    if form.errors:
        return refuse("billing/payment.html", invoice=fetch(Invoice, invoice_id), form=form)
    return done(then=url_for(".invoice", invoice_id=invoice_id), toast="The payment is recorded.")


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
        ageing=queries.open_by_age(clock.today()),
        parked=queries.parked(),
        drafts=queries.drafts(),
        runs=queries.runs(),
        today=clock.today(),
    )


@bp.get("/billing/runs/new")
@requires(Permission.BILLING)
def ask_run() -> Response:
    return page("billing/run.html", due=queries.due_by_currency(clock.today()), today=clock.today())


@bp.post("/billing/runs/new")
@requires(Permission.BILLING)
def start_run() -> Response:
    with transaction():
        run = billing.request_run(as_of=clock.today(), by=current_user.id, at=now())
        then = url_for(".run", run_id=run.id)
    return done(then=then, toast="The billing run has started.")


@bp.get("/billing/runs/<int:run_id>")
@requires(Permission.VIEW_MONEY)
def run(run_id: int) -> Response:
    one = fetch(BillingRun, run_id)
    return page("billing/run_result.html", "billing/_run.html", run=one, failures=queries.failures_of(run_id))


@bp.post("/billing/parked/<int:service_id>/release")
@requires(Permission.BILLING)
def release(service_id: int) -> Response:
    with transaction():
        billing.release(service_id=service_id, at=now())
    return done(then=url_for(".board"), toast="Released: the next run tries it again.")


def _entered(form: PaymentForm, currency: str) -> Money:
    """The amount as it was entered. Raises Invalid with the fault at its field."""
    known = {"amount": lambda text: fields.amount(text, currency)}
    amount: Money = fields.check(known, {"amount": form.amount.data})["amount"]
    return amount
