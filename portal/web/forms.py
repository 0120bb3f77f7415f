"""What forms share: the domain's faults stand beside the fields that they are about."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, Form, IntegerField, SelectMultipleField
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from portal.domain.errors import Invalid, Refused, StaleVersion
from portal.domain.wording import in_words


@contextmanager
def faults_on(form: FlaskForm) -> Iterator[None]:
    """Put the domain's "no" (Invalid, StaleVersion, Refused) on the form, and go on after the block.

    if form.validate_on_submit():
        with faults_on(form), transaction():
            link = staff.invite(…)
    if form.errors:
        return refuse("users/invite.html", form=form)
    """
    try:
        yield
    except Invalid as refusal:
        for name, fault in refusal.faults.items():
            put_fault(form, name, fault)
        if not refusal.faults:
            form.form_errors.append(refusal.message)
    except StaleVersion as refusal:
        form.theirs = refusal.theirs
        form.form_errors.append(refusal.message)
    except Refused as refusal:
        form.is_refused = True
        form.form_errors.append(refusal.message)


def status_of(form: FlaskForm) -> int:
    """What a refused form answers with: 409 where the stored state is in the way, 422 where the input is."""
    in_the_way = getattr(form, "is_refused", False) or getattr(form, "theirs", None)
    return HTTPStatus.CONFLICT if in_the_way else HTTPStatus.UNPROCESSABLE_ENTITY


def put_fault(form: FlaskForm, name: str, fault: str) -> None:
    """One more fault on a field of this name, or on the form when it has no such field."""
    if name in form:
        form[name].errors = [*form[name].errors, fault]
    else:
        form.form_errors.append(fault)
        if isinstance(form, RecordForm):
            form.elsewhere[name] = fault


class RecordForm(FlaskForm):
    """The form of a stored row: it carries the version of the row that it shows.

    theirs: what changed meanwhile, {field: (entered, stored)}. elsewhere: faults of inputs that are no fields of
    this form, by the domain's name for them.
    """

    version = IntegerField(widget=HiddenInput(), default=0)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.theirs: dict[str, tuple[str, str]] = {}
        self.elsewhere: dict[str, str] = {}

    def values(self) -> dict[str, Any]:
        """What was entered, by the domain's names."""
        return {name: value for name, value in self.data.items() if name not in ("version", "csrf_token")}

    def refusal(self, version: Any) -> int:
        """The status to refuse with. After a conflict the form is for this version, of now: saved again, it wins."""
        if self.theirs:
            self.version.process_data(version)
            self.version.raw_data = None
        return status_of(self)


class Needed:
    """Marks a field that must be filled in; the domain says so when it is not, together with everything else."""

    field_flags = {"required": True}  # noqa: RUF012  (wtforms reads it from the validator)

    def __call__(self, form: Form, field: Field) -> None:
        pass


class CheckboxGroup(SelectMultipleField):
    """Any number of choices, each with its own box."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def stored(row: Any, *names: str) -> dict[str, Any]:
    """The values of a row as inputs show them: exact numbers without zeros at the end, nothing for None."""
    return {name: _input(getattr(row, name)) for name in names}


def _input(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return in_words(value)
    return value.isoformat() if isinstance(value, date) else value
