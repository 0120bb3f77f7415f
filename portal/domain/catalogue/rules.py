"""What may stand in the catalogue: products with their checklist, SLA policies with their targets. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from portal.domain import fields
from portal.domain.catalogue import days_off
from portal.domain.errors import Invalid
from portal.domain.fields import BadValue, Cleaner
from portal.domain.money import Money
from portal.domain.periods import Cycle
from portal.domain.prices import cycle_price_of
from portal.domain.words import ServiceLevel, ServiceType, Severity

Rows = Sequence[Mapping[str, Any]]
MOST_STEPS = 60
MOST_DAYS = 400
MOST_MINUTES = 366 * 24 * 60
_SPAN = re.compile(r"(?:(\d{1,4})\s*h(?:ours?)?)?\s*(?:(\d{1,6})\s*m(?:in(?:utes?)?)?)?")


def skills(value: Any) -> list[str]:
    """Skills as a list or as text with commas; each once, in lower case, so that they can be compared."""
    entered = value.split(",") if isinstance(value, str) else list(value or ())
    cleaned = [fields.text(60)(each).lower() for each in entered]
    return list(dict.fromkeys(each for each in cleaned if each))


PRODUCT: dict[str, Cleaner] = {
    "sku": fields.code(40),
    "name": fields.text(200, required=True),
    "description": fields.text(5000, lines=True),
    "service_type": fields.one_of(ServiceType),
    "category": fields.text(80),
    "service_level": fields.one_of(ServiceLevel),
    "billing_cycle": fields.one_of(Cycle),
    "currency": fields.currency,
    "cycle_price_minor": fields.whole(0, 10**12),
    "setup_fee_minor": fields.whole(0, 10**12),
    "term_months": fields.whole(0, 120),
    "notice_days": fields.whole(0, 365),
    "uplift_percent": fields.percent(),
    "uplift_cap_percent": fields.optional(fields.percent()),
    "cancellation_fee_percent": fields.optional(fields.percent()),
    "sla_policy_id": fields.optional(fields.reference),
    "required_skills": skills,
}

POLICY: dict[str, Cleaner] = {
    "name": fields.text(80, required=True),
    "calendar_id": fields.reference,
    "availability_target": fields.percent(),
    "terms": fields.text(10_000, lines=True),
}


def windows(value: Any) -> str:
    """Business hours in the words that the SLA clock reads."""
    # Here and not above: that package builds on this one.
    from portal.domain.sla.hours import parse_windows

    plain = fields.text(500, required=True)(value)
    try:
        parse_windows(plain)
    except Invalid as refusal:
        raise BadValue(refusal.message) from None
    return str(plain)


CALENDAR: dict[str, Cleaner] = {
    "name": fields.text(80, required=True),
    "timezone": fields.timezone,
    "windows": windows,
    "holidays_country": days_off.country,
}


def check_product(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are stored. Raises Invalid with every fault.

    `price` and `setup_fee` are amounts in the `currency` beside them; with `price_per` "month" the price is
    that of a month, whatever the cycle.
    """
    rest, faults = dict(values), {}
    amounts = {"price": "cycle_price_minor", "setup_fee": "setup_fee_minor"}
    per = rest.pop("price_per", "cycle")
    for key in amounts.keys() & rest.keys():
        try:
            amount = fields.amount(rest.pop(key), str(rest.get("currency", "")))
            rest[amounts[key]] = _of_a_cycle(amount, per, rest).minor if key == "price" else amount.minor
        except BadValue as fault:
            faults[key] = str(fault)
    return fields.check(PRODUCT, rest, faults)


def _of_a_cycle(price: Money, per: str, product: Mapping[str, Any]) -> Money:
    cycle = fields.one_of(Cycle)(product.get("billing_cycle"))
    if per != "month":
        return price
    try:
        return cycle_price_of(price, Cycle(cycle))
    except Invalid as refusal:
        raise BadValue(refusal.message) from None


def check_checklist(rows: Rows) -> list[tuple[str, bool]]:
    """The steps (title, is mandatory) in their order; rows without a title are left out."""
    clean = fields.text(200)
    steps, faults = [], {}
    for number, row in enumerate(rows):
        try:
            if title := clean(row.get("title")):
                steps.append((title, bool(row.get("is_mandatory"))))
        except BadValue as fault:
            faults[f"checklist-{number}"] = f"Step {number + 1}: {fault}"
    if len(steps) > MOST_STEPS:
        faults["checklist"] = f"At most {MOST_STEPS} steps; these are {len(steps)}."
    if faults:
        raise Invalid(faults=faults)
    return steps


def check_days(rows: Rows) -> dict[date, str]:
    """The dated days off with their names, in order; rows without a date are left out."""
    days: dict[date, str] = {}
    faults = {}
    for number, row in enumerate(rows):
        if not (row.get("on_date") or row.get("name")):
            continue
        try:
            days[fields.day(row.get("on_date"))] = fields.text(120)(row.get("name"))
        except BadValue as fault:
            faults[f"days-{number}"] = f"Day {number + 1}: {fault}"
    if len(days) > MOST_DAYS:
        faults["days"] = f"At most {MOST_DAYS} days; these are {len(days)}."
    if faults:
        raise Invalid(faults=faults)
    return dict(sorted(days.items()))


def check_targets(targets: Mapping[Severity, tuple[Any, Any]]) -> dict[Severity, tuple[int, int]]:
    """(response, resolution) in minutes for every severity. Raises Invalid, named low_response and so on."""
    minutes: dict[Severity, tuple[int, int]] = {}
    faults: dict[str, str] = {}
    for severity in Severity:
        entered = dict(zip(("response", "resolution"), targets.get(severity, ("", "")), strict=True))
        read = {}
        for clock, value in entered.items():
            try:
                read[clock] = span(value)
            except BadValue as fault:
                faults[f"{severity}_{clock}"] = str(fault)
        if len(read) == 2 and read["resolution"] < read["response"]:
            faults[f"{severity}_resolution"] = "A resolution cannot be due before the response."
        minutes[severity] = (read.get("response", 0), read.get("resolution", 0))
    if faults:
        raise Invalid(faults=faults)
    return minutes


def span(value: Any) -> int:
    """Minutes of business time: "4 h", "1 h 30 min", "45 min", or a plain number of minutes."""
    plain = str(value or "").strip().lower()
    if plain.isascii() and plain.isdecimal() and len(plain) < 8:
        minutes = int(plain)
    else:
        parts = _SPAN.fullmatch(plain)
        if not plain or parts is None:
            raise BadValue("A time such as 4 h, 1 h 30 min or 45 min.")
        minutes = int(parts[1] or 0) * 60 + int(parts[2] or 0)
    if not 0 < minutes <= MOST_MINUTES:
        raise BadValue("At least one minute, at most a year.")
    return minutes


def span_in_words(minutes: int) -> str:
    """As people say it: 90 → "1 h 30 min"."""
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part)
