"""The revenue pages: pictures and tables tell one story, and every figure leads to the list that it counts."""

import csv
from datetime import date
from io import BytesIO, StringIO

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import exchange, lifecycle
from portal.domain.money import Money
from portal.web.charts import Column, Part, columns
from tests.factories import make_client, make_product, make_service

TODAY = date(2026, 11, 20)


def act(verb, **facts):
    with transaction():
        return verb(**facts, by=None, at=portal_clock.now())


@pytest.fixture
def book(cast, clock):
    """Acme sells on from June, loses a part in September; Birch in euros; one service is paused."""
    clock.set(date(2026, 6, 10))
    acme = make_client(code="ACME", name="Acme & <b>Sons", account_manager_id=cast.ana.id)
    small = make_service(status="active", client=acme, product=make_product(cycle_price_minor=30_000))
    make_service(status="active", client=acme, product=make_product(name="Backup", sku="BACKUP"))
    clock.set(date(2026, 9, 2))
    act(lifecycle.cancel, service_id=small.id, effective_on=portal_clock.today(), reason="gone")
    birch = make_client(code="BIRCH", name="Birch", currency="EUR")
    make_service(
        status="active", client=birch, product=make_product(currency="EUR", cycle_price_minor=50_000)
    )
    clock.set(date(2026, 10, 1))
    make_service(status="suspended", client=acme, product=make_product(cycle_price_minor=7_000))
    clock.set(TODAY)
    return acme


@pytest.fixture
def ana(browser, cast, book):
    return browser.sign_in(cast.ana)


@pytest.fixture
def fay(browser, cast):
    return browser.sign_in(cast.fay)


def told(page, chart):
    """{(month, name): amount} that a chart's columns say of themselves."""
    svg = page.soup.find(id=f"{chart}-title").parent
    words = [rect.title.string.replace("\xa0", " ") for rect in svg.find_all("rect")]
    found = {}
    for each in words:
        month, _, said = each.partition(": ")
        name, amount = said.rsplit(" ", 1)[0].rsplit(" ", 1)
        found[(month, name)] = plain(amount)
    return found


def written(page, chart):
    """The same, from the cells of the table beside the chart."""
    table = page.soup.find(id=f"{chart}-title").find_parent("section").find("table")
    found = {}
    for row in table.tbody.find_all("tr"):
        month = row.find("th").get_text(strip=True)
        for cell in row.select("td[data-kind]"):
            amount = plain(cell.get_text(strip=True))
            if amount not in ("–", "0.00"):
                found[(month, cell["data-kind"])] = amount
    return found


def plain(amount):
    return amount.replace("\xa0", " ").split(" ")[0].lstrip("+").replace("\u2212", "-")


def test_the_bridge_says_what_its_table_says(ana):
    page = ana.get("/revenue")
    assert told(page, "bridge") == written(page, "bridge") == {
        ("Jun 2026", "new"): "1,300.00",
        ("Sep 2026", "contraction"): "-300.00",
        ("Oct 2026", "expansion"): "70.00",
        ("Oct 2026", "paused"): "-70.00",
    }  # fmt: skip


def test_the_trend_says_what_its_table_says(ana):
    page = ana.get("/revenue")
    trend = {month: amount for (month, _), amount in told(page, "trend").items()}
    assert trend == {month: amount for (month, _), amount in written(page, "trend").items()}
    assert (trend["Jun 2026"], trend["Nov 2026"]) == ("1,300.00", "1,000.00")


def test_the_projection_says_what_its_table_says(ana):
    page = ana.get("/revenue/projection?ahead=24")
    ahead = {month: amount for (month, _), amount in told(page, "projection").items()}
    assert ahead == {month: amount for (month, _), amount in written(page, "projection").items()}
    assert len(page.soup.select("[data-kind=projected]")) == 24 and ahead["May 2027"] == "1,000.00"
    assert "Jul 2027" not in ahead, "the term ends on 10 Jun without auto-renewal"


def test_a_chart_is_drawn_inside_its_frame_and_piles_up(app):
    def part(minor):
        return Part("new" if minor > 0 else "churn", "x", Money(minor, "JPY"))

    with app.test_request_context():
        chart = columns([Column("a", [part(70), part(30), part(-20)]), Column("b", [part(-90)])])
    low = max(bar.y + bar.height for bar in chart.bars)
    assert min(bar.y for bar in chart.bars) >= 0 and low <= chart.height
    assert chart.bars[0].words.replace("\xa0", " ") == "a: x 70 JPY"
    first, second, loss, other = chart.bars
    assert second.y + second.height == first.y and first.y + first.height == chart.zero == loss.y == other.y
    assert abs(other.height - 9 * loss.height / 2) <= 3


def test_every_movement_leads_to_the_rows_that_it_adds_up(ana):
    page = ana.get("/revenue")
    for cell in page.soup.select("td[data-kind] a[href^='/revenue/movements']"):
        rows = read(ana, cell["href"] + "&export=csv")
        assert sum(float(row["Change of MRR"]) for row in rows) == pytest.approx(
            float(plain(cell.get_text(strip=True)).replace(",", ""))
        )


def read(browser, path):
    answer = browser.ask("GET", path)
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(StringIO(answer.answer.get_data().decode("utf-8-sig"))))


def test_figures_by_currency_have_no_total_without_a_rate(ana, book):
    text = ana.get("/revenue").text
    assert "1,000.00 USD" in text and "500.00 EUR" in text
    assert "No total: there is no rate for EUR" in text and "Enter one" not in text


def test_with_a_rate_there_is_a_total(ana):
    with transaction():
        exchange.put(
            values={"currency": "EUR", "on_date": "2026-11-01", "rate": "1.1"},
            by=None,
            at=portal_clock.now(),
        )
    text = ana.get("/revenue").text
    assert "In USD 1,550.00 USD at EUR 1.1 of 1 Nov 2026" in text


def test_the_figures_link_to_the_services_that_they_count(ana):
    page = ana.get("/revenue?type=managed_services")
    links = {a["href"] for a in page.soup.select(".stat a, td a")}
    assert "/services?type=managed_services&status=active" in links
    assert "/services?type=managed_services&status=suspended" in links


@pytest.mark.parametrize(
    ("query", "closing"),
    [
        ("", "1,000.00"),
        ("currency=EUR", "500.00"),
        ("client=ACME", "1,000.00"),
        ("product=BACKUP", "1,000.00"),
        ("client=BIRCH&currency=USD", "0.00"),
        ("until=2026-06", "1,300.00"),
        ("until=2026-05", "0.00"),
        ("until=2099-01&months=999&currency=XXX&type=no&manager=x", "1,000.00"),
        ("until=0001-01", "1,000.00"),
        ("manager=99999999999999999999", "1,000.00"),
        ("client=%00&product=%27", "0.00"),
    ],
)
def test_the_address_says_what_is_shown(ana, query, closing):
    page = ana.get(f"/revenue?{query}")
    row = page.soup.select("#movements tbody tr")[0]
    assert plain(row.select("td strong")[0].get_text()) == closing


def test_a_manager_sees_the_own_share(ana, cast):
    page = ana.get(f"/revenue?manager={cast.ana.id}")
    assert page.soup.find("option", selected=True, string="Ana Reyes")
    assert "1,000.00 USD" in page.text and "EUR" not in page.soup.select_one(".stats").text


def test_markup_in_names_is_text(ana):
    page = ana.get("/revenue")
    assert "Acme & <b>Sons" in page.text
    assert "Client: Acme & <b>Sons" in ana.get("/revenue?client=ACME").text


@pytest.mark.parametrize(
    ("part", "row"),
    [
        ("client", ["Acme & <b>Sons", "1", "1,000.00 USD", "12,000.00 USD", "1,000.00 USD", "70.00 USD"]),
        ("type", ["Managed services", "1", "1,000.00 USD", "12,000.00 USD", "1,000.00 USD", "70.00 USD"]),
        ("product", ["Backup", "1", "1,000.00 USD", "12,000.00 USD", "1,000.00 USD", "0.00 USD"]),
        ("manager", ["Ana Reyes", "1", "1,000.00 USD", "12,000.00 USD", "1,000.00 USD", "70.00 USD"]),
    ],
)
def test_mrr_by_what_it_is_made_of(ana, part, row):
    page = ana.get(f"/revenue/by/{part}?currency=USD")
    cells = [
        each.get_text(" ", strip=True) for each in page.soup.select("tbody tr")[0].find_all(["td", "th"])
    ]
    assert [cell.replace("\xa0", " ") for cell in cells] == row
    assert len(read(ana, f"/revenue/by/{part}?export=csv")) >= 2


def test_nobody_looks_after_birch_and_the_list_says_so(ana):
    assert "Nobody" in ana.get("/revenue/by/manager?currency=EUR").text


@pytest.mark.parametrize("figures", ["now", "months", "trend", "projection"])
def test_every_table_is_a_file(ana, figures):
    rows = read(ana, f"/revenue/{figures}.csv?ahead=6")
    assert len(rows) == {"now": 2, "months": 12, "trend": 24, "projection": 6}[figures]


def test_the_file_of_months_has_the_figures_of_the_page(ana):
    june = next(row for row in read(ana, "/revenue/months.csv") if row["Month"] == "2026-06-01")
    assert (june["Opening"], june["New"], june["Closing"]) == ("0.00", "1300.00", "1300.00")
    september = next(row for row in read(ana, "/revenue/months.csv") if row["Month"] == "2026-09-01")
    assert (september["Gross churn %"], september["NRR %"]) == ("23.0769", "76.9230")


def test_an_empty_book_says_what_to_do(fay, clock):
    text = fay.get("/revenue").text
    assert "No recurring revenue here" in text and "n/a" in text
    assert "Nothing recurs in USD" in fay.get("/revenue/projection").text


def test_the_definitions_stand_on_the_page(ana):
    text = ana.get("/revenue").text
    for words in ("Monthly recurring revenue", "twelve times MRR", "divided by the MRR at its start"):
        assert words in text


def test_more_services_take_no_more_queries(ana, book):
    def sent(path):
        count = []
        note = lambda *args: count.append(args[2])  # noqa: E731
        sa.event.listen(db.engines[None], "before_cursor_execute", note)
        ana.ask("GET", path)
        sa.event.remove(db.engines[None], "before_cursor_execute", note)
        return len(count)

    paths = ("/revenue", "/revenue/projection", "/revenue/by/client", "/revenue/movements")
    few = [sent(path) for path in paths]
    for _ in range(4):
        make_service(status="active", client=make_client(), auto_renewal=True)
    assert [sent(path) for path in paths] == few and max(few) <= 16


def test_home_leads_to_revenue(ana):
    assert ana.get("/").soup.find("a", href="/revenue")


def test_rates_are_entered_loaded_and_taken_away(fay, clock):
    assert "No exchange rate yet" in fay.get("/settings/rates").text
    fay.post("/settings/rates/new", {"currency": "eur", "on_date": "2026-11-01", "rate": "1.0825"})
    file = (BytesIO(b"currency,on_date,rate\nGBP,2026-11-01,1.2600\n"), "rates.csv")
    fay.post("/settings/rates/load", {"file": file}, content_type="multipart/form-data")
    page = fay.get("/settings/rates")
    assert [[cell.get_text(" ", strip=True) for cell in row.find_all("td")][:4] for row in rows(page)] == [
        ["GBP", "1 Nov 2026", "1.26", "USD"],
        ["EUR", "1 Nov 2026", "1.0825", "USD"],
    ]
    assert "EUR from 2026-11-01: 1.0825" in page.text and "Fay Lind" in page.text
    where = rows(page)[0].find("a", string=lambda text: text and "Remove" in text) or rows(page)[0].find("a")
    assert "1 GBP is 1.26 USD" in fay.get(where["href"]).text
    fay.post(where["href"])
    assert "GBP" not in fay.get("/settings/rates").soup.select_one("tbody").text


def rows(page):
    return page.soup.select("tbody tr")


def test_a_wrong_rate_is_refused_at_its_field(fay, clock):
    page = fay.post("/settings/rates/new", {"currency": "USD", "on_date": "soon", "rate": "0"})
    assert page.status == 422 and page.value("rate") == "0"
    for words in ("A date such as", "above zero"):
        assert words in page.text
    page = fay.post(
        "/settings/rates/load",
        {"file": (BytesIO(b"a,b\n1,2\n"), "x.csv")},
        content_type="multipart/form-data",
    )
    assert page.status == 422 and "The first line names the columns" in page.text
