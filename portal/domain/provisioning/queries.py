"""What is being set up, and what is missing."""

from collections.abc import Sequence

import sqlalchemy as sa

from portal.db import db
from portal.domain.catalogue.models import ChecklistItem
from portal.domain.lifecycle.models import ClientService
from portal.domain.provisioning.models import ProvisioningTask
from portal.domain.provisioning.rules import Task, missing_to_complete


def tasks_of(service_id: int) -> Sequence[ProvisioningTask]:
    """The tasks of a service, in the order of the checklist; none before provisioning started."""
    tasks = sa.select(ProvisioningTask).filter_by(client_service_id=service_id)
    return db.session.scalars(tasks.order_by(ProvisioningTask.position)).all()


def missing(service: ClientService) -> list[str]:
    """What stands between the service and "completed", in words; nothing when it is ready.

    Before provisioning started the product's checklist counts, with nothing done.
    """
    tasks = [Task(task.title, task.is_mandatory, task.done_at is not None) for task in tasks_of(service.id)]
    if not tasks:
        items = sa.select(ChecklistItem).filter_by(product_id=service.product_id)
        tasks = [Task(item.title, item.is_mandatory, is_done=False) for item in db.session.scalars(items)]
    return missing_to_complete(
        has_technician=service.technician_id is not None,
        has_sla=service.sla_policy_id is not None,
        tasks=tasks,
    )
