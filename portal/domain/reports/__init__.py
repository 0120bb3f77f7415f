"""SLA reports: what was promised, and what was kept."""

from portal.domain.reports.actions import Printed, begin, fail, finish, request
from portal.domain.reports.facts import as_json
from portal.domain.reports.queries import facts

__all__ = ["Printed", "as_json", "begin", "facts", "fail", "finish", "request"]
