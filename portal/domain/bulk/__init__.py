"""One command for many services, worked through in the background."""

from portal.domain.bulk.actions import request, retry_failed, work
from portal.domain.bulk.commands import COMMANDS, BulkCommand
from portal.domain.bulk.queries import Progress, count, progress, results

__all__ = [
    "COMMANDS",
    "BulkCommand",
    "Progress",
    "count",
    "progress",
    "request",
    "results",
    "retry_failed",
    "work",
]
