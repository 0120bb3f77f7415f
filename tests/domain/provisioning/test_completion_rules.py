"""Rule book 3: what complete_provisioning needs."""

import pytest

from portal.domain.provisioning.rules import Task, missing_to_complete

DONE = Task("Install agent", is_mandatory=True, is_done=True)
OPEN = Task("Create accounts", is_mandatory=True, is_done=False)
OPTIONAL = Task("Hand over", is_mandatory=False, is_done=False)


@pytest.mark.parametrize(
    ("technician", "sla", "tasks", "missing"),
    [
        (True, True, [], []),
        (True, True, [DONE, OPTIONAL], []),
        (False, True, [DONE], ["assign a technician"]),
        (True, False, [DONE], ["configure the SLA"]),
        (True, True, [DONE, OPEN], ["finish the task “Create accounts”"]),
        (
            False,
            False,
            [OPEN, OPTIONAL, OPEN],
            ["assign a technician", "configure the SLA", *2 * ["finish the task “Create accounts”"]],
        ),
    ],
)
def test_all_that_is_missing_is_named_at_once(technician, sla, tasks, missing):
    assert missing_to_complete(has_technician=technician, has_sla=sla, tasks=tasks) == missing
