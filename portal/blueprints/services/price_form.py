"""What a person enters to change a price, and what it will come to. Only what was changed in the form is set."""

from datetime import date
from decimal import Decimal
from typing import Any

from wtforms import (
    DateField,
    Field,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from portal.blueprints.services.forms import MoveForm, plain
from portal.clock import today
from portal.domain import fields
from portal.domain.billing.price_preview import next_boundary
from portal.domain.lifecycle import ClientService
from portal.domain.money import BadAmount, Money
from portal.domain.pricing.rules import Change, Discount, Terms
from portal.domain.pricing.terms import terms_of
from portal.web.filters import formats

NUMBER = {"inputmode": "decimal", "class": "input-short"}
WHOLE = {"inputmode": "numeric", "class": "input-short"}
DISCOUNTS = (("", "No discount"), ("percent", "Percent off"), ("amount", "Amount off each invoice"))


class PriceForm(MoveForm):
    quantity = IntegerField("Quantity", [InputRequired("Enter how many.")], render_kw=WHOLE)
    unit_price = StringField("Price of one", [Optional()], render_kw=NUMBER)
    discount_kind = SelectField("Discount", choices=DISCOUNTS, coerce=str)
    discount = StringField("How much off", [Optional()], render_kw=NUMBER)
    discount_until = DateField(
        "Until", [Optional()], description="On this day the price changes back by itself. Empty: for good."
    )
    when = RadioField("When", [InputRequired("Choose one.")], default="now")
    effective_on = DateField("On", [Optional()], description="For a day of your choice.")
    reason = TextAreaField("Reason", [Length(max=500)], filters=[plain], render_kw={"rows": 2})
    seen_price = HiddenField()

    def prepare(self) -> None:
        service = self.service
        self.terms = terms_of(service)
        self.boundary = next_boundary(service)
        self.unit_price.label.text = f"Price of one {service.billing_cycle.per}"
        if self.terms.unit_price is None:
            whole = f"{formats().money(self.terms.full)} for {self.terms.quantity} together"
            self.unit_price.description = f"Now {whole}: leave it empty to keep that."
        on_boundary = [("boundary", f"On the next billing day, {formats().date(self.boundary)}")]
        later = on_boundary if self.boundary and self.boundary > today() else []
        self.when.choices = [("now", "Today"), *later, ("date", "On a day of your choice")]
        if not self.is_submitted():
            self._show(self.terms)

    def _show(self, terms: Terms) -> None:
        self.quantity.data = terms.quantity
        self.unit_price.data = str(terms.unit_price.amount) if terms.unit_price else ""
        if terms.discount:
            kind, value = _entered(terms.discount)
            self.discount_kind.data, self.discount.data = kind, value
            self.discount_until.data = terms.discount.until

    def validate_unit_price(self, field: Field) -> None:
        try:
            self._unit_price()
        except BadAmount as fault:
            raise ValidationError(str(fault)) from None

    def validate_discount_kind(self, field: Field) -> None:
        """Here and not at the amount, which may be left empty: then nothing there would be looked at."""
        try:
            self._discount()
        except (BadAmount, fields.BadValue) as fault:
            raise ValidationError(str(fault)) from None

    def validate_when(self, field: Field) -> None:
        if field.data == "date" and self.effective_on.data is None:
            raise ValidationError("Enter the day.")

    @property
    def day(self) -> date:
        chosen = {"boundary": self.boundary, "date": self.effective_on.data}.get(self.when.data or "")
        return chosen or today()

    def wanted(self) -> Change:
        """What differs from the terms that the form showed. Raises BadAmount, BadValue."""
        quantity, unit, discount = self.quantity.data, self._unit_price(), self._discount()
        return Change(
            quantity=None if quantity == self.terms.quantity else quantity,
            unit_price=None if unit == self.terms.unit_price else unit,
            discount=None if discount == self.terms.discount else discount,
            no_discount=discount is None and self.terms.discount is not None,
        )

    def arguments(self) -> dict[str, Any]:
        seen = self.seen_price.data or ""
        is_plain = seen.isascii() and seen.isdecimal() and len(seen) < 18
        return {
            "change": self.wanted(),
            "effective_on": self.day,
            "reason": self.reason.data or "",
            "seen_price": Money(int(seen), self.service.currency) if is_plain else None,
        }

    def _unit_price(self) -> Money | None:
        entered = (self.unit_price.data or "").strip()
        return Money.of(entered, self.service.currency) if entered else None

    def _discount(self) -> Discount | None:
        kind, entered = self.discount_kind.data, (self.discount.data or "").strip()
        if not kind:
            return None
        if kind == "percent":
            return Discount(percent=Decimal(fields.percent()(entered)), until=self.discount_until.data)
        return Discount(amount=Money.of(entered, self.service.currency), until=self.discount_until.data)


def _entered(discount: Discount) -> tuple[str, str]:
    if discount.percent is not None:
        return "percent", f"{discount.percent.normalize():f}"
    assert discount.amount is not None
    return "amount", str(discount.amount.amount)


def can_change(service: ClientService) -> bool:
    """Whether there is a price that can change."""
    return service.status.value in ("pending", "active", "suspended") and (
        service.billing_cycle.months > 0 or service.status.value == "pending"
    )
