"""Every message that people get: what it says, how urgent it is, and who it is for (rule book 8)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.domain.lifecycle.models import ClientService
from portal.domain.words import Channel, Word

Facts = Mapping[str, Any]


class Urgency(Word):
    SUCCESS = "success"
    INFO = "info"
    WARNING = "warning"
    DANGER = "danger"


class To(Word):
    """Parts that a person can have in a service; each stands for one or several people."""

    TECHNICIAN = "technician"
    BACKUP = "backup"
    ACCOUNT_MANAGER = "account_manager"
    ADMINS = "admins"
    ALL_TECHNICIANS = "all_technicians"


TEAM = (To.TECHNICIAN, To.BACKUP, To.ACCOUNT_MANAGER, To.ADMINS)
SALES = (To.ACCOUNT_MANAGER, To.ADMINS)
BOTH = (Channel.IN_APP, Channel.EMAIL)


@dataclass(frozen=True)
class Kind:
    """`title` and `body` are given the service (None for what concerns no service) and the event's payload."""

    label: str
    icon: str
    urgency: Urgency
    to: tuple[To, ...]
    title: Callable[[ClientService | None, Facts], str]
    body: Callable[[ClientService | None, Facts], str] = lambda service, facts: ""
    channels: tuple[Channel, ...] = BOTH


def _about(words: str) -> Callable[[ClientService | None, Facts], str]:
    """ "Backup of Acme Inc. is active" """
    return lambda service, facts: f"{service.name} of {service.client.name} {words}" if service else words


def _because(fact: str) -> Callable[[ClientService | None, Facts], str]:
    return lambda service, facts: f"Reason: {facts[fact]}" if facts.get(fact) else ""


KINDS: dict[str, Kind] = {
    "service_provisioned": Kind(
        "New service to set up", "clipboard-list", Urgency.INFO, (To.TECHNICIAN, To.BACKUP, To.ALL_TECHNICIANS),
        _about("waits to be set up"), channels=(Channel.IN_APP,),
    ),
    "service_activated": Kind(
        "Service activated", "circle-check", Urgency.SUCCESS, TEAM, _about("is active"),
        lambda service, facts: f"Billing starts on {service.start_date:%d %b %Y}." if service else "",
    ),
    "service_suspended": Kind(
        "Service suspended", "player-pause", Urgency.WARNING, TEAM, _about("is suspended"), _because("reason")
    ),
    "service_resumed": Kind("Service resumed", "player-play", Urgency.SUCCESS, TEAM, _about("runs again")),
    "service_cancelled": Kind(
        "Service cancelled", "ban", Urgency.WARNING, TEAM, _about("is cancelled"), _because("reason")
    ),
    "service_renewed": Kind(
        "Service renewed", "refresh", Urgency.SUCCESS, SALES, _about("is renewed"),
        lambda service, facts: f"The new term ends on {facts['term_end']}.",
    ),
    "service_transferred": Kind("Service transferred", "transfer", Urgency.INFO, TEAM, _about("has moved to them")),
    "service_completed": Kind("Service completed", "flag", Urgency.INFO, TEAM, _about("is completed")),
    "service_due_for_renewal": Kind(
        "Renewal due", "calendar-event", Urgency.INFO, (To.TECHNICIAN, *SALES), _about("is due for renewal"),
        lambda service, facts: f"The next term would begin on {facts['renewal_date']}.",
    ),
    "renewal_denied": Kind(
        "Renewal denied", "circle-x", Urgency.WARNING, SALES, _about("will not be renewed"), _because("reason")
    ),
    "renewal_held": Kind(
        "Renewal held", "calendar-x", Urgency.WARNING, SALES, _about("does not renew by itself"), _because("reasons")
    ),
    "service_sla_breached": Kind(
        "SLA breached", "alert-octagon", Urgency.DANGER, TEAM, _about("missed an SLA target"),
        lambda service, facts: f"Target: {facts['target']}.",
    ),
    "service_sla_at_risk": Kind(
        "SLA target close", "clock", Urgency.WARNING, (To.TECHNICIAN, To.BACKUP), _about("may miss an SLA target"),
        lambda service, facts: f"{facts['title']}: three quarters of the time to the {facts['target']} have passed.",
    ),
    "service_health_degraded": Kind(
        "Health degraded", "trending-down", Urgency.WARNING, (To.TECHNICIAN, *SALES), _about("is in worse health"),
        lambda service, facts: f"The score fell from {facts['score_before']} to {facts['score']}.",
    ),
    "price_changed": Kind("Price changed", "tag", Urgency.INFO, SALES, _about("has a new price")),
    "provisioning_failed": Kind(
        "Provisioning failed", "alert-triangle", Urgency.WARNING, SALES, _about("could not be set up"),
        _because("reason"),
    ),
    "delivery_parked": Kind(
        "A background job is parked", "alert-octagon", Urgency.WARNING, (To.ADMINS,),
        lambda service, facts: f"“{facts['listener']}” failed too often and waits for you",
        lambda service, facts: str(facts["error"]), channels=(Channel.IN_APP,),
    ),
    "periodic_run_missed": Kind(
        "A run of the calendar was missed", "calendar-x", Urgency.WARNING, (To.ADMINS,),
        lambda service, facts: f"“{facts['name']}” was missed and is made up for now", channels=(Channel.IN_APP,),
    ),
    "backup_overdue": Kind(
        "The backup is overdue", "alert-triangle", Urgency.DANGER, (To.ADMINS,),
        lambda service, facts: f"No backup was made for {facts['hours']} hours",
        lambda service, facts: "Run “portal backup FILE”, and see to it that it runs daily.",
    ),
    "periodic_run_failed": Kind(
        "A run of the calendar failed", "calendar-x", Urgency.DANGER, (To.ADMINS,),
        lambda service, facts: f"“{facts['name']}” failed three times and waits for you",
        lambda service, facts: str(facts["error"]),
    ),
}  # fmt: skip
