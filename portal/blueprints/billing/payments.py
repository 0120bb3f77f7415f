"""Money that comes and goes: payments, advances, account credit, refunds."""

from collections.abc import Callable
from typing import Any

from flask import request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.blueprints.billing import bp
from portal.blueprints.billing.forms import AccountForm, ApplyForm, PaymentForm, entered
from portal.clock import now
from portal.db import fetch, transaction
from portal.domain import billing, clients, fields
from portal.domain.billing import accounts, payment_list
from portal.domain.billing.models import Invoice
from portal.domain.clients.models import Client
from portal.domain.errors import Invalid, NotFound
from portal.domain.staff.permissions import Permission
from portal.web.forms import faults_on
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse
from portal.web.tables import Choice, Column, DateRange, Empty, NumberRange, Table

PAYMENTS = Table(
    "payments",
    columns=(
        Column("paid_on", "Day", cell="day", fixed=True),
        Column("kind", "Kind", cell="label"),
        Column("client", "Client", link="/clients/{client_code}"),
        Column("number", "Invoice"),
        Column("amount_minor", "Amount", cell="money"),
        Column("left_minor", "Account credit", cell="money"),
        Column("method", "By"),
        Column("reference", "Reference"),
        Column("recorded_by", "Recorded by", shown=False),
    ),
    filters=(
        Choice("kind", "Kind", options=payment_list.KINDS),
        DateRange("paid_on", "Day"),
        NumberRange("amount_minor", "Amount", scale=100),
    ),
    search=payment_list.matching,
    search_hint="Client, reference or amount",
    sort="-paid_on",
    cells="billing/_payment_cells.html",
    empty=Empty(
        "No payment yet", "Record what was received on the page of its invoice, or an advance here.",
        "/payments/new", "Record an advance",
    ),
)  # fmt: skip


@bp.get("/payments")
@requires(Permission.VIEW_MONEY)
def payments() -> Response:
    return PAYMENTS.page("billing/payments.html", payment_list.listing())


@bp.get("/invoices/<int:invoice_id>/payment")
@requires(Permission.BILLING)
def ask_payment(invoice_id: int) -> Response:
    one = fetch(Invoice, invoice_id)
    form = PaymentForm(formdata=None, amount=f"{one.open_amount.amount}", received_on=clock.today())
    return page("billing/payment.html", invoice=one, form=form, rest=None)


@bp.post("/invoices/<int:invoice_id>/payment")
@requires(Permission.BILLING)
def record_payment(invoice_id: int) -> Response:
    form, one, rest = PaymentForm(), fetch(Invoice, invoice_id), None
    if form.validate_on_submit():
        with faults_on(form), transaction():
            amount = entered(form.amount.data, one.currency)
            rest = amount - one.open_amount if amount > one.open_amount else None
            if rest and not form.takes_rest.data:
                raise Invalid(
                    faults={"amount": f"That is {rest} more than is open. Check it, or keep the rest below."}
                )
            billing.record_payment(
                invoice_id=invoice_id, amount=amount, received_on=form.received_on.data,
                method=form.method.data, reference=form.reference.data or "", by=current_user.id, at=now(),
            )  # fmt: skip
    if form.errors:
        return refuse("billing/payment.html", invoice=fetch(Invoice, invoice_id), form=form, rest=rest)
    return done(then=url_for(".invoice", invoice_id=invoice_id), toast="The payment is recorded.")


@bp.get("/invoices/<int:invoice_id>/apply-credit")
@requires(Permission.BILLING)
def ask_apply_credit(invoice_id: int) -> Response:
    one = fetch(Invoice, invoice_id)
    credit = accounts.account_credit(one.client_id, one.currency)
    form = ApplyForm(formdata=None, amount=f"{min(credit, one.open_amount).amount}")
    return page("billing/apply_credit.html", invoice=one, credit=credit, form=form)


@bp.post("/invoices/<int:invoice_id>/apply-credit")
@requires(Permission.BILLING)
def apply_credit(invoice_id: int) -> Response:
    form, one = ApplyForm(), fetch(Invoice, invoice_id)
    if form.validate_on_submit():
        with faults_on(form), transaction():
            amount = entered(form.amount.data, one.currency)
            billing.apply_credit(invoice_id=invoice_id, amount=amount, by=current_user.id, at=now())
    if form.errors:
        credit = accounts.account_credit(one.client_id, one.currency)
        return refuse("billing/apply_credit.html", invoice=one, credit=credit, form=form)
    return done(then=url_for(".invoice", invoice_id=invoice_id), toast="The account credit is applied.")


@bp.get("/payments/new")
@requires(Permission.BILLING)
def ask_advance() -> Response:
    return page("billing/advance.html", form=_for_client(), **_known(request.args.get("client")))


@bp.post("/payments/new")
@requires(Permission.BILLING)
def record_advance() -> Response:
    form = AccountForm()
    client = _moved(form, "received_on", billing.record_payment)
    if client is None:
        return refuse("billing/advance.html", form=form, **_known(form.client.data))
    return done(then=url_for("clients.show", code=client.code), toast="The advance is recorded.")


@bp.get("/refunds/new")
@requires(Permission.BILLING)
def ask_refund() -> Response:
    return page("billing/refund.html", form=_for_client(), **_known(request.args.get("client")))


@bp.post("/refunds/new")
@requires(Permission.BILLING)
def refund() -> Response:
    form = AccountForm()
    client = _moved(form, "refunded_on", billing.refund)
    if client is None:
        return refuse("billing/refund.html", form=form, **_known(form.client.data))
    return done(then=url_for("clients.show", code=client.code), toast="The refund is recorded.")


def _moved(form: AccountForm, day: str, verb: Callable[..., Any]) -> Client | None:
    """The client whose money was moved; None when the form says what was wrong."""
    moved = None
    if form.validate_on_submit():
        with faults_on(form), transaction():
            client = _client(form.client.data or "")
            currency = fields.check({"currency": fields.currency}, {"currency": form.currency.data})[
                "currency"
            ]
            verb(
                client_id=client.id, amount=entered(form.amount.data, currency), method=form.method.data,
                reference=form.reference.data or "", by=current_user.id, at=now(), **{day: form.paid_on.data},
            )  # fmt: skip
            moved = client
    return moved if not form.errors else None


def _for_client() -> AccountForm:
    """The form, filled in for the client that the address names."""
    known = _known(request.args.get("client"))
    facts = {"paid_on": clock.today(), "client": known["client"].code if known["client"] else ""}
    if known["client"]:
        facts["currency"] = known["client"].currency
    return AccountForm(formdata=None, data=facts)


def _known(code: str | None) -> dict[str, Any]:
    """The client of this code with its balances, for the page; nobody when there is none."""
    try:
        client = clients.by_code(code or "")
    except NotFound:
        return {"client": None, "balances": []}
    return {"client": client, "balances": accounts.balances(client.id)}


def _client(code: str) -> Client:
    try:
        return clients.by_code(code.strip())
    except NotFound:
        raise Invalid(faults={"client": "No client has this code."}) from None
