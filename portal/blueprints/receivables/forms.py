"""What is entered about debts."""

from datetime import date, timedelta

from flask_wtf import FlaskForm
from wtforms import DateField, TextAreaField
from wtforms.validators import InputRequired, Length

from portal.domain.errors import Invalid
from portal.domain.periods import Period


class DismissForm(FlaskForm):
    until_on = DateField("Propose it again from", [InputRequired("Enter a day after today.")])
    note = TextAreaField(
        "What was agreed", [InputRequired("Say what was agreed: the next person will ask."), Length(max=500)]
    )


class ExportForm(FlaskForm):
    first = DateField("From", [InputRequired("Enter the first day.")])
    last = DateField("To", [InputRequired("Enter the last day.")], description="This day is in it.")

    def period(self, today: date) -> Period:
        """Raises Invalid."""
        return period_of(self.first.data, self.last.data, today)


def period_of(first: date, last: date, today: date) -> Period:
    """Both days included. Raises Invalid for a last day before the first one or after today."""
    if last < first:
        raise Invalid(faults={"last": "The last day comes after the first one."})
    if last > today:
        raise Invalid(faults={"last": "This day has not come yet: more may be booked on it."})
    return Period(first, last + timedelta(days=1))
