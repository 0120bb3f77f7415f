"""Who the report is about, and over which days."""

from datetime import date, timedelta

from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, SelectField
from wtforms.validators import InputRequired

from portal.domain.clients.models import Client
from portal.domain.periods import Period, add_months
from portal.domain.reports import queries
from portal.web.forms import Needed

ALL = ("", "All services")


class ReportForm(FlaskForm):
    """`period_end` is the last day, as people say it."""

    client = HiddenField()
    service = SelectField("Service", [Needed()])
    period_start = DateField("First day", [InputRequired("Enter the first day.")])
    period_end = DateField("Last day", [InputRequired("Enter the last day.")])

    def offer(self, client: Client) -> None:
        self.client.data = client.code
        self.service.choices = [ALL, *((str(id), name) for id, name in queries.services_of(client.id))]

    @property
    def service_id(self) -> int | None:
        return int(self.service.data) if self.service.data else None

    @property
    def day_after(self) -> date:
        """The first day that is no longer covered."""
        last: date = self.period_end.data
        return last + timedelta(days=1) if last < date.max else last


def usual_periods(today: date) -> dict[str, Period]:
    """The periods that people ask for, by name, the most usual first."""
    month = today.replace(day=1)
    quarter = month.replace(month=(month.month - 1) // 3 * 3 + 1)
    return {
        "Last month": Period(add_months(month, -1), month),
        "This month so far": Period(month, today + timedelta(days=1)),
        "Last quarter": Period(add_months(quarter, -3), quarter),
        "Last 12 months": Period(add_months(month, -12), month),
    }
