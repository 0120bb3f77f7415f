"""What a person enters to decide on a term. `arguments` is what the domain's verb takes of it."""

from datetime import date
from typing import Any

from wtforms import DateField, Field, HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from portal.blueprints.services.forms import MoveForm, plain
from portal.domain.money import BadAmount, Money
from portal.domain.renewals.prices import price_of
from portal.domain.renewals.queries import next_case

SHORT = {"inputmode": "numeric", "class": "input-short"}


class ApproveForm(MoveForm):
    months = IntegerField(
        "Months", [InputRequired("Enter a number of months."), NumberRange(1, 120, "A term has 1 to 120 months.")],
        render_kw=SHORT,
    )  # fmt: skip
    price = StringField(
        "Another price", [Optional()], description="Of one cycle. Leave it empty to renew at the price below."
    )
    seen_price = HiddenField()
    term_start = HiddenField()

    def prepare(self) -> None:
        service = self.service
        if not self.is_submitted():
            self.months.data = service.renewal_term_months
            self.seen_price.data = str(price_of(service).price.minor)
            self.term_start.data = str(service.renewal_date or service.end_date or "")

    def validate_price(self, field: Field) -> None:
        try:
            other = self.other_price()
        except BadAmount as fault:
            raise ValidationError(str(fault)) from None
        if other is not None and other.minor < 0:
            raise ValidationError("A price is zero or more.")

    def other_price(self) -> Money | None:
        """The price that replaces the computed one. Raises BadAmount."""
        entered = (self.price.data or "").strip()
        return Money.of(entered, self.service.currency) if entered else None

    def arguments(self) -> dict[str, Any]:
        return {
            "months": self.months.data,
            "cycle_price": self.other_price(),
            "seen_price": self._seen(),
            "term_start": _day(self.term_start.data),
        }

    def _seen(self) -> Money | None:
        minor = self.seen_price.data or ""
        is_number = minor.isascii() and minor.isdecimal() and len(minor) < 18
        return Money(int(minor), self.service.currency) if is_number else None


class DenyForm(MoveForm):
    reason = TextAreaField(
        "Reason", [DataRequired("Say why it is not renewed."), Length(max=500)], filters=[plain],
        render_kw={"rows": 2},
    )  # fmt: skip

    def arguments(self) -> dict[str, Any]:
        return {"reason": self.reason.data}


class GraceForm(MoveForm):
    days = IntegerField(
        "Days longer", [InputRequired("Enter a number of days."), NumberRange(1, 365, "From 1 to 365 days.")],
        default=14, render_kw=SHORT,
    )  # fmt: skip
    reason = TextAreaField(
        "Reason",
        [DataRequired("Say why it may run on."), Length(max=500)],
        filters=[plain],
        render_kw={"rows": 2},
    )

    def arguments(self) -> dict[str, Any]:
        return {"days": self.days.data, "reason": self.reason.data}


class NoteForm(MoveForm):
    text = TextAreaField("Note", [Length(max=2000)], filters=[plain], render_kw={"rows": 4})
    next_contact_on = DateField("Speak again on", [Optional()])

    def prepare(self) -> None:
        case = next_case(self.service)
        if case and not self.is_submitted():
            self.text.data, self.next_contact_on.data = case.note, case.next_contact_on

    def arguments(self) -> dict[str, Any]:
        return {"text": self.text.data or "", "next_contact_on": self.next_contact_on.data}


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
