"""The record of a service: what was agreed and is known about it, changed without touching its lifecycle."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal.db import lock
from portal.domain import events, fields
from portal.domain.errors import Invalid, Refused
from portal.domain.fields import Cleaner
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.domain.lifecycle.selling import check_links
from portal.domain.words import PriorityLevel, ServiceLevel
from portal.signals import send

MOST_TAGS = 20


def tags(value: Any) -> list[str]:
    """Short words, each once, from a list or from text with commas."""
    entered = value.split(",") if isinstance(value, str) else list(value or ())
    found = dict.fromkeys(fields.text(40)(each) for each in entered)
    kept = [each for each in found if each]
    if len(kept) > MOST_TAGS:
        raise fields.BadValue(f"At most {MOST_TAGS} tags.")
    return kept


def choice_of_three(value: Any) -> bool | None:
    """Yes, no, or whatever stands further out (the client's choice, the company's)."""
    return {"": None, "None": None, "yes": True, "True": True, "no": False, "False": False}.get(
        "" if value is None else str(value)
    )


FIELDS: dict[str, Cleaner] = {
    "name": fields.text(200, required=True),
    "description": fields.text(2000, lines=True),
    "category": fields.text(80),
    "service_level": fields.one_of(ServiceLevel),
    "priority_level": fields.one_of(PriorityLevel),
    "tags": tags,
    "notes": fields.text(5000, lines=True),
    "escalation_contact_id": fields.optional(fields.reference),
    "sla_terms": fields.text(5000, lines=True),
    "service_hours": fields.text(200),
    "client_satisfaction": fields.optional(fields.whole(1, 10)),
    "last_review_date": fields.optional(fields.day),
    "next_review_date": fields.optional(fields.day),
    "contract_id": fields.optional(fields.reference),
    "auto_renewal": fields.flag,
    "renewal_term_months": fields.whole(1, 120),
    "notice_days": fields.whole(0, 365),
    "grace_days": fields.optional(fields.whole(0, 365)),
    "prorate": fields.flag,
    "credit_on_suspend": choice_of_three,
}
# What the client pays goes by these; who sees no money changes none of it.
ABOUT_MONEY = frozenset({
    "contract_id", "auto_renewal", "renewal_term_months", "notice_days", "grace_days", "prorate", "credit_on_suspend",
})  # fmt: skip


def edit(
    *, service_id: int, version: int, changes: Mapping[str, Any], by: int | None = None, at: datetime
) -> ClientService:
    """Change what was agreed, field by field. Raises StaleVersion with both values, Invalid, Refused."""
    service = lock(ClientService, service_id)
    unknown = {name: "This cannot be changed here." for name in changes if name not in FIELDS}
    if unknown:
        raise Invalid(faults=unknown)
    cleaned = fields.check(FIELDS, changes)
    fields.refuse_stale(service, version, fields.differences(service, cleaned))
    if service.status in (Status.CANCELLED, Status.COMPLETED):
        raise Refused("The service has ended: its record is kept as it was.")
    check_links(service.client_id, cleaned)
    changed = fields.assign(service, cleaned)
    if changed:
        send(events.ServiceEdited(service_id=service.id, changes=changed), by=by, at=at)
    return service
