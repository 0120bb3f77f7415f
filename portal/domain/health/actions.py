"""Going through a service with its client: what was found goes into its record, and into its score."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from portal import clock
from portal.db import lock
from portal.domain import events, fields
from portal.domain.errors import Invalid, Refused
from portal.domain.health.scoring import score
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.rules import Status
from portal.signals import send

REVIEW: dict[str, fields.Cleaner] = {
    "last_review_date": fields.day,
    "next_review_date": fields.optional(fields.day),
    "client_satisfaction": fields.optional(fields.whole(1, 10)),
    "note": fields.text(2000, lines=True),
}


def review(
    *,
    service_id: int,
    version: int,
    last_review_date: date | str,
    next_review_date: date | str | None = None,
    client_satisfaction: int | str | None = None,
    note: str = "",
    by: int | None = None,
    at: datetime,
) -> ClientService:
    """Somebody has reviewed the service. Raises Invalid, StaleVersion with both values, Refused."""
    service = lock(ClientService, service_id)
    if service.status not in (Status.ACTIVE, Status.SUSPENDED):
        raise Refused("Only a service that runs is reviewed with its client.")
    entered = {
        "last_review_date": last_review_date,
        "next_review_date": next_review_date,
        "client_satisfaction": client_satisfaction,
        "note": note,
    }
    facts = fields.check(REVIEW, entered)
    words = facts.pop("note")
    _refuse_days(facts)
    fields.refuse_stale(service, version, fields.differences(service, facts))
    changes = fields.assign(service, facts)
    held = events.ServiceReviewed(
        service_id=service.id, reviewed_on=facts["last_review_date"], note=words, changes=changes
    )
    send(held, by=by, at=at)
    score(service_id=service.id, at=at)
    return service


def _refuse_days(facts: Mapping[str, Any]) -> None:
    on, following = facts["last_review_date"], facts["next_review_date"]
    faults = {}
    if on > clock.today():
        faults["last_review_date"] = "A review that is still to come has not been held."
    if following is not None and following <= on:
        faults["next_review_date"] = "The next review comes after this one."
    if faults:
        raise Invalid(faults=faults)
