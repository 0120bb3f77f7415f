"""Drafts: begun by hand, edited, and given lines until they are issued."""

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.billing import bp
from portal.blueprints.billing.forms import DraftForm, LineForm, NewDraftForm, entered
from portal.clock import now
from portal.db import fetch, transaction
from portal.domain import billing, clients
from portal.domain.billing.models import Invoice
from portal.domain.errors import Invalid, NotFound, Refused
from portal.domain.staff.permissions import Permission
from portal.domain.words import InvoiceStatus
from portal.web.forms import faults_on, stored
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse


@bp.get("/invoices/new")
@requires(Permission.BILLING)
def ask_draft() -> Response:
    form = NewDraftForm(formdata=None, client=request.args.get("client", ""))
    return page("billing/new.html", form=form)


@bp.post("/invoices/new")
@requires(Permission.BILLING)
def begin_draft() -> Response:
    form, invoice_id = NewDraftForm(), 0
    if form.validate_on_submit():
        with faults_on(form), transaction():
            client_id = _client_id(form.client.data or "")
            invoice_id = billing.new_draft(client_id=client_id, by=current_user.id, at=now()).id
    if form.errors:
        return refuse("billing/new.html", form=form)
    return done(
        then=url_for(".ask_line", invoice_id=invoice_id), toast="The draft is there. Say what it is for."
    )


@bp.get("/invoices/<int:invoice_id>/edit")
@requires(Permission.BILLING)
def ask_edit(invoice_id: int) -> Response:
    one = _draft(invoice_id)
    form = DraftForm(formdata=None, data=stored(one, "po_number", "notes", "version"))
    return page("billing/edit.html", invoice=one, form=form)


@bp.post("/invoices/<int:invoice_id>/edit")
@requires(Permission.BILLING)
def edit(invoice_id: int) -> Response:
    form, one = DraftForm(), _draft(invoice_id)
    if form.validate_on_submit():
        with faults_on(form), transaction():
            billing.edit_draft(
                invoice_id=invoice_id,
                version=form.version.data,
                **form.values(),
                by=current_user.id,
                at=now(),
            )
    if form.errors:
        return refuse("billing/edit.html", form.refusal(one.version), invoice=one, form=form)
    return done(then=url_for(".invoice", invoice_id=invoice_id), toast="The draft is saved.")


@bp.get("/invoices/<int:invoice_id>/lines/new")
@requires(Permission.BILLING)
def ask_line(invoice_id: int) -> Response:
    one = _draft(invoice_id)
    rate = 0 if one.client.tax_exempt else stored(one.client, "tax_rate_percent")["tax_rate_percent"]
    return page("billing/line.html", invoice=one, form=LineForm(formdata=None, tax_rate_percent=str(rate)))


@bp.post("/invoices/<int:invoice_id>/lines/new")
@requires(Permission.BILLING)
def add_line(invoice_id: int) -> Response:
    form, one = LineForm(), _draft(invoice_id)
    if form.validate_on_submit():
        with faults_on(form), transaction():
            billing.add_line(
                invoice_id=invoice_id, words=form.words.data or "",
                amount=entered(form.amount.data, one.currency, below_zero=True),
                tax_rate_percent=form.tax_rate_percent.data, by=current_user.id, at=now(),
            )  # fmt: skip
    if form.errors:
        return refuse("billing/line.html", invoice=one, form=form)
    return done(then=url_for(".invoice", invoice_id=invoice_id), toast="The line is on the draft.")


@bp.post("/invoices/<int:invoice_id>/lines/<int:line_id>/remove")
@requires(Permission.BILLING)
def remove_line(invoice_id: int, line_id: int) -> Response:
    with transaction():
        billing.remove_line(invoice_id=invoice_id, line_id=line_id, by=current_user.id, at=now())
    return done(then=url_for(".invoice", invoice_id=invoice_id), toast="The line is off the draft.")


def _draft(invoice_id: int) -> Invoice:
    one = fetch(Invoice, invoice_id)
    if one.status is not InvoiceStatus.DRAFT:
        raise Refused("It is issued and cannot change any more. A credit note corrects it.")
    return one


def _client_id(code: str) -> int:
    try:
        return clients.by_code(code.strip()).id
    except NotFound:
        raise Invalid(faults={"client": "No client has this code."}) from None
