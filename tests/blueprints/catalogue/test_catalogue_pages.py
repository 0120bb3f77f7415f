"""The pages of the catalogue, as people see and use them."""

import csv
import io

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import catalogue
from portal.domain.catalogue.models import Calendar, Product, SlaPolicy
from portal.domain.words import Severity
from tests.factories import make_calendar, make_policy, make_product, make_service

pytestmark = pytest.mark.usefixtures("session", "clock")

BACKUP = {
    "sku": "BKP", "name": "Cloud Backup", "service_type": "backup_services", "service_level": "standard",
    "billing_cycle": "quarterly", "currency": "USD", "price": "100.00", "price_per": "month", "setup_fee": "",
    "term_months": "12", "notice_days": "30", "uplift_percent": "0",
    "step": ["Size it", "Tell them"], "mandatory": ["0"],
}  # fmt: skip
GOLD = {"name": "gold", "availability_target": "99.95", "terms": ""} | {
    f"{severity}_{clock}": target
    for severity in Severity
    for clock, target in (("response", "1 h"), ("resolution", "8 h"))
}
BERLIN = {
    "name": "berlin",
    "timezone": "Europe/Berlin",
    "windows": "Mon-Fri 09:00-17:00",
    "holidays_country": "DE",
}


def names(page):
    return [cell.text.strip() for cell in page.soup.select("td.is-key a")]


def steps_in(page):
    inputs = page.soup.select("input[name=step]")
    ticks = page.soup.select("input[name=mandatory]")
    return [(each.get("value"), tick.has_attr("checked")) for each, tick in zip(inputs, ticks, strict=True)]


@pytest.fixture
def ana(cast, browser):
    return browser.sign_in(cast.ana)


def test_products_are_filtered_and_searched(ana):
    make_product(name="Backup", service_type="backup_services", billing_cycle="annually")
    make_product(name="Desk", service_type="support", is_active=False)
    for query, found in {
        "service_type=support": ["Desk"],
        "billing_cycle=annually": ["Backup"],
        "is_active=yes": ["Backup"],
        "q=des": ["Desk"],
    }.items():
        assert names(ana.get(f"/catalogue?{query}")) == found


@pytest.mark.parametrize("who", ["tom", "vic"])
def test_prices_are_hidden_from_those_who_may_not_see_them(cast, browser, who):
    make_product(sku="BKP", name="Backup", cycle_price_minor=123456, setup_fee_minor=4321)
    browser.sign_in(getattr(cast, who))
    pages = [
        browser.get(path).text for path in ("/catalogue?sort=-cycle_price_minor", "/catalogue/products/BKP")
    ]
    pages.append(browser.get("/catalogue?export=csv").body)
    assert "Backup" in pages[0]
    assert not [amount for amount in ("1,234.56", "1234.56", "43.21") for text in pages if amount in text]


def test_the_export_holds_prices_for_those_who_may_see_them(cast, browser):
    make_product(sku="BKP", cycle_price_minor=123456)
    browser.sign_in(cast.fay)
    text = browser.get("/catalogue?export=csv").body.removeprefix("\ufeff")
    [row] = csv.DictReader(io.StringIO(text))
    assert (row["Price of a cycle"], row["Currency"]) == ("1234.56", "USD")


def test_the_page_of_a_product_tells_price_terms_sla_and_steps(ana):
    policy = make_policy(name="gold")
    make_product(
        sku="BKP", billing_cycle="annually", cycle_price_minor=200000, checklist=("Size it*", "Tell them"),
        sla_policy_id=policy.id,
    )  # fmt: skip
    text = ana.get("/catalogue/products/BKP").text
    for said in ("2,000.00", "166.67", "a year", "Size it", "Mandatory", "gold", "99.9 %", "12 months"):
        assert said in text, said


def test_a_product_is_added_with_its_price_by_the_month(ana):
    answer = ana.post("/catalogue/products/new", BACKUP)
    assert (answer.status, answer.headers["Location"]) == (303, "/catalogue/products/BKP")
    product = db.session.scalar(sa.select(Product))
    assert product.cycle_price_minor == 30000
    assert [(item.title, item.is_mandatory) for item in product.checklist] == [
        ("Size it", True),
        ("Tell them", False),
    ]


def test_faults_stand_at_their_fields_and_what_was_entered_is_kept(ana):
    answer = ana.post(
        "/catalogue/products/new", BACKUP | {"price": "ten", "term_months": "999", "step": ["x" * 201, "ok"]}
    )
    assert answer.status == 422
    assert {each["id"] for each in answer.soup.select(".field-error[id]")} == {
        "price-error",
        "term_months-error",
    }
    assert "Step 1: At most 200 characters" in answer.text
    assert answer.soup.select("input[name=step]")[0]["aria-invalid"] == "true"
    assert steps_in(answer)[1] == ("ok", False)


@pytest.mark.parametrize(
    ("move", "steps"),
    [
        ("add", [("Size it", True), ("Tell them", False), ("", False)]),
        ("down-0", [("Tell them", False), ("Size it", True)]),
        ("remove-0", [("Tell them", False)]),
    ],
)
def test_steps_are_arranged_without_saving_and_without_javascript(ana, move, steps):
    page = ana.post("/catalogue/products/new", BACKUP | {"move": move})
    assert (page.status, steps_in(page)) == (200, steps)
    assert page.value("price") == "100.00"
    assert db.session.scalar(sa.select(sa.func.count(Product.id))) == 0


def test_the_checklist_of_a_product_is_reordered(ana):
    make_product(sku="BKP", checklist=("Size it*", "Tell them"))
    page = ana.get("/catalogue/products/BKP/edit")
    assert steps_in(page) == [("Size it", True), ("Tell them", False)]
    moved = ana.post(
        "/catalogue/products/BKP/edit",
        BACKUP | {"version": page.value("version"), "step": ["Size it", "Tell them"], "move": "up-1"},
    )
    saved = BACKUP | {
        "version": moved.value("version"),
        "step": [title for title, _ in steps_in(moved)],
        "mandatory": ["1"],
    }
    assert ana.post("/catalogue/products/BKP/edit", saved).status == 303
    product = db.session.scalar(sa.select(Product))
    assert [(item.title, item.is_mandatory) for item in product.checklist] == [
        ("Tell them", False),
        ("Size it", True),
    ]


def test_a_move_under_htmx_redraws_the_region_and_says_where_the_focus_goes(ana):
    page = ana.post(
        "/catalogue/products/new", BACKUP | {"move": "add"}, htmx=True, headers={"HX-Target": "main"}
    )
    assert page.soup.select_one("input[data-focus]")["aria-label"] == "Step 3"
    assert page.soup.find("html") is None


def test_a_stale_product_shows_both_values(ana):
    make_product(sku="BKP", name="Cloud Backup")
    ana.post("/catalogue/products/BKP/edit", BACKUP | {"version": "1", "term_months": "24"})
    answer = ana.post("/catalogue/products/BKP/edit", BACKUP | {"version": "1", "term_months": "36"})
    assert answer.status == 409
    assert [cell.text for cell in answer.soup.find("th", string="Term months").parent.find_all("td")] == [
        "36",
        "24",
    ]
    assert answer.value("version") == "2"


def test_removal_says_which_kind_it_is(ana):
    unused = make_product(name="Draft")
    sold = make_service(status="active").product
    assert ana.get(f"/catalogue/products/{unused.sku}/remove").soup.find("button", string="Delete Draft")
    page = ana.get(f"/catalogue/products/{sold.sku}/remove")
    assert page.soup.find("button", string=f"Archive {sold.name}")
    assert "1 service keeps running" in page.text
    assert ana.post(f"/catalogue/products/{sold.sku}/remove").status == 303
    assert "Sell again" in ana.get(f"/catalogue/products/{sold.sku}").text
    assert ana.post(f"/catalogue/products/{sold.sku}/restore").status == 303
    assert sold.is_active
    assert ana.post(f"/catalogue/products/{unused.sku}/remove").headers["Location"] == "/catalogue"


def test_a_number_of_no_product_is_404(ana):
    assert ana.get("/catalogue/products/nothing").status == 404
    assert ana.get("/catalogue/products/a%00b").status == 404


def test_policies_are_listed_with_their_targets_and_use(ana):
    policy = make_policy(name="gold")
    make_product(sla_policy_id=policy.id)
    text = ana.get("/catalogue/policies").text
    for said in ("gold", "99.9 %", "1 h", "8 h", policy.calendar.name):
        assert said in text, said


def test_a_policy_is_added_and_changed(ana):
    calendar = make_calendar()
    gold = GOLD | {"calendar_id": str(calendar.id)}
    assert ana.post("/catalogue/policies/new", gold).status == 303
    policy = db.session.scalar(sa.select(SlaPolicy))
    path = f"/catalogue/policies/{policy.id}"
    page = ana.get(path)
    assert (page.value("critical_response"), page.value("availability_target")) == ("1 h", "99.95")
    changed = gold | {"critical_response": "15 min", "version": page.value("version")}
    assert ana.post(path, changed).status == 303
    assert {each.severity: each.response_minutes for each in policy.targets}[Severity.CRITICAL] == 15
    stale = ana.post(path, changed | {"critical_response": "20 min"})
    assert (stale.status, "20 min" in stale.text, "15 min" in stale.text) == (409, True, True)


def test_a_target_that_is_no_time_is_refused_at_its_field(ana):
    gold = GOLD | {"calendar_id": str(make_calendar().id), "high_response": "soon", "low_resolution": "5 min"}
    answer = ana.post("/catalogue/policies/new", gold)
    assert answer.status == 422
    assert {each["id"] for each in answer.soup.select(".field-error")} == {
        "high_response-error",
        "low_resolution-error",
    }


def test_a_policy_in_use_says_what_to_do_instead(ana):
    policy = make_policy(name="gold")
    make_product(name="Backup", sla_policy_id=policy.id)
    assert "Backup" in ana.get(f"/catalogue/policies/{policy.id}/remove").text
    assert ana.post(f"/catalogue/policies/{policy.id}/remove").status == 409
    unused = make_policy(name="tin")
    assert ana.get(f"/catalogue/policies/{unused.id}/remove").soup.find("button", string="Delete tin")
    assert ana.post(f"/catalogue/policies/{unused.id}/remove").status == 303


def test_an_archived_policy_can_be_offered_again(ana):
    policy = make_policy(is_active=False)
    assert ana.post(f"/catalogue/policies/{policy.id}/restore").status == 303
    assert policy.is_active


def test_calendars_are_drawn_with_their_week_and_days_off(ana):
    calendar = make_calendar(name="berlin", windows="Mon-Fri 08:00-12:00,13:00-17:00", holidays_country="DE")
    make_policy(name="gold", calendar=calendar)
    page = ana.get("/catalogue/calendars")
    for said in ("40 h a week", "08:00–12:00, 13:00–17:00", "Christmas Day", "used by gold"):
        assert said in page.text, said
    assert len(page.soup.select(".week rect.open")) == 10


def test_a_calendar_is_added_with_days_off_and_changed(ana):
    days = {"day": ["2026-12-23", ""], "day_name": ["Staff party", ""]}
    assert ana.post("/catalogue/calendars/new", BERLIN | days | {"region": "by"}).status == 303
    calendar = db.session.scalar(sa.select(Calendar))
    assert calendar.holidays_country == "DE-BY"
    path = f"/catalogue/calendars/{calendar.id}"
    page = ana.get(path)
    assert (page.value("day"), page.value("region")) == ("2026-12-23", "BY")
    changed = BERLIN | {"version": page.value("version"), "windows": "Mon-Sat 09:00-17:00"}
    assert ana.post(path, changed).status == 303
    assert calendar.holidays == []
    assert ana.post(path, changed | {"windows": "Mon 09:00-17:00"}).status == 409


def test_hours_that_cannot_be_read_are_refused_at_their_field(ana):
    answer = ana.post(
        "/catalogue/calendars/new", BERLIN | {"windows": "nine to five", "day": ["soon"], "day_name": [""]}
    )
    assert answer.status == 422
    assert "Mon-Fri 09:00-17:00" in answer.soup.find(id="windows-error").text
    assert "Day 1: A date such as" in answer.text


def test_the_preview_shows_what_is_being_entered_and_saves_nothing(ana):
    entered = BERLIN | {"move": "preview", "windows": "Mon 09:00-11:30"}
    assert "2 h 30 min a week" in ana.post("/catalogue/calendars/new", entered).text
    typing = ana.post("/catalogue/calendars/new", entered, htmx=True, headers={"HX-Target": "preview"})
    assert typing.soup.find(id="preview")
    assert typing.soup.find("form") is None
    wrong = ana.post(
        "/catalogue/calendars/new", entered | {"windows": "x"}, htmx=True, headers={"HX-Target": "preview"}
    )
    assert "are no business hours" in wrong.text
    assert db.session.scalar(sa.select(sa.func.count(Calendar.id))) == 0


def test_a_calendar_in_use_says_what_to_do_instead(ana):
    calendar = make_calendar(name="berlin")
    policy = make_policy(name="gold", calendar=calendar)
    assert "gold" in ana.get(f"/catalogue/calendars/{calendar.id}/remove").text
    assert ana.post(f"/catalogue/calendars/{calendar.id}/remove").status == 409
    with transaction():
        catalogue.remove_policy(policy_id=policy.id, by=None, at=portal_clock.now())
    assert ana.post(f"/catalogue/calendars/{calendar.id}/remove").status == 303
