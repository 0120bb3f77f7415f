"""What a person enters to move a service. `arguments` is what the domain's verb takes of it."""

from datetime import date
from typing import Any

from flask_login import current_user
from flask_wtf import FlaskForm
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
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from portal.clock import today
from portal.domain import clients
from portal.domain.lifecycle import ClientService, ProvisioningStatus
from portal.domain.money import BadAmount, Money
from portal.domain.staff import Permission, may
from portal.domain.staff.queries import who_may
from portal.domain.words import Unused

NOBODY = ("", "Nobody")


class MoveForm(FlaskForm):
    """Nothing to enter: only yes or no. `theirs`: what changed since the page was shown."""

    def __init__(self, service: ClientService, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.service = service
        self.theirs: dict[str, tuple[str, str]] = {}
        self.prepare()

    def prepare(self) -> None:
        """Fit the fields to the service and the person."""

    def arguments(self) -> dict[str, Any]:
        return {}


def plain(text: str | None) -> str | None:
    """Without control characters, which the database refuses."""
    return text and "".join(sign for sign in text if sign in "\n\t" or (sign >= " " and sign != "\x7f"))


def _reason(label: str, missing: str) -> TextAreaField:
    checks = [DataRequired(missing), Length(max=500)]
    return TextAreaField(label, checks, filters=[plain], render_kw={"rows": 2})


class SuspendForm(MoveForm):
    reason = _reason("Reason", "Say why the service is suspended: the client will ask.")

    def arguments(self) -> dict[str, Any]:
        return {"reason": self.reason.data}


class ActivateForm(MoveForm):
    override_reason = _reason(
        "Why it is activated before its set-up is finished", "Say why: it stays on the record of the service."
    )

    def prepare(self) -> None:
        if self.service.provisioning_status is ProvisioningStatus.COMPLETED:
            del self.override_reason

    def arguments(self) -> dict[str, Any]:
        if "override_reason" not in self or not may(current_user, Permission.OVERRIDE_PROVISIONING):
            return {}
        return {"override_reason": self.override_reason.data}


class RenewForm(MoveForm):
    months = IntegerField(
        "Months",
        [InputRequired("Enter a number of months."), NumberRange(1, 120, "A term has 1 to 120 months.")],
        render_kw={"inputmode": "numeric", "class": "input-short"},
    )
    term_start = HiddenField()

    def prepare(self) -> None:
        if self.months.data is None and not self.is_submitted():
            self.months.data = self.service.renewal_term_months or 12
        if not self.is_submitted():
            starts = self.service.renewal_date or self.service.end_date
            self.term_start.data = starts.isoformat() if starts else ""

    def arguments(self) -> dict[str, Any]:
        return {"months": self.months.data, "term_start": _day_or_none(self.term_start.data)}


class AssignForm(MoveForm):
    technician_id = SelectField("Technician", coerce=str)
    backup_technician_id = SelectField("Backup", coerce=str)

    def prepare(self) -> None:
        people = [(str(user.id), user.name) for user in who_may(Permission.WORK_PROVISIONING)]
        self.technician_id.choices = self.backup_technician_id.choices = [NOBODY, *people]
        if not self.is_submitted():
            self.technician_id.data = str(self.service.technician_id or "")
            self.backup_technician_id.data = str(self.service.backup_technician_id or "")

    def arguments(self) -> dict[str, Any]:
        fields = (self.technician_id, self.backup_technician_id)
        return {field.name: int(field.data) if field.data else None for field in fields}


class TransferForm(MoveForm):
    client_id = SelectField("New client", [InputRequired("Choose the new client.")], coerce=str)
    effective_on = DateField("From", [InputRequired("Enter a day.")], default=lambda: today())

    def prepare(self) -> None:
        others = [
            (str(one.id), f"{one.name} ({one.code})")
            for one in clients.active()
            if one.id != self.service.client_id and one.currency == self.service.currency
        ]
        self.client_id.choices = [("", "Choose a client"), *others]

    def arguments(self) -> dict[str, Any]:
        return {"client_id": int(self.client_id.data), "effective_on": self.effective_on.data}


class CancelForm(MoveForm):
    effective_on = DateField("Cancelled on", [InputRequired("Enter a day.")], default=lambda: today())
    unused = RadioField(
        "Days already billed",
        [InputRequired("Choose one.")],
        choices=[(each.value, each.label) for each in Unused],
        default="credit",
    )
    reason = _reason("Reason", "Say why the service is cancelled.")
    fee = StringField(
        "Another fee", [Optional()], description="Leave it empty to bill the computed fee; 0 waives it."
    )
    fee_reason = StringField("Why another fee", [Length(max=300)], filters=[plain])
    seen_fee = HiddenField()

    def prepare(self) -> None:
        if not may(current_user, Permission.WAIVE_FEE):
            del self.fee
            del self.fee_reason
        if not self.is_submitted() and self.service.has_scheduled_cancellation:
            self.effective_on.data = self.service.cancel_on
            self.reason.data = self.service.cancellation_reason
            self.unused.data = self.service.cancel_unused.value

    def validate_fee(self, field: Field) -> None:
        try:
            other = self.other_fee()
        except BadAmount as fault:
            raise ValidationError(str(fault)) from None
        if other is not None and other.minor < 0:
            raise ValidationError("A fee is zero or more.")

    def validate_fee_reason(self, field: Field) -> None:
        if self.fee.data and not (field.data or "").strip():
            raise ValidationError("Say why the fee is another one: it stays on the record.")

    def other_fee(self) -> Money | None:
        """The fee that replaces the computed one. Raises BadAmount."""
        entered = (self.fee.data or "").strip() if "fee" in self else ""
        return Money.of(entered, self.service.currency) if entered else None

    def arguments(self) -> dict[str, Any]:
        fee = self.other_fee()
        return {
            "effective_on": self.effective_on.data,
            "reason": self.reason.data,
            "unused": self.unused.data,
            "fee": fee,
            "fee_reason": self.fee_reason.data or "" if fee is not None else "",
            "seen_fee": _money_or_none(self.seen_fee.data, self.service.currency),
        }


def _day_or_none(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _money_or_none(minor: str | None, currency: str) -> Money | None:
    return (
        Money(int(minor), currency)
        if minor and minor.isascii() and minor.isdecimal() and len(minor) < 18
        else None
    )
