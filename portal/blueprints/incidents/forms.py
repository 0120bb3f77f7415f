"""What a person enters about an incident. `arguments` is what the domain's verb takes of it."""

from datetime import UTC, datetime
from typing import Any

from wtforms import BooleanField, DateTimeLocalField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from portal.domain import clients
from portal.domain.lifecycle import ClientService
from portal.domain.sla.models import Incident
from portal.domain.sla.queries import outage_of
from portal.domain.sla.rules import Target
from portal.domain.words import Severity
from portal.web.filters import zone
from portal.web.forms import Needed, RecordForm

LINES = {"rows": 3}
MINUTES = "%Y-%m-%dT%H:%M"


class OpenForm(RecordForm):
    title = StringField("What is wrong", [Needed()], render_kw={"autocomplete": "off"})
    severity = SelectField(
        "Severity",
        [Needed()],
        choices=[(each.value, each.label) for each in Severity],
        default=Severity.MEDIUM,
    )
    description = TextAreaField("What is known so far", render_kw=LINES)
    contact_id = SelectField("Who is affected", validate_choice=False)
    is_downtime = BooleanField("The service is down")

    @classmethod
    def of(cls, service: ClientService) -> "OpenForm":
        form = cls()
        people = [(str(each.id), each.name) for each in clients.contacts_of(service.client_id)]
        form.contact_id.choices = [("", "Not known"), *people]
        return form


class MoveForm(RecordForm):
    """Nothing to enter: only yes or no. It carries the version of the incident that it shows."""

    def prepare(self, incident: Incident) -> None:
        """Show what is stored."""

    def arguments(self) -> dict[str, Any]:
        return self.values()


class WaitForm(MoveForm):
    reason = TextAreaField(
        "What the client was asked",
        [InputRequired("Say what it waits for."), Length(max=2000)],
        render_kw=LINES,
    )


class ResolveForm(MoveForm):
    resolution = TextAreaField(
        "What it was, and what was done",
        [InputRequired("Say what was done: the next one who meets this will look for it."), Length(max=2000)],
        render_kw=LINES,
    )


class ReopenForm(MoveForm):
    reason = TextAreaField(
        "Why it is not over", [InputRequired("Say why it is not over."), Length(max=2000)], render_kw=LINES
    )


class BreachForm(MoveForm):
    target = SelectField(
        "Which promise", choices=[(each.value, each.label) for each in Target], default=Target.RESOLUTION
    )
    reason = TextAreaField(
        "Reason", [InputRequired("Say why this is a breach."), Length(max=2000)], render_kw=LINES
    )


class DowntimeForm(MoveForm):
    started_at = DateTimeLocalField("Down since", [InputRequired("Enter when it went down.")], format=MINUTES)
    ended_at = DateTimeLocalField(
        "Up again since", [Optional()], format=MINUTES, description="Empty: it is down until it is resolved."
    )

    def prepare(self, incident: Incident) -> None:
        outage = outage_of(incident.id)
        self.started_at.data = _on_wall(outage.started_at if outage else incident.opened_at)
        self.ended_at.data = _on_wall(outage.ended_at if outage else incident.resolved_at)

    def arguments(self) -> dict[str, Any]:
        return {name: _instant(value) for name, value in self.values().items()}


def _on_wall(instant: datetime | None) -> datetime | None:
    return instant and instant.astimezone(zone()).replace(tzinfo=None)


def _instant(reading: datetime | None) -> datetime | None:
    """What a clock on the person's wall shows, as an instant."""
    return reading and reading.replace(tzinfo=zone()).astimezone(UTC)
