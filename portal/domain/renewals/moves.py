"""Which decisions a term allows now: pages draw their buttons from it."""

from dataclasses import dataclass
from datetime import date

from portal import clock
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.queries import grace_ends_on
from portal.domain.lifecycle.rules import Status
from portal.domain.renewals.facts import standing_of
from portal.domain.renewals.models import RenewalCase
from portal.domain.renewals.queries import next_case
from portal.domain.words import RenewalDecision, Word


class Decision(Word):
    APPROVE = "approve"
    DENY = "deny"
    WITHDRAW_DENIAL = "withdraw_denial"
    EXTEND_GRACE = "extend_grace"
    NOTE = "note"


def offered(service: ClientService) -> list[Decision]:
    """In the order of the buttons; nothing for a service without a term to decide on."""
    starts = service.renewal_date or service.end_date
    if service.status not in (Status.ACTIVE, Status.SUSPENDED) or starts is None:
        return []
    denied = service.renewal_decision is RenewalDecision.DENIED
    leaves = service.has_scheduled_cancellation
    is_over = service.end_date is not None and service.end_date <= clock.today()
    needs_active = is_over and service.status is not Status.ACTIVE
    table = {
        Decision.APPROVE: not denied and not leaves and not needs_active,
        Decision.DENY: not denied and not leaves,
        Decision.WITHDRAW_DENIAL: denied,
        Decision.EXTEND_GRACE: is_over and not leaves,
        Decision.NOTE: True,
    }
    return [decision for decision, is_offered in table.items() if is_offered]


@dataclass(frozen=True)
class Summary:
    """The renewal as the page of its service shows it. `reasons`: why it would not renew by itself, if it is to."""

    decisions: list[Decision]
    reasons: list[str]
    case: RenewalCase | None
    grace_ends_on: date | None


def summary_of(service: ClientService) -> Summary:
    """Nothing in it for a service without a term to decide on."""
    decisions = offered(service)
    if not decisions:
        return Summary([], [], None, None)
    is_over = service.end_date is not None and service.end_date <= clock.today()
    return Summary(
        decisions=decisions,
        reasons=standing_of(service).reasons if service.auto_renewal else [],
        case=next_case(service),
        grace_ends_on=grace_ends_on(service) if is_over and not service.cancel_on else None,
    )
