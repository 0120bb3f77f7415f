"""The business settings as a table: what exists, what it means, what it is until somebody changes it."""

from dataclasses import dataclass
from typing import Any

from portal.domain.errors import Invalid


@dataclass(frozen=True)
class Setting:
    """`default`'s type is the setting's type; `effect` says what a change will affect."""

    key: str
    page: str
    label: str
    default: Any
    effect: str
    low: int = 0
    high: int = 100_000


SETTINGS: tuple[Setting, ...] = (
    Setting("company_address", "company", "Company address", "", "Printed on documents issued from now on."),
    Setting("company_tax_id", "company", "Company tax id", "", "Printed on documents issued from now on."),
    Setting("payment_instructions", "finance", "How to pay", "", "Printed at the foot of invoices issued from now on."),
    Setting("invoice_prefix", "finance", "Invoice number prefix", "INV-", "The next invoice takes it; issued ones keep theirs."),
    Setting("credit_note_prefix", "finance", "Credit note number prefix", "CN-", "The next credit note takes it."),
    Setting("approve_runs", "finance", "Hold billing runs for approval", False, "Runs leave drafts that a person issues."),
    Setting("credit_on_suspend", "finance", "Credit unused days on suspension", True, "Suspensions from now on; a client's or service's own choice wins."),
    Setting("books_closed_until", "finance", "Books closed up to", None, "Cancellations dated before this day are refused."),
    Setting("most_missed_periods", "finance", "Missed periods before a schedule is parked", 12, "The next billing run.", 1, 120),
    Setting("cancellation_fee_percent", "renewals", "Cancellation fee percent", 50, "Cancellations without a contract's or product's own percent.", 0, 100),
    Setting("grace_days", "renewals", "Grace days after the end of a term", 30, "Services without grace days of their own.", 0, 365),
    Setting("review_days", "sla", "Days between reviews", 90, "The review date set by the next review.", 1, 730),
    Setting("totp_required_roles", "security", "Roles that need a second factor", [], "These people enrol at their next sign-in."),
    Setting("idle_minutes", "security", "Minutes until an idle session ends", 30, "All sessions, at once.", 5, 1440),
    Setting("session_hours", "security", "Hours until a session ends in any case", 12, "Sessions that begin from now on.", 1, 168),
)  # fmt: skip

BY_KEY: dict[str, Setting] = {setting.key: setting for setting in SETTINGS}
PAGES: tuple[str, ...] = tuple(dict.fromkeys(setting.page for setting in SETTINGS))


def check(key: str, value: Any) -> Any:
    """The value if the setting can have it. Raises Invalid, named by the key."""
    setting = BY_KEY[key]
    if isinstance(setting.default, int) and not isinstance(setting.default, bool):
        if not isinstance(value, int) or not setting.low <= value <= setting.high:
            raise Invalid(
                faults={key: f"{setting.label}: a whole number from {setting.low} to {setting.high}."}
            )
    elif setting.default is not None and not isinstance(value, type(setting.default)):
        raise Invalid(faults={key: f"{setting.label}: this value has the wrong form."})
    return value
