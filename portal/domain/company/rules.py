"""The business settings as a table: what exists, what it means, what it is until somebody changes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.domain import fields
from portal.domain.errors import Invalid
from portal.domain.fields import Cleaner


@dataclass(frozen=True)
class Setting:
    """`kind` says how it is entered; `effect` what a change will affect; `unit` what a number counts."""

    key: str
    page: str
    label: str
    default: Any
    effect: str
    kind: str
    clean: Cleaner = field(repr=False)
    unit: str = ""


@dataclass(frozen=True)
class SettingsPage:
    title: str
    lead: str
    icon: str


PAGES: dict[str, SettingsPage] = {
    "company": SettingsPage("Company", "What documents say of us.", "building"),
    "finance": SettingsPage("Finance", "How invoices are numbered, run and closed.", "file-invoice"),
    "accounting": SettingsPage("Accounting", "To which accounts the export books.", "file-spreadsheet"),
    "renewals": SettingsPage("Renewals", "What holds when a term ends or is cut short.", "refresh"),
    "sla": SettingsPage("Reviews", "How often a service is looked at with its client.", "clock"),
    "security": SettingsPage("Security", "Who needs a second step, and when a session ends.", "shield-check"),
}


def _roles(value: Any) -> list[str]:
    # Here and not above: the staff's rules read these settings.
    from portal.domain.staff.permissions import Role

    return list(fields.some_of(Role)(value))


def _day(value: Any) -> str | None:
    """Settings are JSON, so a date is kept as its ISO text."""
    day = fields.optional(fields.day)(value)
    return day.isoformat() if day else None


def _steps(value: Any) -> str:
    """Days as they are kept: "7, 14, 30", rising; empty for none."""
    # Here and not above: the receivables read these settings.
    from portal.domain.receivables.rules import steps_of

    try:
        return ", ".join(str(step) for step in steps_of(fields.text(100)(value)))
    except ValueError as fault:
        raise fields.BadValue("Days with commas between them, such as 7, 14, 30.") from fault


def _accounts(value: Any) -> str:
    """One account a line, as in "hosting = 4100"."""
    from portal.domain.receivables.journal import revenue_accounts

    plain = str(fields.text(10_000, lines=True)(value))
    try:
        revenue_accounts(plain)
    except ValueError as fault:
        raise fields.BadValue(str(fault)) from fault
    return plain


def _account(key: str, label: str, default: str, effect: str) -> Setting:
    return Setting(key, "accounting", label, default, effect, "text", fields.text(40, required=True))


def _text(page: str, key: str, label: str, default: str, effect: str, most: int) -> Setting:
    return Setting(key, page, label, default, effect, "text", fields.text(most))


def _lines(page: str, key: str, label: str, effect: str) -> Setting:
    return Setting(key, page, label, "", effect, "lines", fields.text(1000, lines=True))


def _flag(page: str, key: str, label: str, default: bool, effect: str) -> Setting:
    return Setting(key, page, label, default, effect, "flag", fields.flag)


def _number(
    page: str, key: str, label: str, default: int, effect: str, *, low: int, high: int, unit: str
) -> Setting:
    return Setting(key, page, label, default, effect, "number", fields.whole(low, high), unit)


SETTINGS: tuple[Setting, ...] = (
    _lines("company", "company_address", "Company address",
           "Printed on documents issued from now on; issued ones keep theirs."),
    _text("company", "company_tax_id", "Company tax id", "",
          "Printed on documents issued from now on; issued ones keep theirs.", 60),
    _lines("finance", "payment_instructions", "How to pay", "Printed at the foot of invoices issued from now on."),
    _text("finance", "invoice_prefix", "Invoice number prefix", "INV-",
          "The next invoice takes it; issued ones keep their number, and the count goes on.", 20),
    _text("finance", "credit_note_prefix", "Credit note number prefix", "CN-",
          "The next credit note takes it; issued ones keep their number, and the count goes on.", 20),
    _flag("finance", "approve_runs", "Hold billing runs for approval", False,
          "From the next run on, invoices stay drafts until a person issues them."),
    _flag("finance", "apply_account_credit", "Settle new invoices with account credit", True,
          "Invoices issued from now on take what credit their client has."),
    _flag("finance", "email_invoices", "Send documents by mail", False,
          "Documents issued from now on go to the client's billing contacts. What a client chose for itself wins."),
    _flag("finance", "credit_on_suspend", "Credit unused days on suspension", True,
          "Suspensions from now on. What a client or a service chose for itself wins."),
    Setting("books_closed_until", "finance", "Books closed up to", None,
            "Cancellations dated before this day are refused from now on. Empty: the books are open.", "day", _day),
    _number("finance", "most_missed_periods", "Missed periods before a schedule is parked", 12,
            "The next billing run: a schedule further behind waits for a person.", low=1, high=120, unit="periods"),
    Setting("reminder_steps", "finance", "Remind of overdue invoices after", "7, 14, 30",
            "Days after the due date, each once for every invoice, from the next morning on. Empty: nobody is"
            " reminded.", "text", _steps, "days"),
    _number("finance", "suspension_days", "Propose suspension of clients overdue for", 0,
            "The list of proposals, at once; a person decides on each. 0: nothing is proposed.",
            low=0, high=730, unit="days"),
    _number("finance", "suspension_amount", "Propose it from an overdue amount of", 0,
            "The list of proposals, at once. In the currency of the invoices.",
            low=0, high=10**9, unit="whole units"),
    _account("account_receivable", "Receivables", "1200", "Exports from now on; files made before stay."),
    _account("account_bank", "Bank", "1000", "Payments and refunds of exports from now on."),
    _account("account_tax", "Tax to pay", "2200", "Tax of exports from now on, one line for each rate."),
    _account("account_revenue", "Revenue", "4000",
             "Revenue of exports from now on that no line of the list below is about."),
    Setting("revenue_accounts", "accounting", "Revenue by product or type", "",
            "One a line: a product's SKU or a type of service, “=”, the account. A product wins over its type.",
            "lines", _accounts),
    _number("renewals", "cancellation_fee_percent", "Cancellation fee", 50,
            "Cancellations from now on whose contract and product name no percentage of their own.",
            low=0, high=100, unit="%"),
    _number("renewals", "grace_days", "Grace after the end of a term", 30,
            "All services without grace days of their own, those now in grace included.",
            low=0, high=365, unit="days"),
    Setting("renewal_reminder_days", "renewals", "Remind of renewals this many days before", "7, 14, 30",
            "Each once for every term, from the next morning on. Empty: nobody is reminded.", "text", _steps, "days"),
    _number("sla", "review_days", "Time between reviews", 90,
            "The date that the next review of each service sets; dates already set stay.",
            low=1, high=730, unit="days"),
    Setting("totp_required_roles", "security", "Roles that need a second step", [],
            "People of these roles without one set it up before their next page.", "roles", _roles),
    _number("security", "idle_minutes", "An idle session ends after", 30,
            "All sessions, at once.", low=5, high=1440, unit="minutes"),
    _number("security", "session_hours", "Every session ends after", 12,
            "Sessions that begin from now on.", low=1, high=168, unit="hours"),
)  # fmt: skip

BY_KEY: dict[str, Setting] = {setting.key: setting for setting in SETTINGS}


def on_page(page: str) -> tuple[Setting, ...]:
    return tuple(setting for setting in SETTINGS if setting.page == page)


def check(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are stored. Raises Invalid with every fault, KeyError for a setting that is none."""
    try:
        return fields.check({key: BY_KEY[key].clean for key in values}, values)
    except Invalid as refusal:
        faults = {key: f"{BY_KEY[key].label}: {fault}" for key, fault in refusal.faults.items()}
        raise Invalid(faults=faults) from None
