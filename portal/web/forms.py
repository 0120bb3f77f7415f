"""What forms share: the domain's faults stand beside the fields that they are about."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask_wtf import FlaskForm

from portal.domain.errors import Invalid


@contextmanager
def faults_on(form: FlaskForm) -> Iterator[None]:
    """Put what the domain finds wrong (Invalid) on the form's fields, and go on after the block.

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


def put_fault(form: FlaskForm, name: str, fault: str) -> None:
    """One more fault on a field of this name, or on the form when it has no such field."""
    if name in form:
        form[name].errors = [*form[name].errors, fault]
    else:
        form.form_errors.append(fault)
