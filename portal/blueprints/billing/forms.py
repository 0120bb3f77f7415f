"""What finance enters."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.domain import fields
from portal.domain.billing.models import Invoice
from portal.domain.errors import Invalid
from portal.domain.money import BadAmount, Money
from portal.web.forms import RecordForm

METHODS = ("bank transfer", "direct debit", "card", "cheque", "other")
CHOICES = [(each, each.capitalize()) for each in METHODS]
AMOUNT = {"inputmode": "decimal", "autocomplete": "off"}
HOW_MUCH = (
    ("all", "All that is left of the invoice"),
    ("amount", "An amount, spread over the lines"),
    ("lines", "Line by line"),
)


class VoidForm(FlaskForm):
    reason = TextAreaField("Reason", [InputRequired("Say why: auditors will ask."), Length(max=500)])


class PaymentForm(FlaskForm):
    amount = StringField("Amount", [InputRequired("Enter the amount that was received.")], render_kw=AMOUNT)
    received_on = DateField("Received on", [InputRequired("Enter the day it was received.")])
    method = SelectField("By", choices=CHOICES)
    reference = StringField("Reference", [Length(max=120)], description="As it stands on the bank statement.")
    takes_rest = BooleanField("What is more than open becomes account credit")


class AccountForm(FlaskForm):
    """Money that comes from a client or goes back to it, without an invoice."""

    client = StringField("Client", [InputRequired("Enter the code of the client.")], description="Its code.")
    currency = StringField(
        "Currency", [InputRequired("Enter the currency.")], render_kw={"maxlength": 3, "autocomplete": "off"}
    )
    amount = StringField("Amount", [InputRequired("Enter the amount.")], render_kw=AMOUNT)
    paid_on = DateField("On", [InputRequired("Enter the day.")])
    method = SelectField("By", choices=CHOICES)
    reference = StringField("Reference", [Length(max=120)], description="As it stands on the bank statement.")


class ApplyForm(FlaskForm):
    amount = StringField("Amount", [InputRequired("Enter how much to apply.")], render_kw=AMOUNT)


class DraftForm(RecordForm):
    po_number = StringField("Purchase order", [Length(max=60)], description="Printed as the client’s order.")
    notes = TextAreaField("Notes", [Length(max=2000)], description="Printed at the end of the document.")


class NewDraftForm(FlaskForm):
    client = StringField("Client", [InputRequired("Enter the code of the client.")], description="Its code.")


class LineForm(FlaskForm):
    words = StringField("What for", [InputRequired("Say what it is for."), Length(max=300)])
    amount = StringField(
        "Amount before tax", [InputRequired("Enter the amount.")], description="A discount has a minus before it.",
        render_kw=AMOUNT,
    )  # fmt: skip
    tax_rate_percent = StringField("Tax rate in %", [InputRequired("Enter the rate.")], render_kw=AMOUNT)


class CreditForm(FlaskForm):
    """How much of an invoice is given back; the inputs of its lines come with `credit_form`."""

    how_much = RadioField("Give back", choices=HOW_MUCH, default="all")
    amount = StringField("Amount before tax", [Optional()], render_kw=AMOUNT)
    deduct = BooleanField("Settle what is open on this invoice first", default=True)
    reason = TextAreaField(
        "Reason",
        [InputRequired("Say why: the client reads it."), Length(max=500)],
        description="Printed on the note.",
    )


def credit_form(invoice: Invoice) -> CreditForm:
    """The form with an amount for each line of this invoice, and a day for each that has days."""
    inputs: dict[str, Any] = {}
    for line in invoice.lines:
        inputs[f"line_{line.id}"] = StringField(
            f"Amount of {line.description}", [Optional()], render_kw=AMOUNT
        )
        if line.period_end:
            inputs[f"from_{line.id}"] = DateField(f"First unused day of {line.description}", [Optional()])
    return type("CreditFormOfLines", (CreditForm,), inputs)()  # type: ignore[no-any-return]


def wishes(form: CreditForm, invoice: Invoice) -> dict[str, Any]:
    """What is asked for, as billing.credit takes it. Raises Invalid with a fault for each input."""
    asked = form.how_much.data
    if asked == "amount":
        return {"amount": entered(form.amount.data, invoice.currency)}
    if asked == "all":
        return {}
    lines: dict[int, Any] = {}
    faults = {}
    for line in invoice.lines:
        amount, day = form[f"line_{line.id}"].data, form.data.get(f"from_{line.id}")
        if amount and day:
            faults[f"line_{line.id}"] = "Enter an amount or a day, not both."
        elif day:
            lines[line.id] = day
        elif amount:
            try:
                lines[line.id] = Money.of(amount, invoice.currency)
            except BadAmount as fault:
                faults[f"line_{line.id}"] = str(fault)
    if faults:
        raise Invalid(faults=faults)
    return {"lines": lines}


def entered(text: str | None, currency: str, *, below_zero: bool = False) -> Money:
    """The amount as it was entered. Raises Invalid with the fault at its field."""
    if below_zero:
        try:
            return Money.of(text or "", currency)
        except BadAmount as fault:
            raise Invalid(faults={"amount": str(fault)}) from None
    known = {"amount": lambda value: fields.amount(value, currency)}
    amount: Money = fields.check(known, {"amount": text})["amount"]
    return amount
