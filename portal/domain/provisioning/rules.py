"""What is missing before provisioning is complete (rule book 3)."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Task:
    title: str
    is_mandatory: bool
    is_done: bool


def missing_to_complete(*, has_technician: bool, has_sla: bool, tasks: Iterable[Task]) -> list[str]:
    """Everything that is missing, in words that name what to do; an empty list lets it complete."""
    missing = []
    if not has_technician:
        missing.append("assign a technician")
    if not has_sla:
        missing.append("configure the SLA")
    open_tasks = (task for task in tasks if task.is_mandatory and not task.is_done)
    return missing + [f"finish the task “{task.title}”" for task in open_tasks]
