"""What is billed, when, and what documents come of it."""

from portal.domain.billing.drafts import add_line, edit_draft, new_draft, remove_line
from portal.domain.billing.issuing import issue
from portal.domain.billing.mailing import mail_again
from portal.domain.billing.manual_credits import credit
from portal.domain.billing.parking import release
from portal.domain.billing.previewing import preview
from portal.domain.billing.printing import ask_for_pdf
from portal.domain.billing.projecting import projection
from portal.domain.billing.running import request_rerun, request_run, run
from portal.domain.billing.settling import apply_credit, record_payment, refund
from portal.domain.billing.voiding import delete_draft, void
from portal.domain.pricing.actions import change_price, change_quantity, set_discount
from portal.domain.pricing.actions import withdraw as withdraw_price_change

__all__ = [
    "add_line",
    "apply_credit",
    "ask_for_pdf",
    "change_price",
    "change_quantity",
    "credit",
    "delete_draft",
    "edit_draft",
    "issue",
    "mail_again",
    "new_draft",
    "preview",
    "projection",
    "record_payment",
    "refund",
    "release",
    "remove_line",
    "request_rerun",
    "request_run",
    "run",
    "set_discount",
    "void",
    "withdraw_price_change",
]
