"""Setting a service up (rule book 3): the checklist, the people, the SLA, monitoring; then done, or failed."""

from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from portal.db import db, fetch, lock
from portal.domain import events
from portal.domain.catalogue.models import ChecklistItem, SlaPolicy
from portal.domain.errors import Invalid, NotFound, Refused
from portal.domain.lifecycle.models import ClientService
from portal.domain.lifecycle.moves import locked_for
from portal.domain.lifecycle.rules import Command, ProvisioningStatus, Status
from portal.domain.provisioning.models import ProvisioningTask
from portal.domain.provisioning.queries import missing, tasks_of
from portal.domain.staff.models import User
from portal.domain.staff.permissions import Permission, may
from portal.signals import send


def start(*, service_id: int, by: int | None = None, at: datetime) -> ClientService:
    """The product's checklist becomes tasks; after a failure, the tasks that were done stay done."""
    service, to_do = locked_for(Command.START_PROVISIONING, service_id)
    if not to_do:
        return service
    was = service.provisioning_status
    service.provisioning_status = ProvisioningStatus.IN_PROGRESS
    service.provisioning_failed_reason = ""
    if not tasks_of(service_id):
        _copy_checklist(service)
    changes = {"provisioning_status": (was, service.provisioning_status)}
    send(events.ProvisioningStarted(service_id=service_id, changes=changes), by=by, at=at)
    return service


def assign(
    *,
    service_id: int,
    technician_id: int | None,
    backup_technician_id: int | None = None,
    by: int | None = None,
    at: datetime,
) -> ClientService:
    """Who works on the service. None takes a person off. Raises Invalid by field."""
    service, _ = locked_for(Command.ASSIGN_TECHNICIANS, service_id)
    if technician_id and technician_id == backup_technician_id:
        raise Invalid(faults={"backup_technician_id": "The backup is somebody else than the technician."})
    if backup_technician_id and not technician_id:
        raise Invalid(faults={"technician_id": "A backup needs a technician to stand in for."})
    people = {"technician_id": technician_id, "backup_technician_id": backup_technician_id}
    for name, user_id in people.items():
        _refuse_person(name, user_id)
    before = {name: getattr(service, name) for name in people}
    if before == people:
        return service
    service.technician_id, service.backup_technician_id = technician_id, backup_technician_id
    changes = {
        name.removesuffix("_id"): (_name(before[name]), _name(people[name]))
        for name in people
        if before[name] != people[name]
    }
    send(events.TechniciansAssigned(service_id=service_id, changes=changes), by=by, at=at)
    return service


def configure_sla(
    *,
    service_id: int,
    sla_policy_id: int,
    availability_target: Decimal | None = None,
    sla_terms: str | None = None,
    by: int | None = None,
    at: datetime,
) -> ClientService:
    """Promise what the policy promises; target and terms can be set apart for this service."""
    service, _ = locked_for(Command.CONFIGURE_SLA, service_id)
    policy = fetch(SlaPolicy, sla_policy_id)
    target = policy.availability_target if availability_target is None else availability_target
    if not 0 <= target <= 100:
        raise Invalid(faults={"availability_target": "A percentage from 0 to 100."})
    before = (service.sla_policy.name if service.sla_policy else None, service.availability_target)
    service.sla_policy = policy
    service.availability_target = target
    service.sla_terms = policy.terms if sla_terms is None else sla_terms
    changes = {"sla_policy": (before[0], policy.name), "availability_target": (before[1], target)}
    changed = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    if changed:
        send(events.SlaConfigured(service_id=service_id, changes=changed), by=by, at=at)
    return service


def setup_monitoring(*, service_id: int, enabled: bool, by: int | None = None, at: datetime) -> ClientService:
    """Measure the service from now on, or no longer."""
    service, _ = locked_for(Command.SETUP_MONITORING, service_id)
    if service.monitoring_enabled == enabled:
        return service
    service.monitoring_enabled = enabled
    if enabled and service.status is not Status.PENDING:
        service.monitored_from = service.monitored_from or at
    changes = {"monitoring_enabled": (not enabled, enabled)}
    send(events.MonitoringSetUp(service_id=service_id, changes=changes), by=by, at=at)
    return service


def check_task(
    *, service_id: int, task_id: int, done: bool, note: str = "", by: int | None = None, at: datetime
) -> ProvisioningTask:
    """Tick a task, or take the tick back, while the service is being set up."""
    service = lock(ClientService, service_id)
    task = lock(ProvisioningTask, task_id)
    if task.client_service_id != service_id:
        raise NotFound("There is no such task for this service.")
    if service.provisioning_status is not ProvisioningStatus.IN_PROGRESS:
        raise Refused("Tasks are ticked while a service is being set up. Start provisioning first.")
    task.note = note.strip() or task.note
    if bool(task.done_at) == done:
        return task
    task.done_at, task.done_by_id = (at, by) if done else (None, None)
    ticked = events.ProvisioningTaskChecked(
        service_id=service_id, task_id=task_id, title=task.title, done=done
    )
    send(ticked, by=by, at=at)
    return task


def complete(*, service_id: int, by: int | None = None, at: datetime) -> ClientService:
    """Ready to activate. Raises Refused with the whole list of what is missing."""
    service, to_do = locked_for(Command.COMPLETE_PROVISIONING, service_id)
    if not to_do:
        return service
    gaps = missing(service)
    if gaps:
        raise Refused(f"Not complete yet: {'; '.join(gaps)}.")
    was = service.provisioning_status
    service.provisioning_status = ProvisioningStatus.COMPLETED
    service.provisioned_at = at
    changes = {"provisioning_status": (was, service.provisioning_status)}
    send(events.ProvisioningCompleted(service_id=service_id, changes=changes), by=by, at=at)
    return service


def fail(*, service_id: int, reason: str, by: int | None = None, at: datetime) -> ClientService:
    """It could not be set up; admins are told. `start` tries again."""
    service, to_do = locked_for(Command.FAIL_PROVISIONING, service_id)
    if not to_do:
        return service
    if not reason.strip():
        raise Refused("Say what went wrong: somebody has to try again.")
    was = service.provisioning_status
    service.provisioning_status = ProvisioningStatus.FAILED
    service.provisioning_failed_reason = reason.strip()
    changes = {"provisioning_status": (was, service.provisioning_status)}
    failed = events.ProvisioningFailed(service_id=service_id, reason=reason.strip(), changes=changes)
    send(failed, by=by, at=at)
    return service


def _copy_checklist(service: ClientService) -> None:
    items = sa.select(ChecklistItem).filter_by(product_id=service.product_id).order_by(ChecklistItem.position)
    for item in db.session.scalars(items):
        db.session.add(
            ProvisioningTask(
                client_service_id=service.id,
                position=item.position,
                title=item.title,
                is_mandatory=item.is_mandatory,
            )
        )
    db.session.flush()


def _refuse_person(field: str, user_id: int | None) -> None:
    if user_id is None:
        return
    user = db.session.get(User, user_id)
    if user is None or not user.is_active or not may(user, Permission.WORK_PROVISIONING):
        raise Invalid(faults={field: "Choose somebody active who sets services up."})


def _name(user_id: int | None) -> str | None:
    return fetch(User, user_id).name if user_id else None
