"""What is done to a document that is not right, or has to go out again: void, credit, delete, send."""

from typing import Any

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.billing import bp
from portal.blueprints.billing.forms import CreditForm, VoidForm, credit_form, wishes
from portal.clock import now
from portal.db import fetch, transaction
from portal.domain import billing
from portal.domain.billing.freeing import billed_again
from portal.domain.billing.manual_credits import Planned, left_of, plan
from portal.domain.billing.models import Invoice
from portal.domain.errors import Refused
from portal.domain.money import Money
from portal.domain.staff.permissions import Permission
from portal.domain.words import InvoiceKind, InvoiceStatus
from portal.web.forms import faults_on
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse


@bp.get("/invoices/<int:invoice_id>/void")
@requires(Permission.BILLING)
def ask_void(invoice_id: int) -> Response:
    return page("billing/void.html", form=VoidForm(formdata=None), **_taken_back(invoice_id))


@bp.post("/invoices/<int:invoice_id>/void")
@requires(Permission.BILLING)
def void(invoice_id: int) -> Response:
    form = VoidForm()
    if not form.validate_on_submit():
        return refuse("billing/void.html", form=form, **_taken_back(invoice_id))
    with transaction():
        number = billing.void(
            invoice_id=invoice_id, reason=form.reason.data, by=current_user.id, at=now()
        ).number
    return done(then=url_for(".invoice", invoice_id=invoice_id), toast=f"{number} is void.")


@bp.get("/invoices/<int:invoice_id>/delete")
@requires(Permission.BILLING)
def ask_delete(invoice_id: int) -> Response:
    return page("billing/delete.html", **_taken_back(invoice_id))


@bp.post("/invoices/<int:invoice_id>/delete")
@requires(Permission.BILLING)
def delete(invoice_id: int) -> Response:
    with transaction():
        billing.delete_draft(invoice_id=invoice_id, by=current_user.id, at=now())
    return done(then=url_for(".invoices"), toast="The draft is deleted.")


@bp.get("/invoices/<int:invoice_id>/credit")
@requires(Permission.BILLING)
def ask_credit(invoice_id: int) -> Response:
    return page("billing/credit.html", **_to_credit(fetch(Invoice, invoice_id)))


@bp.post("/invoices/<int:invoice_id>/credit")
@requires(Permission.BILLING)
def credit(invoice_id: int) -> Response:
    """Without `confirm` it shows the note; with it, it writes the note."""
    one = fetch(Invoice, invoice_id)
    asked = _to_credit(one)
    form, planned, note = asked["form"], None, None
    if form.validate_on_submit():
        with faults_on(form), transaction():
            if "confirm" in request.form:
                note = _write(form, one)
            else:
                planned = plan(one, **wishes(form, one))
    if form.errors:
        return refuse("billing/credit.html", **asked)
    if note is None:
        return page("billing/credit.html", None, planned=planned, **_effect(planned, one, form), **asked)
    said = f"{note.number} is issued." if note.number else "The credit note waits as a draft."
    return done(then=url_for(".invoice", invoice_id=note.id), toast=said)


@bp.post("/invoices/<int:invoice_id>/mail")
@requires(Permission.BILLING)
def mail(invoice_id: int) -> Response:
    with transaction():
        to = billing.mail_again(invoice_id=invoice_id, by=current_user.id, at=now()).recipients
    return done(then=url_for(".invoice", invoice_id=invoice_id), toast=f"It goes to {to}.")


def _write(form: CreditForm, invoice: Invoice) -> Invoice:
    return billing.credit(
        invoice_id=invoice.id, reason=form.reason.data or "", deduct=bool(form.deduct.data),
        by=current_user.id, at=now(), **wishes(form, invoice),
    )  # fmt: skip


def _to_credit(invoice: Invoice) -> dict[str, Any]:
    if invoice.kind is not InvoiceKind.INVOICE or invoice.status in (InvoiceStatus.DRAFT, InvoiceStatus.VOID):
        raise Refused("Only an issued invoice can be credited. A draft can still be edited.")
    return {"invoice": invoice, "form": credit_form(invoice), "left": left_of(invoice)}


def _effect(planned: Planned | None, invoice: Invoice, form: CreditForm) -> dict[str, Any]:
    """What the note settles of its invoice, and what of it becomes account credit."""
    if planned is None:
        return {}
    total, nothing = planned.sums.total, Money.zero(invoice.currency)
    settled = min(total, invoice.open_amount) if form.deduct.data else nothing
    return {"settled": settled, "kept": total - settled}


def _taken_back(invoice_id: int) -> dict[str, Any]:
    """A document with what the next run bills again without it."""
    one = fetch(Invoice, invoice_id)
    again = billed_again(one) if one.kind is InvoiceKind.INVOICE else []
    amount = sum((each.amount for each in again), Money.zero(one.currency))
    return {"invoice": one, "again": again, "again_amount": amount}
