"""Changing one price and many, on pages: what is shown before, what happens, what is taken back."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from portal.clock import now
from portal.db import db, transaction
from portal.domain.billing import running
from portal.domain.billing.models import InvoiceLine
from portal.domain.lifecycle import ClientService
from portal.domain.pricing.models import PriceBatch, PriceChange
from portal.domain.words import PriceState
from portal.jobs.prices import change_prices
from portal.jobs.worker import drain_all
from tests.factories import make_client, make_product, make_service

START = date(2026, 3, 1)


@pytest.fixture(autouse=True)
def at_the_start(clock):
    clock.set(START)
    return clock


def active(**facts):
    service = make_service(status="active", start_date=START, **({"cycle_price_minor": 31_000} | facts))
    drain_all()
    return service


def bill(clock, on):
    clock.set(on)
    with transaction():
        running.run(as_of=on, at=now())


def price_of(service):
    return db.session.get_one(ClientService, service.id, populate_existing=True).cycle_price_minor


def form_of(page):
    """What the form on the page would send."""
    fields = page.soup.select("#main form[method=post] input, #main form[method=post] select")
    sent = {}
    for field in fields:
        if field.name == "select":
            chosen = field.find("option", selected=True) or field.find("option")
            sent[field["name"]] = chosen["value"]
        elif field.get("type") != "radio" or field.has_attr("checked"):
            sent[field["name"]] = field.get("value", "")
    return {name: value for name, value in sent.items() if name not in ("csrf_token", "preview")}


def test_the_page_says_to_the_cent_what_will_be_billed(browser, cast, clock):
    service = active()
    bill(clock, START)
    clock.set(date(2026, 3, 11))
    browser.sign_in(cast.ana)
    path = f"/services/{service.id}/change-price"
    form = form_of(browser.get(path)) | {"unit_price": "620.00"}
    shown = browser.post(path, form | {"preview": "yes"}).text
    assert "Credit 210.00 USD for 21 of 31 days, charge 420.00 USD for the same days." in shown
    assert "Monthly revenue: 310.00 USD more" in shown and price_of(service) == 31_000
    assert "Next invoice at the new price: 620.00 USD for 1 Apr 2026 – 30 Apr 2026." in shown
    browser.post(path, form)
    drain_all()
    amounts = db.session.scalars(sa.select(InvoiceLine.amount_minor).order_by(InvoiceLine.id)).all()
    assert amounts == [31_000, -21_000, 42_000]


def test_a_change_for_the_next_billing_day_is_planned_shown_and_withdrawn(browser, cast, clock):
    service = active()
    bill(clock, START)
    browser.sign_in(cast.ana)
    path = f"/services/{service.id}/change-price"
    browser.post(path, form_of(browser.get(path)) | {"quantity": "3", "when": "boundary"})
    row = db.session.scalars(sa.select(PriceChange)).one()
    assert (row.effective_on, row.quantity, price_of(service)) == (date(2026, 4, 1), 3, 31_000)
    assert "Planned prices" in browser.get(f"/services/{service.id}").text
    withdraw = f"/services/{service.id}/price-changes/{row.id}/withdraw"
    assert "It stays at 310.00 USD a month instead of 930.00 USD" in browser.get(withdraw).text
    browser.post(withdraw)
    assert "Planned prices" not in browser.get(f"/services/{service.id}").text
    change_prices(date(2026, 4, 1))
    assert price_of(service) == 31_000


def test_a_discount_until_a_day_shows_on_the_service(browser, cast):
    service = active()
    browser.sign_in(cast.ana)
    path = f"/services/{service.id}/change-price"
    wanted = {"discount_kind": "percent", "discount": "10", "discount_until": "2026-06-01"}
    browser.post(path, form_of(browser.get(path)) | wanted)
    page = browser.get(f"/services/{service.id}").text
    assert price_of(service) == 27_900 and "10 %" in page and "the discount ends" in page


@pytest.mark.parametrize(
    ("entered", "field"),
    [
        ({"unit_price": "12,x"}, "unit_price"),
        ({"quantity": "0"}, "quantity"),
        ({"discount_kind": "percent", "discount": "200"}, "discount_kind"),
        ({"discount_kind": "amount", "discount": ""}, "discount_kind"),
        ({"when": "date"}, "when"),
        ({"when": "date", "effective_on": "2026-02-28", "quantity": "2"}, "effective_on"),
        ({"discount_kind": "percent", "discount": "5", "discount_until": "2026-03-01"}, "discount_until"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_kept(browser, cast, entered, field):
    service = active()
    browser.sign_in(cast.ana)
    path = f"/services/{service.id}/change-price"
    page = browser.post(path, form_of(browser.get(path)) | entered)
    assert page.status == 422 and page.soup.find(id=f"{field}-error")
    assert price_of(service) == 31_000


def test_a_price_that_changed_meanwhile_is_not_overwritten(browser, cast):
    service = active()
    browser.sign_in(cast.ana)
    path = f"/services/{service.id}/change-price"
    first = form_of(browser.get(path))
    browser.post(path, first | {"quantity": "2"})
    page = browser.post(path, first | {"quantity": "3"})
    assert page.status == 409 and price_of(service) == 62_000


def test_an_ended_service_has_no_price_to_change(browser, cast):
    service = make_service(status="cancelled")
    browser.sign_in(cast.ana)
    assert browser.get(f"/services/{service.id}/change-price").status == 409
    assert "Change price" not in browser.get(f"/services/{service.id}").text


def proposed(browser, **wanted):
    asked = browser.get("/billing/prices/new")
    answer = browser.post("/billing/prices/new", form_of(asked) | wanted)
    return answer.headers["Location"].partition("?")[0]


def test_many_prices_are_shown_line_by_line_confirmed_and_undone(browser, cast, clock):
    product = make_product(cycle_price_minor=10_000)
    one, other = (active(product=product, cycle_price_minor=None) for _ in range(2))
    free = active(product=product, cycle_price_minor=0)
    bill(clock, START)
    browser.sign_in(cast.fay)
    at = proposed(browser, product_id=str(product.id), value="5")
    page = browser.get(at)
    assert "105.00 USD" in page.text and "It is free of charge." in page.text and "+10.00 USD" in page.text
    assert "2 services get a new price on their next billing day" in browser.get(f"{at}/confirm").text
    browser.post(f"{at}/confirm")
    assert "2 services keep the price" in browser.get(f"{at}/undo").text
    browser.post(f"{at}/undo")
    change_prices(date(2026, 4, 1))
    assert (price_of(one), price_of(other), price_of(free)) == (10_000, 10_000, 0)
    batch = db.session.scalars(sa.select(PriceBatch)).one()
    assert batch.state is PriceState.WITHDRAWN
    assert "Withdrawn" in browser.get("/billing/prices").text


def test_what_is_confirmed_for_today_happens_in_the_background(browser, cast):
    client = make_client()
    service = active(client=client)
    browser.sign_in(cast.fay)
    wanted = {"client_id": str(client.id), "by": "amount", "value": "−10.00", "when": "now"}
    at = proposed(browser, **wanted)
    browser.post(f"{at}/confirm")
    drain_all()
    assert price_of(service) == 30_000
    assert browser.post(f"{at}/undo").status == 409
    assert "Done" in browser.get(at).text


def test_services_ticked_in_the_list_are_the_ones_that_change(browser, cast):
    chosen, other = active(), active()
    browser.sign_in(cast.adi)
    asked = browser.get(f"/billing/prices/new?ids={chosen.id}")
    assert asked.soup.find(attrs={"name": "product_id"}) is None
    answer = browser.post("/billing/prices/new", form_of(asked) | {"value": "10", "when": "now"})
    browser.post(f"{answer.headers['Location']}/confirm")
    drain_all()
    assert (price_of(chosen), price_of(other)) == (34_100, 31_000)


@pytest.mark.parametrize(
    ("entered", "field"),
    [
        ({"value": "a lot"}, "value"),
        ({"value": "0"}, "value"),
        ({"by": "amount", "value": "1.001"}, "value"),
        ({"value": "5", "when": "date"}, "when"),
        ({"value": "5", "when": "date", "effective_on": str(START - timedelta(days=1))}, "effective_on"),
        ({"value": "5", "product_id": ""}, "product_id"),
    ],
)
def test_a_bulk_change_that_cannot_be_is_refused_at_its_field(browser, cast, entered, field):
    product = active().product
    browser.sign_in(cast.fay)
    form = form_of(browser.get("/billing/prices/new")) | {"product_id": str(product.id)} | entered
    page = browser.post("/billing/prices/new", form)
    assert page.status == 422 and page.soup.find(id=f"{field}-error")
