"""Products: the list, the page of one, and the forms with the checklist editor."""

from flask import url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.blueprints.catalogue import bp
from portal.blueprints.catalogue.forms import product_form
from portal.clock import now
from portal.db import transaction
from portal.domain import catalogue
from portal.domain.catalogue import queries
from portal.domain.catalogue.models import Product
from portal.domain.periods import Cycle
from portal.domain.staff import Permission
from portal.domain.words import ServiceLevel, ServiceType
from portal.web import rows, timeline
from portal.web.forms import faults_on
from portal.web.guards import requires
from portal.web.htmx import done, page, refuse
from portal.web.tables import Choice, Column, Empty, Flag, Table

MONEY = Permission.VIEW_MONEY

PRODUCTS = Table(
    "products",
    columns=(
        Column("name", "Product", link="/catalogue/products/{sku}", fixed=True),
        Column("sku", "Number"),
        Column("service_type", "Type", cell="label"),
        Column("service_level", "Level", cell="label", shown=False),
        Column("category", "Category", shown=False),
        Column("billing_cycle", "Billed", cell="label"),
        Column("cycle_price_minor", "Price of a cycle", cell="money", needs=MONEY),
        Column("setup_fee_minor", "Set-up fee", cell="money", needs=MONEY),
        Column("currency", "Currency", shown=False),
        Column("term_months", "Term in months", cell="number"),
        Column("notice_days", "Notice in days", cell="number", shown=False),
        Column("sla_policy", "SLA"),
        Column("services", "Services", cell="number"),
        Column("is_active", "On sale", cell="flag", shown=False),
    ),
    filters=(
        Choice("service_type", "Type", options=ServiceType),
        Choice("billing_cycle", "Billed", options=Cycle),
        Choice("service_level", "Level", options=ServiceLevel),
        Flag("is_active", "On sale"),
    ),
    search=queries.products_matching,
    search_hint="Name, number or category",
    sort="name",
    counted=True,
    cells="catalogue/_cells.html",
    empty=Empty(
        "No product yet", "What is sold is a copy of a product.", "/catalogue/products/new", "Add a product"
    ),
)


@bp.get("")
@requires(Permission.VIEW)
def board() -> Response:
    return PRODUCTS.page("catalogue/products.html", queries.products_listing())


@bp.get("/products/<sku>")
@requires(Permission.VIEW)
def product(sku: str) -> Response:
    found = queries.product_by_sku(sku)
    return page(
        "catalogue/product.html",
        product=found,
        price=queries.price_of(found),
        monthly_price=queries.monthly_price_of(found),
        sold=queries.services_sold(found.id),
        targets=queries.targets_of(found.sla_policy) if found.sla_policy else [],
        happened=timeline.lines(currency=found.currency, at_most=12, product=[found.id]),
    )


@bp.get("/products/new")
@requires(Permission.CATALOGUE)
def ask_product() -> Response:
    return _form_page(None, product_form(), rows.Rows([{}]))


@bp.post("/products/new")
@requires(Permission.CATALOGUE)
def create_product() -> Response:
    form, steps, added = product_form(sent=True), _steps(), None
    if steps.is_moved:
        return _form_page(None, form, steps)
    if form.validate_on_submit():
        with faults_on(form), transaction():
            added = catalogue.create_product(
                checklist=steps.rows, **form.values(), by=current_user.id, at=now()
            )
    if added is None:
        return refuse("catalogue/product_form.html", product=None, form=form, steps=steps)
    return done(then=url_for(".product", sku=added.sku), toast=f"{added.name} is in the catalogue.")


@bp.get("/products/<sku>/edit")
@requires(Permission.CATALOGUE)
def ask_edit_product(sku: str) -> Response:
    found = queries.product_by_sku(sku)
    steps = [{"title": item.title, "is_mandatory": item.is_mandatory} for item in found.checklist]
    return _form_page(found, product_form(found), rows.Rows(steps or [{}]))


@bp.post("/products/<sku>/edit")
@requires(Permission.CATALOGUE)
def edit_product(sku: str) -> Response:
    found, form, steps = queries.product_by_sku(sku), product_form(sent=True), _steps()
    if steps.is_moved:
        return _form_page(found, form, steps)
    if form.validate_on_submit():
        values = form.values() | {"version": form.version.data, "checklist": steps.rows}
        with faults_on(form), transaction():
            catalogue.edit_product(product_id=found.id, **values, by=current_user.id, at=now())
    if form.errors:
        status = form.refusal(found.version)
        return refuse("catalogue/product_form.html", status, product=found, form=form, steps=steps)
    return done(then=url_for(".product", sku=sku), toast=f"{found.name} is saved.")


@bp.get("/products/<sku>/remove")
@requires(Permission.CATALOGUE)
def ask_remove_product(sku: str) -> Response:
    found = queries.product_by_sku(sku)
    return page("catalogue/remove_product.html", product=found, sold=queries.services_sold(found.id))


@bp.post("/products/<sku>/remove")
@requires(Permission.CATALOGUE)
def remove_product(sku: str) -> Response:
    found = queries.product_by_sku(sku)
    name = found.name
    with transaction():
        is_deleted = catalogue.remove_product(product_id=found.id, by=current_user.id, at=now())
    toast = f"{name} is deleted." if is_deleted else f"{name} is archived: it is sold no more."
    return done(then=url_for(".board"), toast=toast)


@bp.post("/products/<sku>/restore")
@requires(Permission.CATALOGUE)
def restore_product(sku: str) -> Response:
    found = queries.product_by_sku(sku)
    with transaction():
        catalogue.restore_product(product_id=found.id, by=current_user.id, at=now())
    return done(then=url_for(".product", sku=sku), toast=f"{found.name} is on sale again.")


def _steps() -> rows.Rows:
    return rows.entered({"title": "step"}, {"is_mandatory": "mandatory"})


def _form_page(product: Product | None, form: object, steps: rows.Rows) -> Response:
    return page("catalogue/product_form.html", product=product, form=form, steps=steps)
