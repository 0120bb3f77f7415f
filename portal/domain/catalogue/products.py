"""Products and their checklist. What was sold keeps its price, its term and its tasks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal.db import batch_lock, db, lock
from portal.domain import fields
from portal.domain.catalogue import queries, rules
from portal.domain.catalogue.keeping import check_free, check_reference, named, replace_children
from portal.domain.catalogue.models import ChecklistItem, Product
from portal.domain.errors import Invalid
from portal.domain.events import ProductChanged
from portal.signals import send

Rows = rules.Rows
Steps = list[tuple[str, bool]]


def create_product(*, checklist: Rows = (), by: int | None, at: datetime, **values: Any) -> Product:
    """A new product; `values`: fields of rules.PRODUCT. Raises Invalid, also for a number that is taken."""
    cleaned, steps = _check(values, checklist)
    batch_lock("catalogue")
    check_free(Product, "sku", cleaned["sku"], "Another product has this number already.")
    product = Product(checklist=_items(steps))
    changes = named(fields.assign(product, cleaned)) | {"checklist": ([], _words(steps))}
    db.session.add(product)
    db.session.flush()
    send(ProductChanged(product_id=product.id, what="product added", changes=changes), by=by, at=at)
    return product


def edit_product(
    *, product_id: int, version: int, checklist: Rows, by: int | None, at: datetime, **values: Any
) -> Product:
    """Change the fields given, and the checklist as a whole. Raises Invalid, StaleVersion.

    The number is for good: imports and addresses know the product by it.
    """
    product = lock(Product, product_id)
    if values.get("sku", product.sku) != product.sku:
        raise Invalid(faults={"sku": "A product keeps its number: imports and addresses know it by that."})
    cleaned, steps = _check({"currency": product.currency, **values}, checklist)
    changes = named(fields.differences(product, cleaned))
    before = [(item.title, item.is_mandatory) for item in product.checklist]
    if steps != before:
        changes["checklist"] = (_words(before), _words(steps))
    fields.refuse_stale(product, version, changes)
    fields.assign(product, cleaned)
    if steps != before:
        replace_children(product, product.checklist, _items(steps))
    if changes:
        send(ProductChanged(product_id=product_id, what="product changed", changes=changes), by=by, at=at)
    return product


def remove_product(*, product_id: int, by: int | None, at: datetime) -> bool:
    """Sell it no more: it is deleted (True), or archived (False) when services of it were ever sold."""
    product = lock(Product, product_id)
    if queries.services_sold(product_id):
        changes = fields.assign(product, {"is_active": False})
        send(ProductChanged(product_id=product_id, what="product archived", changes=changes), by=by, at=at)
        return False
    db.session.delete(product)
    send(ProductChanged(product_id=product_id, what=f"product deleted: {product.name}"), by=by, at=at)
    return True


def restore_product(*, product_id: int, by: int | None, at: datetime) -> Product:
    """Sell an archived product again."""
    product = lock(Product, product_id)
    changes = fields.assign(product, {"is_active": True})
    if changes:
        send(ProductChanged(product_id=product_id, what="product restored", changes=changes), by=by, at=at)
    return product


def _check(values: Mapping[str, Any], checklist: Rows) -> tuple[dict[str, Any], Steps]:
    """Both at once, so that a person sees the faults of the fields and of the checklist together."""
    cleaned, steps = fields.together(
        lambda: rules.check_product(values), lambda: rules.check_checklist(checklist)
    )
    check_reference("sla_policy_id", cleaned.get("sla_policy_id"))
    return cleaned, steps


def _items(steps: Steps) -> list[ChecklistItem]:
    return [
        ChecklistItem(position=position, title=title, is_mandatory=is_mandatory)
        for position, (title, is_mandatory) in enumerate(steps)
    ]


def _words(steps: Steps) -> list[str]:
    """As an import writes them: a step that ends in * is mandatory."""
    return [f"{title}*" if is_mandatory else title for title, is_mandatory in steps]
