"""Calendars, SLA policies with their targets, products with their checklist."""

from collections.abc import Iterable, Mapping

from sqlalchemy.orm import selectinload

from portal.db import batch_lock
from portal.domain.catalogue.keeping import named, replace_children
from portal.domain.catalogue.models import Calendar, ChecklistItem, Product, SlaPolicy, SlaTarget
from portal.domain.events import CalendarChanged, ProductChanged, SlaPolicyChanged
from portal.domain.fields import Changes
from portal.domain.imports.checking import Row
from portal.domain.imports.desk import Columns, Desk, Kept, id_of, stored_by
from portal.domain.money import Money
from portal.domain.prices import cycle_price_of
from portal.domain.words import Severity

PRODUCT = (
    "name", "service_type", "category", "billing_cycle", "currency", "term_months", "notice_days",
    "uplift_percent",
)  # fmt: skip


def write_calendars(desk: Desk) -> None:
    batch_lock("catalogue")
    kept = desk.keep(
        "calendars",
        Calendar,
        stored_by(Calendar.name, desk.keys("calendars", "name"), to_change=True),
        key=lambda row: row["name"],
        facts=lambda row: {
            "timezone": row["timezone"],
            "windows": row["windows"],
            "holidays_country": row["holidays"],
        },
        born=lambda row: {"name": row["name"]},
    )
    desk.tell(CalendarChanged, _told("calendar", kept))


def write_policies(desk: Desk) -> None:
    batch_lock("catalogue")
    calendars = stored_by(Calendar.name, desk.keys("sla_policies", "calendar"))
    names = desk.keys("sla_policies", "name")
    stored = stored_by(SlaPolicy.name, names, selectinload(SlaPolicy.targets), to_change=True)
    kept = desk.keep(
        "sla_policies",
        SlaPolicy,
        stored,
        key=lambda row: row["name"],
        facts=lambda row: {
            "calendar_id": calendars[row["calendar"]].id,
            "availability_target": row["availability_target"],
        },
        born=lambda row: {"name": row["name"], "targets": _targets(row)},
        touched=_retarget(desk, stored),
    )
    desk.tell(SlaPolicyChanged, _told("policy", kept))


def write_products(desk: Desk) -> None:
    batch_lock("catalogue")
    policies = stored_by(SlaPolicy.name, desk.keys("products", "sla_policy"))
    stored = stored_by(
        Product.sku, desk.keys("products", "sku"), selectinload(Product.checklist), to_change=True
    )

    def facts(row: Row) -> Columns:
        month_price = Money(row["monthly_price"], row["currency"])
        return {column: row[column] for column in PRODUCT} | {
            "cycle_price_minor": cycle_price_of(month_price, row["billing_cycle"]).minor,
            "setup_fee_minor": row["setup_fee"],
            "sla_policy_id": id_of(policies.get(row["sla_policy"])),
        }

    kept = desk.keep(
        "products",
        Product,
        stored,
        key=lambda row: row["sku"],
        facts=facts,
        born=lambda row: {"sku": row["sku"], "checklist": _steps(row)},
        touched=_relist(desk, stored),
    )
    desk.tell(ProductChanged, _told("product", kept))


def _told(noun: str, kept: Kept) -> list[Columns]:
    """The facts of their events."""
    subject = f"{noun}_id"
    added: list[Columns] = [
        {subject: made.id, "what": f"{noun} added", "changes": {}} for _, made in kept.created
    ]
    changed = [
        {subject: row.id, "what": f"{noun} changed", "changes": named(changes)}
        for _, row, changes in kept.changed
    ]
    return added + changed


def _targets(row: Row) -> list[SlaTarget]:
    return [
        SlaTarget(
            severity=severity,
            response_minutes=row[f"{severity}_response_min"],
            resolution_minutes=row[f"{severity}_resolution_min"],
        )
        for severity in Severity
    ]


def _steps(row: Row) -> list[ChecklistItem]:
    return [
        ChecklistItem(position=position, title=title, is_mandatory=is_mandatory)
        for position, (title, is_mandatory) in enumerate(row["checklist"])
    ]


def _retarget(desk: Desk, stored: Mapping[str, SlaPolicy]) -> dict[str, Changes]:
    """Give stored policies the targets of their rows; what changed, by name."""
    changes = {}
    for row in desk.rows["sla_policies"]:
        policy = stored.get(row["name"])
        before, after = _minutes(policy.targets if policy else []), _minutes(_targets(row))
        if policy and before != after:
            changes[policy.name] = {"targets": (before, after)}
            replace_children(policy, policy.targets, _targets(row))
    return changes


def _relist(desk: Desk, stored: Mapping[str, Product]) -> dict[str, Changes]:
    """Give stored products the checklists of their rows; what changed, by number."""
    changes = {}
    for row in desk.rows["products"]:
        product = stored.get(row["sku"])
        before, after = _titles(product.checklist if product else []), _titles(_steps(row))
        if product and before != after:
            changes[product.sku] = {"checklist": (before, after)}
            replace_children(product, product.checklist, _steps(row))
    return changes


def _minutes(targets: Iterable[SlaTarget]) -> dict[str, str]:
    words = {each.severity: f"{each.response_minutes}/{each.resolution_minutes} min" for each in targets}
    return {severity.value: words.get(severity, "none") for severity in Severity}


def _titles(steps: Iterable[ChecklistItem]) -> list[str]:
    return [step.title + ("*" if step.is_mandatory else "") for step in steps]
