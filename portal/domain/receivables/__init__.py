"""What clients owe: ageing, statements, reminders, proposals to suspend, exports to the ledger."""

from portal.domain.receivables.exporting import export
from portal.domain.receivables.proposals import dismiss
from portal.domain.receivables.reminding import remind
from portal.domain.receivables.statements import ask_for_pdf, statement

__all__ = ["ask_for_pdf", "dismiss", "export", "remind", "statement"]
