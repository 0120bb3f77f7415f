"""SLA policies. An incident copies its targets when it opens: a change holds for later ones."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal.db import batch_lock, db, lock
from portal.domain import fields
from portal.domain.catalogue import queries, rules
from portal.domain.catalogue.keeping import check_free, check_reference, named, replace_children
from portal.domain.catalogue.models import SlaPolicy, SlaTarget
from portal.domain.errors import Refused
from portal.domain.events import SlaPolicyChanged
from portal.domain.wording import few
from portal.domain.words import Severity
from portal.signals import send

Entered = Mapping[Severity, tuple[Any, Any]]
Minutes = dict[Severity, tuple[int, int]]

NAME_TAKEN = "Another SLA policy has this name already."


def create_policy(*, targets: Entered, by: int | None, at: datetime, **values: Any) -> SlaPolicy:
    """A new policy. targets: (response, resolution) for each severity, as in rules.span. Raises Invalid."""
    cleaned, minutes = _check(values, targets)
    batch_lock("catalogue")
    check_free(SlaPolicy, "name", cleaned["name"], NAME_TAKEN)
    policy = SlaPolicy(targets=_rows(minutes))
    changes = named(fields.assign(policy, cleaned)) | _target_changes({}, minutes)
    db.session.add(policy)
    db.session.flush()
    send(SlaPolicyChanged(policy_id=policy.id, what="SLA policy added", changes=changes), by=by, at=at)
    return policy


def edit_policy(
    *, policy_id: int, version: int, targets: Entered, by: int | None, at: datetime, **values: Any
) -> SlaPolicy:
    """Change the fields given, and all targets. Raises Invalid, StaleVersion."""
    batch_lock("catalogue")
    policy = lock(SlaPolicy, policy_id)
    cleaned, minutes = _check(values, targets)
    check_free(SlaPolicy, "name", cleaned["name"], NAME_TAKEN, other_than=policy_id)
    before = {each.severity: (each.response_minutes, each.resolution_minutes) for each in policy.targets}
    changes = named(fields.differences(policy, cleaned)) | _target_changes(before, minutes)
    fields.refuse_stale(policy, version, changes)
    fields.assign(policy, cleaned)
    if minutes != before:
        replace_children(policy, policy.targets, _rows(minutes))
    if changes:
        send(SlaPolicyChanged(policy_id=policy_id, what="SLA policy changed", changes=changes), by=by, at=at)
    return policy


def remove_policy(*, policy_id: int, by: int | None, at: datetime) -> bool:
    """It is deleted (True), or archived (False) when a product or a service ever named it.

    Raises Refused while products that are sold name it: they would be sold with it all the same.
    """
    batch_lock("catalogue")
    policy = lock(SlaPolicy, policy_id)
    selling = queries.products_with(policy_id)
    if selling:
        raise Refused(f"{policy.name} is the SLA of {few(selling)}. Choose another one there first.")
    if any(queries.policy_usage(policy_id)):
        changes = fields.assign(policy, {"is_active": False})
        send(SlaPolicyChanged(policy_id=policy_id, what="SLA policy archived", changes=changes), by=by, at=at)
        return False
    db.session.delete(policy)
    send(SlaPolicyChanged(policy_id=policy_id, what=f"SLA policy deleted: {policy.name}"), by=by, at=at)
    return True


def restore_policy(*, policy_id: int, by: int | None, at: datetime) -> SlaPolicy:
    """Offer an archived policy again."""
    policy = lock(SlaPolicy, policy_id)
    changes = fields.assign(policy, {"is_active": True})
    if changes:
        send(SlaPolicyChanged(policy_id=policy_id, what="SLA policy restored", changes=changes), by=by, at=at)
    return policy


def _check(values: Mapping[str, Any], targets: Entered) -> tuple[dict[str, Any], Minutes]:
    cleaned, minutes = fields.together(
        lambda: fields.check(rules.POLICY, values), lambda: rules.check_targets(targets)
    )
    check_reference("calendar_id", cleaned.get("calendar_id"))
    return cleaned, minutes


def _rows(minutes: Minutes) -> list[SlaTarget]:
    return [
        SlaTarget(severity=severity, response_minutes=response, resolution_minutes=resolution)
        for severity, (response, resolution) in minutes.items()
    ]


def _target_changes(before: Minutes, after: Minutes) -> fields.Changes:
    """By severity and clock, in words: {"low_response": ("4 h", "2 h")}."""
    changes: fields.Changes = {}
    for severity, pair in after.items():
        stored = before.get(severity, (0, 0))
        for clock, was, now in zip(("response", "resolution"), stored, pair, strict=True):
            if was != now:
                changes[f"{severity}_{clock}"] = (rules.span_in_words(was), rules.span_in_words(now))
    return changes
