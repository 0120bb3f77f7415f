"""SLA reports: what was promised, and what was kept."""

from portal.domain.reports.actions import Printed, begin, fail, finish, request
from portal.domain.reports.facts import as_json
from portal.domain.reports.models import SlaReport
from portal.domain.reports.reading import facts

__all__ = ["Printed", "SlaReport", "as_json", "begin", "facts", "fail", "finish", "request"]
