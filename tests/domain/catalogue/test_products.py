"""Products: their price, their checklist, and the end of their sale."""

from decimal import Decimal

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import catalogue
from portal.domain.catalogue import queries
from portal.domain.catalogue.models import Product
from portal.domain.errors import Invalid, NotFound, StaleVersion
from portal.domain.lifecycle import ClientService
from portal.domain.money import Money
from portal.outbox import EventRecord
from tests.factories import make_client, make_policy, make_product, make_service

pytestmark = pytest.mark.usefixtures("session", "clock")

BACKUP = {
    "sku": "BKP", "name": "Cloud Backup", "service_type": "backup_services", "billing_cycle": "monthly",
    "currency": "USD", "price": "149.95",
}  # fmt: skip
STEPS = [
    {"title": "Size the storage", "is_mandatory": True},
    {"title": "Tell the client", "is_mandatory": False},
]


def act(verb, **facts):
    with transaction():
        return verb(**facts, by=None, at=portal_clock.now())


def edit(product, version=1, checklist=(), **values):
    return act(catalogue.edit_product, product_id=product.id, version=version, checklist=checklist, **values)


def faults_of(verb, **facts):
    with pytest.raises(Invalid) as refusal:
        act(verb, **facts)
    return refusal.value.faults


def told(product_id):
    rows = sa.select(EventRecord.payload).filter_by(subject_type="product", subject_id=product_id)
    return [(each["what"], each["changes"]) for each in db.session.scalars(rows.order_by(EventRecord.id))]


def steps_of(product_id):
    db.session.expire_all()
    return [(item.title, item.is_mandatory) for item in db.session.get_one(Product, product_id).checklist]


@pytest.mark.parametrize(
    ("cycle", "per", "price", "cycle_price", "month_price"),
    [
        ("monthly", "cycle", "149.95", 14995, 14995),
        ("annually", "cycle", "2000.00", 200000, 16667),
        ("annually", "month", "100.00", 120000, 10000),
        ("quarterly", "month", "33.33", 9999, 3333),
        ("weekly", "month", "600.00", 13846, 59999),
        ("one-time", "cycle", "900.00", 90000, 0),
    ],
)
def test_a_price_is_entered_per_cycle_or_per_month(cycle, per, price, cycle_price, month_price):
    product = act(
        catalogue.create_product, **BACKUP | {"billing_cycle": cycle, "price": price, "price_per": per}
    )
    assert queries.price_of(product) == Money(cycle_price, "USD")
    assert queries.monthly_price_of(product) == Money(month_price, "USD")


def test_one_time_work_has_no_monthly_price():
    once = BACKUP | {"billing_cycle": "one-time", "price_per": "month"}
    assert "price" in faults_of(catalogue.create_product, **once)


def test_every_fault_of_a_product_stands_at_its_field():
    bad = {
        "sku": "a b", "name": "", "service_type": "magic", "billing_cycle": "fortnightly", "currency": "ZZZ",
        "term_months": "121", "notice_days": "-1", "uplift_percent": "x", "uplift_cap_percent": "101",
        "cancellation_fee_percent": "200", "sla_policy_id": "first",
    }  # fmt: skip
    steps = [{"title": "x" * 201}]
    faults = faults_of(catalogue.create_product, checklist=steps, **bad, price="1", setup_fee="1")
    assert faults.keys() == bad.keys() | {"price", "setup_fee", "checklist-0"}


def test_a_price_with_more_decimals_than_the_currency_is_refused():
    assert "price" in faults_of(catalogue.create_product, **BACKUP | {"currency": "JPY", "price": "10.50"})


def test_a_number_belongs_to_one_product():
    act(catalogue.create_product, **BACKUP)
    assert "sku" in faults_of(catalogue.create_product, **BACKUP)


def test_a_policy_that_does_not_exist_is_refused():
    assert "sla_policy_id" in faults_of(catalogue.create_product, **BACKUP, sla_policy_id=10**9)


def test_a_new_product_keeps_its_steps_in_order_and_is_told():
    product = act(catalogue.create_product, **BACKUP, checklist=[STEPS[1], {"title": " "}, STEPS[0]])
    assert steps_of(product.id) == [("Tell the client", False), ("Size the storage", True)]
    [(what, changes)] = told(product.id)
    assert what == "product added"
    assert changes["checklist"] == [[], ["Tell the client", "Size the storage*"]]


def test_steps_can_be_reordered_and_marked_and_that_counts_as_a_version():
    product = act(catalogue.create_product, **BACKUP, checklist=STEPS)
    edit(product, checklist=[STEPS[1] | {"is_mandatory": True}, STEPS[0]])
    assert steps_of(product.id) == [("Tell the client", True), ("Size the storage", True)]
    assert db.session.get_one(Product, product.id).version == 2
    assert told(product.id)[1][1].keys() == {"checklist"}


def test_a_stale_checklist_overwrites_nothing():
    product = act(catalogue.create_product, **BACKUP, checklist=STEPS)
    edit(product, checklist=STEPS[:1])
    with pytest.raises(StaleVersion) as refusal:
        edit(product, checklist=STEPS[1:])
    assert refusal.value.theirs == {"checklist": ("Tell the client", "Size the storage*")}
    assert steps_of(product.id) == [("Size the storage", True)]


def test_an_edit_tells_names_and_not_ids():
    product = make_product()
    edit(product, sla_policy_id=make_policy(name="gold").id)
    assert told(product.id) == [("product changed", {"sla_policy": ["none", "gold"]})]


def test_an_edit_that_changes_nothing_leaves_no_trace():
    product = make_product(name="Backup")
    edit(product, name="Backup ")
    assert told(product.id) == []
    assert product.version == 1


def test_a_sold_service_keeps_its_price():
    service = make_service(status="active")
    before = service.cycle_price_minor
    edit(db.session.get_one(Product, service.product_id), price="9999", billing_cycle="monthly")
    assert db.session.get_one(ClientService, service.id).cycle_price_minor == before


def test_a_product_keeps_its_number():
    with pytest.raises(Invalid, match="keeps its number"):
        edit(make_product(sku="ONE"), sku="TWO")


def test_a_product_that_was_sold_is_archived_and_can_come_back():
    service = make_service(status="cancelled")
    assert act(catalogue.remove_product, product_id=service.product_id) is False
    assert service.product_id not in [each.id for each in queries.products()]
    act(catalogue.restore_product, product_id=service.product_id)
    assert service.product_id in [each.id for each in queries.products()]


def test_a_product_that_was_never_sold_is_deleted():
    product = make_product(sku="GONE", checklist=("One*",))
    assert act(catalogue.remove_product, product_id=product.id) is True
    with pytest.raises(NotFound):
        queries.product_by_sku("GONE")


def test_skills_are_kept_once_each_and_in_one_spelling():
    product = act(catalogue.create_product, **BACKUP, required_skills="Linux, veeam,, LINUX ")
    assert product.required_skills == ["linux", "veeam"]


def test_the_listing_counts_living_services():
    product = make_product()
    client = make_client()
    make_service(product=product, client=client)
    make_service(product=product, client=client, status="cancelled")
    row = db.session.execute(queries.products_listing().where(Product.id == product.id)).mappings().one()
    assert row["services"] == 1


@pytest.mark.parametrize("entered", ["cloud", "BKP", "%", "_"])
def test_search_takes_text_as_it_is(entered):
    act(catalogue.create_product, **BACKUP)
    found = db.session.scalars(sa.select(Product.sku).where(queries.products_matching(entered))).all()
    assert found == (["BKP"] if entered.isalpha() else [])


def test_uplift_is_exact():
    assert act(catalogue.create_product, **BACKUP, uplift_percent="2.5").uplift_percent == Decimal("2.5")
