"""What finance enters to change many prices at once."""

from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask_wtf import FlaskForm
from wtforms import DateField, Field, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from portal.clock import today
from portal.domain import fields
from portal.domain.money import BadAmount, Money
from portal.domain.pricing import listing
from portal.domain.pricing.batches import ROUNDINGS, Wanted

NUMBER = {"inputmode": "decimal", "class": "input-short"}
MINUS = "−"


def _minus(text: str | None) -> str:
    """A number as typed, with a typographic minus read as a plain one and without a plus."""
    return (text or "").strip().replace(MINUS, "-").removeprefix("+").strip()


class BulkPriceForm(FlaskForm):
    product_id = SelectField("Product", coerce=str)
    client_id = SelectField("Client", coerce=str)
    by = RadioField(
        "By",
        choices=[("percent", "A percentage"), ("amount", "An amount for each invoice line")],
        default="percent",
    )
    value = StringField(
        "How much",
        [InputRequired("Enter how much.")],
        description="With a minus sign prices fall.",
        render_kw=NUMBER,
    )
    currency = StringField(
        "Currency of the amount",
        [Optional()],
        description="Services in another one are left out.",
        render_kw=NUMBER,
    )
    rounding = SelectField(
        "Round each price to", coerce=int, description="Times a hundred in a currency without decimals."
    )
    when = RadioField(
        "When",
        choices=[
            ("boundary", "Each on its next billing day"),
            ("now", "Today"),
            ("date", "On a day of your choice"),
        ],
        default="boundary",
    )
    effective_on = DateField("On", [Optional()], description="For a day of your choice.")
    reason = TextAreaField("Reason", [Length(max=500)], render_kw={"rows": 2})

    def __init__(self, *, is_selection: bool, company_currency: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rounding.choices = [(each, _step(each)) for each in ROUNDINGS]
        if not self.currency.data:
            self.currency.data = company_currency
        if is_selection:
            del self.product_id
            del self.client_id
            return
        self.product_id.choices = [("", "Any product"), *((str(id), name) for id, name in listing.products())]
        clients = ((str(id), f"{name} ({code})") for id, name, code in listing.clients())
        self.client_id.choices = [("", "Any client"), *clients]

    def validate_value(self, field: Field) -> None:
        try:
            self._percent(), self._amount()
        except (BadAmount, fields.BadValue) as fault:
            raise ValidationError(str(fault)) from None

    def validate_when(self, field: Field) -> None:
        if field.data == "date" and self.effective_on.data is None:
            raise ValidationError("Enter the day.")

    def wanted(self, chosen: sa.Select[Any] | None = None) -> Wanted:
        day = {"now": today(), "date": self.effective_on.data}.get(self.when.data)
        return Wanted(
            product_id=self._id("product_id"),
            client_id=self._id("client_id"),
            chosen=chosen,
            percent=self._percent(),
            amount=self._amount(),
            round_to_minor=self.rounding.data,
            effective_on=day,
            reason=self.reason.data or "",
        )

    def _id(self, name: str) -> int | None:
        return int(self[name].data) if name in self and self[name].data else None

    def _percent(self) -> Decimal | None:
        if self.by.data != "percent":
            return None
        entered = _minus(self.value.data)
        size = Decimal(fields.percent(1000)(entered.removeprefix("-")))
        return -size if entered.startswith("-") else size

    def _amount(self) -> Money | None:
        if self.by.data != "amount":
            return None
        return Money.of(_minus(self.value.data), fields.currency(self.currency.data))


def _step(minor: int) -> str:
    """In a currency with two decimals, which most have: 5 → "0.05"."""
    return "Not rounded" if minor == 1 else str(Decimal(minor).scaleb(-2))
