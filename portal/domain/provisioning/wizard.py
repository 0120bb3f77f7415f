"""The wizard: a draft row that holds the answers, step by step, until it becomes a service, once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from portal.db import db, lock
from portal.domain import lifecycle
from portal.domain.billing.rules import Charge, Schedule, lines_due, timetable_for
from portal.domain.catalogue.models import Product
from portal.domain.clients.models import Client
from portal.domain.errors import NotFound, Refused
from portal.domain.lifecycle.models import ClientService
from portal.domain.provisioning.models import WizardDraft

Answers = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One decision. `fields`: the answers that it gives, named like the columns of the service."""

    key: str
    title: str
    fields: tuple[str, ...] = ()


STEPS: tuple[Step, ...] = (
    Step("client", "Client", ("client_id", "contract_id")),
    Step("product", "Product", ("product_id",)),
    Step("terms", "Terms and price", (
        "name", "start_date", "billing_cycle", "quantity", "unit_price_minor", "setup_cost_minor",
        "renewal_term_months", "auto_renewal", "notice_days",
    )),
    Step("people", "People", ("technician_id", "backup_technician_id", "escalation_contact_id")),
    Step("sla", "SLA", ("sla_policy_id", "availability_target", "service_hours")),
    Step("monitoring", "Monitoring", ("monitoring_enabled",)),
    Step("review", "Review"),
)  # fmt: skip
KEYS = tuple(step.key for step in STEPS)
# What another answer makes stale: another client pays another currency, another product has other terms.
FORGETS = {"client": ("terms", "people"), "product": ("terms", "sla")}


@dataclass(frozen=True)
class Summary:
    """What the answers so far come to, computed by the code that will create the service."""

    service: ClientService
    first_charges: tuple[Charge, ...]
    notice_on: date | None


def begin(*, client_id: int, contract_id: int | None = None, by: int, at: datetime) -> WizardDraft:
    """Open a draft with the first answer."""
    db.session.get_one(Client, client_id)
    draft = WizardDraft(user_id=by, step="product", created_at=at, updated_at=at)
    draft.answers = {"client": {"client_id": client_id, "contract_id": contract_id}}
    db.session.add(draft)
    db.session.flush()
    return draft


def answer(*, draft_id: int, step: str, answers: Answers, by: int, at: datetime) -> WizardDraft:
    """Keep the answers of one step and go on to the next. Answers that depend on a changed one are forgotten."""
    draft = _own(draft_id, by)
    if draft.client_service_id is not None:
        raise Refused("This draft has become a service already.")
    kept = dict(draft.answers)
    if kept.get(step) not in (None, dict(answers)):
        for stale in FORGETS.get(step, ()):
            kept.pop(stale, None)
    kept[step] = dict(answers)
    draft.answers = kept
    draft.step = following(step)
    draft.updated_at = at
    return draft


def finish(*, draft_id: int, by: int, at: datetime) -> ClientService:
    """Create the service that the draft describes: everything is checked again; a second time gives the same one."""
    draft = _own(draft_id, by)
    if draft.client_service_id is not None:
        return db.session.get_one(ClientService, draft.client_service_id)
    undone = missing_steps(draft)
    if undone:
        raise Refused(f"Not yet: {', '.join(step.title for step in undone)} has no answer.")
    facts = overrides(draft)
    service = lifecycle.provision(facts.pop("client_id"), facts.pop("product_id"), by=by, at=at, **facts)
    draft.client_service_id = service.id
    draft.updated_at = at
    return service


def drop(*, draft_id: int, by: int, at: datetime) -> None:
    """Throw a draft away. One that became a service is kept."""
    draft = _own(draft_id, by)
    if draft.client_service_id is not None:
        raise Refused("This draft has become a service already.")
    db.session.delete(draft)


def own_draft(draft_id: int, user_id: int) -> WizardDraft:
    """The draft, for reading. Raises NotFound for somebody else's."""
    draft = db.session.get(WizardDraft, draft_id)
    if draft is None or draft.user_id != user_id:
        raise NotFound("There is no such draft.")
    return draft


def open_drafts(user_id: int) -> Sequence[tuple[WizardDraft, str, str]]:
    """(draft, client, product) of what one has begun and not finished, the latest first."""
    drafts = db.session.scalars(
        sa.select(WizardDraft)
        .filter_by(user_id=user_id, client_service_id=None)
        .order_by(WizardDraft.updated_at.desc())
        .limit(20)
    ).all()
    names = [
        (
            db.session.get(Client, draft.answers.get("client", {}).get("client_id") or 0),
            db.session.get(Product, draft.answers.get("product", {}).get("product_id") or 0),
        )
        for draft in drafts
    ]
    return [
        (draft, client.name if client else "", product.name if product else "")
        for draft, (client, product) in zip(drafts, names, strict=True)
    ]


def summary(draft: WizardDraft) -> Summary | None:
    """None before there are a client and a product. Raises Invalid when the answers do not go together."""
    facts = overrides(draft)
    if "client_id" not in facts or "product_id" not in facts:
        return None
    service = lifecycle.compose(facts.pop("client_id"), facts.pop("product_id"), **facts)
    timetable = timetable_for(
        first_on=service.start_date, billing_day=service.client.billing_day, cycle=service.billing_cycle
    )
    schedule = Schedule(service.cycle_price, timetable, service.start_date)
    charges = lines_due(schedule, service.start_date).charges if service.cycle_price_minor else ()
    notice = service.end_date - timedelta(days=service.notice_days) if service.end_date else None
    return Summary(service, charges, notice)


def missing_steps(draft: WizardDraft) -> list[Step]:
    """The steps that have no answer yet, in their order."""
    return [step for step in STEPS if step.fields and step.key not in draft.answers]


def following(step: str) -> str:
    return KEYS[min(KEYS.index(step) + 1, len(KEYS) - 1)]


def overrides(draft: WizardDraft) -> dict[str, Any]:
    """All answers as `lifecycle.provision` takes them; only fields that a step declares."""
    known = {step.key: step.fields for step in STEPS}
    facts = {
        name: value
        for key, answers in draft.answers.items()
        for name, value in answers.items()
        if name in known.get(key, ()) and value is not None
    }
    if "start_date" in facts:
        facts["start_date"] = date.fromisoformat(facts["start_date"])
    if "availability_target" in facts:
        facts["availability_target"] = Decimal(facts["availability_target"])
    return facts


def _own(draft_id: int, user_id: int) -> WizardDraft:
    draft = lock(WizardDraft, draft_id)
    if draft.user_id != user_id:
        raise NotFound("There is no such draft.")
    return draft
