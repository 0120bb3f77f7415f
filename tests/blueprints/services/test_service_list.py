"""The list: what it finds, what it hides, what it costs."""

import csv
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from portal.clock import now, today
from portal.db import transaction
from portal.domain import lifecycle
from portal.domain.staff import Role
from tests.browsing import Browser, Page
from tests.factories import Cast, make_client, make_product, make_service

SORTS = ("name", "client", "status", "health_score", "monthly_cost_minor", "next_date", "technician")


def names(page: Page) -> list[str]:
    return [cell.text.strip() for cell in page.soup.select("td.is-key a[href^='/services/']")]


def statements_of(act) -> int:
    sent = []
    listener = lambda *given: sent.append(given[2])  # noqa: E731
    sa.event.listen(sa.Engine, "before_cursor_execute", listener)
    act()
    sa.event.remove(sa.Engine, "before_cursor_execute", listener)
    return len(sent)


@pytest.fixture
def book(session, cast: Cast):
    """Services that differ in all that can be filtered."""
    acme = make_client(name="Acme Foods", code="ACME")
    near = make_client(name="Acme Near", code="ACME-2")
    monitoring = make_product(service_type="monitoring", name="Monitoring")
    with transaction():
        session.flush()
    services = {
        "mine": make_service(
            status="active", client=acme, name="Mine", technician_id=cast.tom.id, tags=["gold"]
        ),
        "watch": make_service(
            status="active", client=near, product=monitoring, name="Watch", auto_renewal=True
        ),
        "idle": make_service(status="suspended", client=acme, name="Idle"),
        "new": make_service(client=near, name="New", start_date=today() + timedelta(days=5)),
        "gone": make_service(status="cancelled", client=near, name="Gone"),
    }
    with transaction():
        services["mine"].health_score = 35
        services["watch"].health_score = 90
        services["watch"].renewal_date = today() + timedelta(days=20)
        services["idle"].renewal_date = today() - timedelta(days=2)
        services["mine"].renewal_date = today() - timedelta(days=1)
    return services


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=active", {"Mine", "Watch"}),
        ("status=active&status=suspended", {"Mine", "Watch", "Idle"}),
        ("client=ACME", {"Mine", "Idle"}),
        ("client=acme", {"Mine", "Watch", "Idle", "New", "Gone"}),
        ("type=monitoring", {"Watch"}),
        ("technician=me", {"Mine"}),
        ("technician=none", {"Watch", "Idle", "New"}),
        ("technician=none&technician=me", {"Mine", "Watch", "Idle", "New"}),
        ("health=critical", {"Mine"}),
        ("health=healthy&health=critical", {"Mine", "Watch"}),
        ("health=unscored", {"Idle", "New", "Gone"}),
        ("renewal=30", {"Watch"}),
        ("renewal=overdue", {"Mine"}),
        ("tag=gold", {"Mine"}),
        ("tag=gol", set()),
        ("q=watch", {"Watch"}),
        ("q=acme+watch", {"Watch"}),
        ("q=acme+2+wat", {"Watch"}),
        ("q='+|+!", set()),
        ("q=%00", {"Mine", "Watch", "Idle", "New", "Gone"}),
        ("status=nonsense&technician=9e9&renewal=x", {"Mine", "Watch", "Idle", "New", "Gone"}),
    ],
)
def test_filters_and_search_find_what_they_say(
    browser: Browser, cast: Cast, book, query: str, found: set
) -> None:
    page = browser.sign_in(cast.tom).get(f"/services?{query}")
    assert page.status == 200
    assert set(names(page)) == found


def test_a_service_is_found_by_the_name_that_it_and_its_client_have_now(book, cast: Cast, browser: Browser):
    browser.sign_in(cast.ana)
    with transaction():
        book["mine"].name = "Nightly copy"
        book["watch"].client.name = "Bolt Works"
    assert names(browser.get("/services?q=acme+nightly")) == ["Nightly copy"]
    assert set(names(browser.get("/services?q=bolt"))) == {"Watch", "New", "Gone"}
    assert names(browser.get("/services?q=near")) == []


def test_the_next_date_says_what_happens_then(browser: Browser, cast: Cast, book) -> None:
    text = browser.sign_in(cast.vic).get("/services").text
    assert "renews in 20 days" in text and "ended yesterday" in text and "starts in 5 days" in text
    with transaction():
        day = today() + timedelta(days=9)
        lifecycle.cancel(
            service_id=book["watch"].id, effective_on=day, reason="moves", by=cast.adi.id, at=now()
        )
    assert "cancels in 9 days" in browser.get("/services?q=watch").text


def test_the_foot_adds_up_each_currency_by_itself(browser: Browser, cast: Cast) -> None:
    make_service(status="active", cycle_price_minor=100_00)
    make_service(status="suspended", cycle_price_minor=50_00)
    make_service(status="active", client=make_client(currency="EUR"), cycle_price_minor=70_00)
    foot = " ".join(browser.sign_in(cast.fay).get("/services").soup.tfoot.text.split())
    assert foot == "A month 70.00\u00a0EUR · 150.00\u00a0USD (100.00\u00a0USD active)".replace("\u00a0", " ")
    assert (
        browser.sign_in(cast.vic).get("/services").soup.tfoot is None
        or "USD" not in browser.get("/services").text
    )


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{each}" for each in SORTS)])
def test_pages_in_every_order_show_each_service_once(
    browser: Browser, cast: Cast, session, sort: str
) -> None:
    client, product = make_client(), make_product()
    services = [make_service(client=client, product=product, status="active") for _ in range(30)]
    with transaction():
        for number, service in enumerate(services):
            service.name = f"Service {number % 7}"
            service.health_score = number % 5 * 10 if number % 3 else None
            service.technician_id = cast.tom.id if number % 2 else None
            service.renewal_date = today() + timedelta(days=number % 4) if number % 5 else None
    browser.sign_in(cast.ana)
    url, seen = f"/services?sort={sort}&size=25", []
    while url:
        page = browser.get(url)
        seen += [row["id"] for row in page.soup.select("tbody tr")]
        following = page.soup.select_one("a[rel=next]")
        url = following["href"] if following else None
    assert len(seen) == len(set(seen)) == 30


@pytest.mark.parametrize("role", list(Role))
def test_a_page_takes_few_queries_however_many_rows(browser: Browser, cast: Cast, role: Role) -> None:
    client, product = make_client(), make_product()
    for _ in range(30):
        make_service(client=client, product=product, technician_id=cast.tom.id, tags=["gold"])
    browser.sign_in(cast.by_role()[role])
    url = "/services?q=product&technician=me&technician=none&status=pending&health=unscored&size=25"
    assert statements_of(lambda: browser.ask("GET", url)) <= 12


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.VIEWER])
def test_money_cannot_be_sorted_by_or_exported_by_those_who_do_not_see_it(
    browser: Browser, cast: Cast, role: Role
) -> None:
    make_service(status="active", name="Backup", cycle_price_minor=123_456)
    browser.sign_in(cast.by_role()[role])
    assert (
        browser.get("/services?sort=monthly_cost_minor").soup.select_one("th[aria-sort]").text.strip()
        == "Service"
    )
    file = browser.ask(
        "GET", "/services?export=csv&columns=name&columns=monthly_cost_minor&columns=cycle_price_minor"
    )
    assert "Backup" in file.body and "1234" not in file.body


def test_the_files_hold_exactly_the_filtered_rows(browser: Browser, cast: Cast) -> None:
    make_service(status="active", name="=1+1", cycle_price_minor=123_456)
    make_service(name="Other")
    browser.sign_in(cast.ana)
    text = browser.ask("GET", "/services?status=active&export=csv").answer.get_data().decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(text)))
    assert [(row["Service"], row["Monthly cost"], row["Currency"]) for row in rows] == [
        ("'=1+1", "1234.56", "USD")
    ]
    sheet = load_workbook(
        BytesIO(browser.ask("GET", "/services?status=active&export=xlsx").answer.get_data())
    ).active
    cells = {cell.value: cell.column for cell in sheet[1]}
    assert sheet.max_row == 2
    assert (
        sheet.cell(2, cells["Service"]).value == "=1+1"
        and sheet.cell(2, cells["Monthly cost"]).value == 1234.56
    )


@pytest.mark.parametrize("tab", ["timeline", "invoices", "incidents", "provisioning", "notices"])
def test_the_page_of_a_service_takes_a_bounded_number_of_queries(
    browser: Browser, cast: Cast, tab: str
) -> None:
    service = make_service(status="active", technician_id=cast.tom.id, monitoring_enabled=True)
    browser.sign_in(cast.adi)
    assert statements_of(lambda: browser.ask("GET", f"/services/{service.id}?tab={tab}")) <= 25
