"""Setting a service up, step by step (rule book 3)."""

import pytest

from portal import clock as portal_clock
from portal.db import transaction
from portal.domain import provisioning
from portal.domain.errors import Invalid, InvalidTransition, NotFound, Refused
from portal.domain.lifecycle.rules import ProvisioningStatus
from tests.factories import make_policy, make_product, make_service

pytestmark = pytest.mark.usefixtures("session", "clock")


def act(verb, service, **facts):
    with transaction():
        return verb(service_id=service.id, **facts, by=None, at=portal_clock.now())


@pytest.fixture
def service():
    return make_service(product=make_product(checklist=("Kick-off", "Install agent*", "Restore test*")))


def test_the_checklist_becomes_tasks_once(service):
    act(provisioning.start, service)
    act(provisioning.start, service)
    tasks = provisioning.tasks_of(service.id)
    assert [(task.title, task.is_mandatory) for task in tasks] == [
        ("Kick-off", False),
        ("Install agent", True),
        ("Restore test", True),
    ]


def test_completion_is_refused_with_everything_that_is_missing(service):
    act(provisioning.start, service)
    with pytest.raises(Refused) as refusal:
        act(provisioning.complete, service)
    for words in ("technician", "SLA", "Install agent", "Restore test"):
        assert words in refusal.value.message
    assert "Kick-off" not in refusal.value.message


def test_without_a_start_the_mandatory_steps_are_missing_all_the_same(service, cast):
    act(provisioning.assign, service, technician_id=cast.tom.id)
    act(provisioning.configure_sla, service, sla_policy_id=make_policy().id)
    with pytest.raises(Refused, match="Install agent"):
        act(provisioning.complete, service)


def test_the_whole_way_to_completed(service, cast, clock):
    act(provisioning.start, service)
    act(provisioning.assign, service, technician_id=cast.tom.id)
    act(provisioning.configure_sla, service, sla_policy_id=make_policy().id)
    act(provisioning.setup_monitoring, service, enabled=True)
    for task in provisioning.tasks_of(service.id)[1:]:
        with transaction():
            provisioning.check_task(
                service_id=service.id, task_id=task.id, done=True, by=cast.tom.id, at=portal_clock.now()
            )
    act(provisioning.complete, service)
    assert service.provisioning_status is ProvisioningStatus.COMPLETED
    assert service.provisioned_at == clock.instant
    assert {task.done_by_id for task in provisioning.tasks_of(service.id)} == {None, cast.tom.id}
    assert service.availability_target is not None and service.monitored_from is None


def test_a_failure_has_a_reason_and_can_be_tried_again(service):
    act(provisioning.start, service)
    with pytest.raises(Refused):
        act(provisioning.fail, service, reason="  ")
    act(provisioning.fail, service, reason="no access")
    assert service.provisioning_failed_reason == "no access"
    with pytest.raises(InvalidTransition):
        act(provisioning.complete, service)
    act(provisioning.start, service)
    assert (service.provisioning_status, service.provisioning_failed_reason) == (
        ProvisioningStatus.IN_PROGRESS,
        "",
    )


def test_tasks_are_ticked_only_while_it_is_being_set_up(service):
    act(provisioning.start, service)
    (first, *_) = provisioning.tasks_of(service.id)
    act(provisioning.fail, service, reason="no access")
    with pytest.raises(Refused):
        act(provisioning.check_task, service, task_id=first.id, done=True)


def test_a_task_of_another_service_does_not_exist(service):
    other = make_service(product=make_product(checklist=("Kick-off",)))
    act(provisioning.start, service)
    act(provisioning.start, other)
    with pytest.raises(NotFound):
        act(provisioning.check_task, other, task_id=provisioning.tasks_of(service.id)[0].id, done=True)


def test_only_people_who_set_up_are_assigned(service, cast):
    for technician, backup in (
        (cast.vic.id, None),
        (cast.fay.id, None),
        (cast.tom.id, cast.tom.id),
        (None, cast.tom.id),
    ):
        with pytest.raises(Invalid):
            act(provisioning.assign, service, technician_id=technician, backup_technician_id=backup)
