"""Events as lines that people read: icon, sentence, who, when, and what changed. Money only for those who may see it.

happened = timeline.lines(client=[client.id], client_service=ids_of_services)
{{ timeline(happened) }}
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_login import current_user

from portal.db import db
from portal.domain.lifecycle.models import ClientService
from portal.domain.staff.models import User
from portal.domain.staff.permissions import Permission, may
from portal.domain.wording import in_words
from portal.outbox.models import EventRecord
from portal.outbox.timeline import Ids, happened
from portal.web.filters import label

ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")

# What ends a field whose value is a word of a closed list: "in_progress" is told as "in progress".
WORDS = ("status", "state", "unused", "level", "role", "cycle", "decision", "type")

# kind → (icon, colour); what is not named is told without a colour.
MARKS: dict[str, tuple[str, str]] = {
    "service_provisioned": ("plus", "blue"),
    "service_imported": ("file-import", "grey"),
    "service_edited": ("edit", "grey"),
    "provisioning_started": ("tool", "blue"),
    "provisioning_task_checked": ("checklist", "grey"),
    "provisioning_completed": ("circle-check", "blue"),
    "provisioning_failed": ("alert-triangle", "red"),
    "technicians_assigned": ("user", "grey"),
    "sla_configured": ("clock", "grey"),
    "monitoring_set_up": ("heart-rate-monitor", "grey"),
    "service_activated": ("rocket", "green"),
    "service_suspended": ("player-pause", "amber"),
    "service_resumed": ("player-play", "green"),
    "cancellation_scheduled": ("calendar-x", "amber"),
    "cancellation_withdrawn": ("calendar-event", "green"),
    "service_cancelled": ("ban", "grey"),
    "service_renewed": ("refresh", "green"),
    "service_due_for_renewal": ("calendar-event", "amber"),
    "service_sla_breached": ("alert-triangle", "red"),
    "service_sla_at_risk": ("clock", "amber"),
    "service_health_degraded": ("trending-down", "amber"),
    "service_reviewed": ("clipboard-list", "green"),
    "incident_opened": ("alert-circle", "red"),
    "incident_acknowledged": ("user-check", "blue"),
    "incident_waiting": ("player-pause", "amber"),
    "incident_resumed": ("player-play", "blue"),
    "incident_resolved": ("circle-check", "green"),
    "incident_reopened": ("refresh", "amber"),
    "incident_commented": ("message", "grey"),
    "incident_downtime_linked": ("trending-down", "amber"),
    "incident_breach_recorded": ("alert-triangle", "red"),
    "service_transferred": ("transfer", "blue"),
    "service_completed": ("circle-check", "grey"),
    "renewal_denied": ("circle-x", "amber"),
    "renewal_denial_withdrawn": ("calendar-event", "green"),
    "renewal_approved": ("circle-check", "green"),
    "renewal_held": ("calendar-x", "amber"),
    "renewal_noted": ("edit", "grey"),
    "grace_extended": ("clock", "amber"),
    "price_changed": ("tag", "blue"),
    "price_change_planned": ("tag", "grey"),
    "price_change_withdrawn": ("tag", "amber"),
    "recurring_billing_created": ("repeat", "blue"),
    "recurring_billing_changed": ("repeat", "grey"),
    "invoice_issued": ("file-invoice", "blue"),
    "invoice_voided": ("ban", "amber"),
    "payment_recorded": ("credit-card", "green"),
    "payment_reminder_sent": ("mail", "amber"),
    "client_changed": ("building", "grey"),
    "product_changed": ("packages", "grey"),
    "sla_policy_changed": ("clock", "grey"),
    "calendar_changed": ("calendar", "grey"),
    "settings_changed": ("settings", "grey"),
    "exchange_rates_changed": ("refresh", "grey"),
    "user_added": ("user-plus", "blue"),
    "user_invited": ("mail", "blue"),
    "one_time_link_made": ("link", "grey"),
    "profile_changed": ("user", "grey"),
    "role_changed": ("user-check", "amber"),
    "user_deactivated": ("lock", "red"),
    "user_reactivated": ("user-check", "green"),
    "password_changed": ("key", "amber"),
    "signed_in": ("user", "grey"),
    "sign_in_failed": ("alert-triangle", "red"),
    "signed_out": ("logout", "grey"),
    "second_step_set_up": ("shield-check", "green"),
    "second_step_removed": ("shield-check", "amber"),
    "recovery_codes_made": ("key", "grey"),
}
ABOUT_MONEY = ("price_changed", "price_change_planned", "price_change_withdrawn", "recurring_billing_changed")
HIDDEN = frozenset(
    {"before_activation", "on_boundary", "what", "changes", "currency", "title", "is_active", "subject"}
)
LONGEST = 80
MOST_TOLD = 30


@dataclass(frozen=True)
class Line:
    id: int
    icon: str
    colour: str
    text: str
    who: str
    at: datetime
    detail: str


def position(entered: str) -> int:
    """The id in an address from which to go on. Raises ValueError for what is none."""
    if len(entered) > 18:
        raise ValueError("Too long for an id.")
    return int(entered)


def lines(
    *,
    currency: str | None = None,
    at_most: int = 30,
    before: int | None = None,
    without: Sequence[str] = (),
    **subjects: Ids,
) -> list[Line]:
    """The latest events of these subjects; a keyword is a subject type, its value the ids.

    currency: of amounts in events that name none themselves. without: kinds that are left out.
    """
    sees_money = may(current_user, Permission.VIEW_MONEY)
    hidden = (*without, *(() if sees_money else ABOUT_MONEY))
    events = happened(subjects, at_most=at_most, before=before, without=hidden)
    people = _names(User, [event.actor_id for event in events if event.actor_id])
    services = _names(ClientService, _services_beside_others(events, subjects))
    return [_line(event, people, services, currency, sees_money) for event in events]


def _line(
    event: EventRecord,
    people: Mapping[int, str],
    services: Mapping[int, str],
    currency: str | None,
    sees_money: bool,
) -> Line:
    icon, colour = MARKS.get(event.kind, ("point", "grey"))
    said = _details(event.payload, event.payload.get("currency") or currency)
    return Line(
        id=event.id,
        icon=icon,
        colour=colour,
        text=_sentence(event, services.get(event.subject_id)),
        who=people.get(event.actor_id or 0, "The portal"),
        at=event.occurred_at,
        detail=_joined([text for key, text in said if sees_money or not key.endswith("_minor")]),
    )


def _joined(texts: Sequence[str]) -> str:
    """A file of rates changes thousands of things at once; the trail keeps them all."""
    more = [f"and {len(texts) - MOST_TOLD} more"] if len(texts) > MOST_TOLD else []
    return " · ".join([*texts[:MOST_TOLD], *more])


def _sentence(event: EventRecord, service: str | None) -> str:
    """As in "Client changed", "Provisioning task checked: Install agent", "Backup – Acme: service activated"."""
    what = str(event.payload.get("what") or event.kind.replace("_", " "))
    title = event.payload.get("title")
    sentence = f"{what}: {title}" if title else what
    if service and event.subject_type == "client_service":
        return f"{service}: {sentence}"
    return sentence[:1].upper() + sentence[1:]


def _details(payload: Mapping[str, Any], currency: str | None) -> list[tuple[str, str]]:
    """(field, words) of what an event says beside its name: reasons and dates, then what was and what is."""
    facts = [(key, _said(key, value, currency)) for key, value in payload.items() if key not in HIDDEN]
    changes = [
        (key, _change(_said(key, before, currency), _said(key, after, currency)))
        for key, (before, after) in (payload.get("changes") or {}).items()
        if key not in HIDDEN
    ]
    return [
        (key, f"{_named(key)}: {text}") for key, text in facts + changes if text and not key.endswith("_id")
    ]


def _named(key: str) -> str:
    """A field by its name; what was named in words already stays as it is."""
    return label(key.removesuffix("_minor")) if key.isidentifier() else key


def _change(before: str, after: str) -> str:
    """What was and what is; what was empty before is only said as it is."""
    return f"{before} → {after or '–'}" if before else after


def _said(key: str, value: Any, currency: str | None) -> str:
    """A value of an event's JSON as people read it; nothing for what is empty."""
    if value is None or value in ("", []):
        return ""
    formats = current_app.jinja_env.filters
    if key.endswith("_minor"):
        return str(formats["money"](int(value), currency)) if currency else ""
    if isinstance(value, str) and ISO_DAY.fullmatch(value):
        return str(formats["date"](date.fromisoformat(value)))
    text = label(value).lower() if key.endswith(WORDS) and isinstance(value, str) else in_words(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _services_beside_others(events: Sequence[EventRecord], subjects: Mapping[str, Ids]) -> list[int]:
    """The services whose names tell the lines apart; on the page of a single service there is nothing to tell."""
    if subjects.keys() <= {"client_service", "incident"}:
        return []
    return [event.subject_id for event in events if event.subject_type == "client_service"]


def _names(model: type[User] | type[ClientService], ids: Sequence[int]) -> dict[int, str]:
    if not ids:
        return {}
    rows = db.session.execute(sa.select(model.id, model.name).where(model.id.in_(set(ids))))
    return {each.id: each.name for each in rows}
