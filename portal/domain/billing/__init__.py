"""What is billed, when, and what documents come of it."""

from portal.domain.billing.issuing import issue, record_payment, void
from portal.domain.billing.printing import ask_for_pdf
from portal.domain.billing.running import preview, release, request_run, run

__all__ = ["ask_for_pdf", "issue", "preview", "record_payment", "release", "request_run", "run", "void"]
