"""Books of business from another system: checked as a whole, taken in as a whole."""

from portal.domain.imports.actions import (
    BookRefused,
    Report,
    carry_out,
    give_up,
    load,
    refuse,
    request,
    start,
)
from portal.domain.imports.models import ImportRun

__all__ = ["BookRefused", "ImportRun", "Report", "carry_out", "give_up", "load", "refuse", "request", "start"]
