"""What may stand in the record of a client, a contact, a contract. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.domain import fields
from portal.domain.errors import Invalid, Refused
from portal.domain.fields import Cleaner
from portal.domain.wording import few
from portal.domain.words import ContactRole

CLIENT: dict[str, Cleaner] = {
    "code": fields.code(40),
    "name": fields.text(200, required=True),
    "currency": fields.currency,
    "timezone": fields.timezone,
    "locale": fields.locale,
    "account_manager_id": fields.optional(fields.reference),
    "payment_terms_days": fields.whole(0, 365),
    "tax_rate_percent": fields.percent(),
    "tax_exempt": fields.flag,
    "tax_id": fields.text(60),
    "address": fields.text(1000, lines=True),
    "po_number": fields.text(60),
    "billing_email": fields.optional_email,
    "billing_day": fields.optional(fields.whole(1, 31)),
    "consolidate_invoices": fields.flag,
    "credit_on_suspend": fields.optional(fields.flag),
    "email_invoices": fields.optional(fields.flag),
    "overdue_limit_minor": fields.whole(0, 10**12),
    "wants_renewal_notices": fields.flag,
    "wants_monthly_report": fields.flag,
    "wants_payment_reminders": fields.flag,
    "notes": fields.text(10_000, lines=True),
}

CONTACT: dict[str, Cleaner] = {
    "name": fields.text(200, required=True),
    "email": fields.email,
    "phone": fields.text(60),
    "roles": fields.some_of(ContactRole),
}

CONTRACT: dict[str, Cleaner] = {
    "number": fields.text(60, required=True),
    "name": fields.text(200),
    "start_date": fields.day,
    "end_date": fields.optional(fields.day),
    "cancellation_fee_percent": fields.optional(fields.percent()),
    "cancellation_fee_cap_months": fields.optional(fields.whole(0, 120)),
    "uplift_percent": fields.optional(fields.percent()),
    "notes": fields.text(10_000, lines=True),
}

MAIL_BY_ROLE: dict[ContactRole, str] = {
    ContactRole.BILLING: "invoices",
    ContactRole.TECHNICAL: "incidents and maintenance",
    ContactRole.RENEWAL: "renewals",
    ContactRole.REPORTS: "SLA reports",
}


def check_client(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are stored. `overdue_limit` is an amount in the `currency` beside it: "250.00"."""
    rest, faults = dict(values), {}
    if "overdue_limit" in rest:
        try:
            limit = fields.amount(rest.pop("overdue_limit"), str(rest.get("currency", "")))
            rest["overdue_limit_minor"] = limit.minor
        except fields.BadValue as fault:
            faults["overdue_limit"] = str(fault)
    return fields.check(CLIENT, rest, faults)


def check_contract(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are stored. Raises Invalid, also for an end that is not after the start."""
    cleaned = fields.check(CONTRACT, values)
    start, end = cleaned.get("start_date"), cleaned.get("end_date")
    if start and end and end <= start:
        raise Invalid(faults={"end_date": "The end is the first day not covered, so it is after the start."})
    return cleaned


def check_currency(*, before: str, after: str, services: int) -> None:
    """A client's services, invoices and prices are all in its currency."""
    if before != after and services:
        raise Invalid(
            faults={
                "currency": f"The client has services in {before}, so its currency stays {before}. "
                f"Make another client for business in {after}."
            }
        )


def check_deactivation(name: str, living: Sequence[str]) -> None:
    """living: the names of the services that are not over. Raises Refused."""
    if living:
        count = "one service" if len(living) == 1 else f"{len(living)} services"
        raise Refused(f"{name} still has {count}: {few(living)}. Cancel or transfer them first.")


def check_removal(name: str, escalating: Sequence[str]) -> None:
    """escalating: the names of the services whose escalation contact this is. Raises Refused."""
    if escalating:
        services = few(escalating)
        raise Refused(f"{name} is the escalation contact of {services}. Name somebody else there first.")


def mail_of(roles: Sequence[str], *, wants_renewals: bool, wants_reports: bool) -> str:
    """What a contact with these roles of a client with these wishes gets mail about, in words."""
    unwanted = {
        role
        for role, wanted in ((ContactRole.RENEWAL, wants_renewals), (ContactRole.REPORTS, wants_reports))
        if not wanted
    }
    return ", ".join(
        what for role, what in MAIL_BY_ROLE.items() if role.value in roles and role not in unwanted
    )
