"""Incidents and their SLA clocks."""

from portal.domain.sla.actions import acknowledge, open_incident, reopen, resolve, resume, wait
from portal.domain.sla.breaches import sweep
from portal.domain.sla.remarks import comment, link_downtime, record_breach
from portal.domain.sla.rules import compliance

__all__ = [
    "acknowledge",
    "comment",
    "compliance",
    "link_downtime",
    "open_incident",
    "record_breach",
    "reopen",
    "resolve",
    "resume",
    "sweep",
    "wait",
]
