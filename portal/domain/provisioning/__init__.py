"""Setting a service up, from the order to "ready to activate"."""

from portal.domain.provisioning.actions import (
    assign,
    check_task,
    complete,
    configure_sla,
    fail,
    setup_monitoring,
    start,
)
from portal.domain.provisioning.queries import missing, tasks_of

__all__ = [
    "assign", "check_task", "complete", "configure_sla", "fail", "missing", "setup_monitoring", "start", "tasks_of",
]  # fmt: skip
