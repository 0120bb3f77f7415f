"""The forms of the wizard's steps: each knows how its answers become the step's fields and back."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    DecimalField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal import clock
from portal.db import fetch
from portal.domain import fields
from portal.domain.catalogue import queries as catalogue
from portal.domain.catalogue.models import Product, SlaPolicy
from portal.domain.clients import queries as clients
from portal.domain.clients.models import Client
from portal.domain.errors import Invalid
from portal.domain.lifecycle import compose
from portal.domain.money import Money
from portal.domain.periods import Cycle
from portal.domain.provisioning import board
from portal.domain.provisioning.models import WizardDraft

NOBODY = ("", "Nobody yet")


def optional_id(text: str) -> int | None:
    return int(text) if text and text.isdecimal() else None


class ClientForm(FlaskForm):
    client_id = RadioField("Client", [InputRequired("Choose a client.")], coerce=int, validate_choice=False)

    def offer(self, found: Sequence[Client]) -> None:
        self.client_id.choices = [(each.id, f"{each.name} · {each.code} · {each.currency}") for each in found]

    def answers(self, draft: WizardDraft | None) -> dict[str, Any]:
        return {"client_id": fetch(Client, self.client_id.data).id, "contract_id": None}


class ProductForm(FlaskForm):
    product_id = RadioField("Product", [InputRequired("Choose a product.")], coerce=int)

    def fill(self, draft: WizardDraft) -> None:
        self.product_id.choices = [(each.id, each.name) for each in catalogue.products()]

    def load(self, answers: dict[str, Any], draft: WizardDraft) -> None:
        self.product_id.data = answers.get("product_id")

    def answers(self, draft: WizardDraft | None) -> dict[str, Any]:
        return {"product_id": self.product_id.data}


class TermsForm(FlaskForm):
    name = StringField("Name", [InputRequired("Give the service a name."), Length(max=200)])
    start_date = DateField("Starts on", [InputRequired("Enter the first day.")])
    billing_cycle = SelectField("Billed", choices=[(cycle.value, cycle.label) for cycle in Cycle])
    quantity = IntegerField("Quantity", [InputRequired("At least one."), NumberRange(1, 1_000_000)])
    unit_price = StringField(
        "Price for one, each time it is billed", [InputRequired("Enter a price; zero is free.")]
    )
    setup_cost = StringField("Setup fee, once", [InputRequired("Enter a fee; zero is none.")])
    renewal_term_months = IntegerField(
        "Term in months",
        [
            InputRequired("Enter the term; zero has no end."),
            NumberRange(0, 120, "A term has 0 to 120 months."),
        ],
    )
    auto_renewal = BooleanField("Renews by itself")
    notice_days = IntegerField("Notice in days", [InputRequired("Enter the days."), NumberRange(0, 730)])
    contract_id = SelectField("Under contract")

    def fill(self, draft: WizardDraft) -> None:
        client = fetch(Client, draft.answers["client"]["client_id"])
        self.currency = client.currency
        contracts = [(str(each.id), each.number) for each in client.contracts]
        self.contract_id.choices = [("", "None"), *contracts]

    def load(self, answers: dict[str, Any], draft: WizardDraft) -> None:
        if answers:
            self._show(**answers)
        else:
            self._show(**suggested_terms(draft))
        self.contract_id.data = str(draft.answers["client"].get("contract_id") or "")

    def _show(self, **facts: Any) -> None:
        for name in (
            "name",
            "billing_cycle",
            "quantity",
            "renewal_term_months",
            "auto_renewal",
            "notice_days",
        ):
            self[name].data = facts[name]
        self.start_date.data = fields.day(facts["start_date"])
        for name in ("unit_price", "setup_cost"):
            self[name].data = str(Money(facts[f"{name}_minor"], self.currency).amount)

    def answers(self, draft: WizardDraft | None) -> dict[str, Any]:
        """Raises Invalid for an amount that the currency does not have."""
        amount = partial(fields.amount, currency=self.currency)
        cleaned = fields.check(
            {"name": fields.text(200, required=True), "unit_price": amount, "setup_cost": amount},
            {"name": self.name.data, "unit_price": self.unit_price.data, "setup_cost": self.setup_cost.data},
        )
        assert self.start_date.data is not None
        return {
            "name": cleaned["name"],
            "start_date": self.start_date.data.isoformat(),
            "billing_cycle": self.billing_cycle.data,
            "quantity": self.quantity.data,
            "unit_price_minor": cleaned["unit_price"].minor,
            "setup_cost_minor": cleaned["setup_cost"].minor,
            "renewal_term_months": self.renewal_term_months.data,
            "auto_renewal": self.auto_renewal.data,
            "notice_days": self.notice_days.data,
        }


def suggested_terms(draft: WizardDraft) -> dict[str, Any]:
    """The product's own terms for this client; another currency has no price yet."""
    client_id, product_id = draft.answers["client"]["client_id"], draft.answers["product"]["product_id"]
    product, client = fetch(Product, product_id), fetch(Client, client_id)
    priced = {} if product.currency == client.currency else {"unit_price_minor": 0}
    service = compose(client_id, product_id, start_date=clock.today(), **priced)
    return {
        "name": f"{product.name} – {client.name.split()[0]}",
        "start_date": service.start_date,
        "billing_cycle": service.billing_cycle,
        "quantity": 1,
        "unit_price_minor": service.unit_price_minor,
        "setup_cost_minor": service.setup_cost_minor,
        "renewal_term_months": service.renewal_term_months,
        "auto_renewal": bool(service.auto_renewal),
        "notice_days": service.notice_days,
    }


class PeopleForm(FlaskForm):
    technician_id = SelectField("Technician", description="Sets it up and is told what happens to it.")
    backup_technician_id = SelectField("Backup")
    escalation_contact_id = SelectField("Escalation contact at the client")

    def fill(self, draft: WizardDraft) -> None:
        people = [NOBODY, *((str(each.id), each.name) for each in board.technicians())]
        self.technician_id.choices = self.backup_technician_id.choices = people
        contacts = clients.contacts_of(draft.answers["client"]["client_id"])
        self.escalation_contact_id.choices = [NOBODY, *((str(each.id), each.name) for each in contacts)]

    def load(self, answers: dict[str, Any], draft: WizardDraft) -> None:
        for name in ("technician_id", "backup_technician_id", "escalation_contact_id"):
            self[name].data = str(answers.get(name) or "")

    def answers(self, draft: WizardDraft | None) -> dict[str, Any]:
        names = ("technician_id", "backup_technician_id", "escalation_contact_id")
        chosen = {name: optional_id(self[name].data) for name in names}
        if chosen["backup_technician_id"] and not chosen["technician_id"]:
            raise Invalid(faults={"technician_id": "A backup needs a technician to stand in for."})
        if chosen["technician_id"] and chosen["technician_id"] == chosen["backup_technician_id"]:
            raise Invalid(faults={"backup_technician_id": "The backup is somebody else than the technician."})
        return chosen


class SlaForm(FlaskForm):
    sla_policy_id = SelectField("Policy", description="Its targets are copied onto each incident.")
    availability_target = DecimalField(
        "Availability promised, in percent", [Optional(), NumberRange(0, 100, "A percentage from 0 to 100.")],
        places=None, description="Empty: as the policy says.",
    )  # fmt: skip
    service_hours = StringField(
        "Service hours", [Length(max=200)], description="For the report; the policy's calendar counts."
    )

    def fill(self, draft: WizardDraft) -> None:
        policies = catalogue.policies(active_only=True)
        self.sla_policy_id.choices = [("", "None yet"), *((str(each.id), each.name) for each in policies)]

    def load(self, answers: dict[str, Any], draft: WizardDraft) -> None:
        product = fetch(Product, draft.answers["product"]["product_id"])
        self.sla_policy_id.data = str(answers.get("sla_policy_id", product.sla_policy_id) or "")
        target = answers.get("availability_target")
        self.availability_target.data = fields.percent()(target) if target is not None else None
        self.service_hours.data = answers.get("service_hours")

    def answers(self, draft: WizardDraft | None) -> dict[str, Any]:
        policy_id, target = optional_id(self.sla_policy_id.data), self.availability_target.data
        if target is None and policy_id:
            target = fetch(SlaPolicy, policy_id).availability_target
        return {
            "sla_policy_id": policy_id,
            "availability_target": None if target is None else str(target),
            "service_hours": (self.service_hours.data or "").strip(),
        }


class MonitoringForm(FlaskForm):
    monitoring_enabled = BooleanField(
        "Measure this service",
        description="From activation on: availability, health and the SLA report count it.",
    )

    def fill(self, draft: WizardDraft) -> None:
        """Nothing to choose from."""

    def load(self, answers: dict[str, Any], draft: WizardDraft) -> None:
        self.monitoring_enabled.data = answers.get("monitoring_enabled", True)

    def answers(self, draft: WizardDraft | None) -> dict[str, Any]:
        return {"monitoring_enabled": self.monitoring_enabled.data}


class FailForm(FlaskForm):
    reason = TextAreaField(
        "What went wrong", [InputRequired("Say what went wrong: somebody has to try again.")]
    )


class AssignForm(FlaskForm):
    technician_id = SelectField("Technician")
    backup_technician_id = SelectField("Backup")

    def fill(self) -> None:
        people = [NOBODY, *((str(each.id), each.name) for each in board.technicians())]
        self.technician_id.choices = self.backup_technician_id.choices = people


STEP_FORMS: dict[str, Any] = {
    "product": ProductForm,
    "terms": TermsForm,
    "people": PeopleForm,
    "sla": SlaForm,
    "monitoring": MonitoringForm,
}
