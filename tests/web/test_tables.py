"""Lists as the address asks for them."""

from typing import Any
from urllib.parse import parse_qsl

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from flask_login import login_user
from werkzeug.datastructures import MultiDict

from portal.db import db
from portal.domain.staff.permissions import Permission, Role
from portal.web.table_view import TableView
from portal.web.tables import Bulk, Choice, Column, NumberRange, Table
from tests.web.conftest import TABLE, Fay, goods

HTMX = {"HX-Request": "true", "HX-Target": "table-goods"}


def read(query: str = "") -> TableView:
    return TABLE.read(goods(), MultiDict(parse_qsl(query, keep_blank_values=True)), "/goods")


def names(view: TableView) -> list[str]:
    return [row["name"] for row in view.rows]


def row_names(html: str) -> list[str]:
    return [
        cell.get_text(strip=True)
        for cell in BeautifulSoup(html, "html.parser").select("tbody td:first-child")
    ]


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 120),
        ("state=new", 60),
        ("state=new&state=old", 120),
        ("state=unheard-of", 120),
        ("name=thing+01", 10),
        ("name=%25", 0),
        ("name=_", 0),
        ("is_new=yes", 40),
        ("is_new=no", 80),
        ("is_new=perhaps", 120),
        ("price_minor_from=100", 21),
        ("price_minor_to=9.99", 9),
        ("price_minor_from=50&price_minor_to=60", 11),
        ("price_minor_from=NaN&price_minor_to=1e999", 120),
        ("made_on_from=2026-01-01", 0),
        ("made_on_from=yesterday", 120),
        ("q=thing+12", 1),
        ("q=%00thing+12%07", 1),
        ("unknown=1&sort=unknown&size=7&columns=unknown&page=zzz", 120),
    ],
)
def test_filters_and_search_narrow_and_nonsense_is_ignored(query: str, count: int) -> None:
    assert read(query).count == count


@pytest.mark.usefixtures("inside")
def test_the_count_stops_at_a_thousand() -> None:
    many = sa.select(sa.func.generate_series(1, 5000).column_valued("id"), sa.literal("x").label("name"))
    view = Table("many", columns=(Column("name", "Name"),)).read(many, MultiDict(), "/many")
    assert view.count_text == "1,000+"


@pytest.mark.usefixtures("inside")
def test_sorts_are_a_white_list() -> None:
    assert names(read("sort=-price_minor"))[0] == "Thing 120"
    assert names(read("sort=is_new")) == names(read("sort=--name")) == names(read())


@pytest.mark.usefixtures("inside")
def test_an_address_says_what_is_different_and_nothing_else() -> None:
    assert read().url() == "/goods"
    assert read("q=&state=new&sort=name&size=50&page=x&junk=1").url() == "/goods?state=new"
    view = read("state=new&q=thing&sort=-name&size=25&columns=price_minor")
    again = read(view.url().partition("?")[2])
    assert (again.url(), names(again)) == (view.url(), names(view))


@pytest.mark.usefixtures("inside")
def test_a_chip_takes_its_own_filter_away() -> None:
    view = read("state=new&state=old&price_minor_from=5&price_minor_to=9&q=thing")
    assert [chip.text for chip in view.chips] == ["“thing”", "State: New", "State: Old", "Price: 5 – 9"]
    assert view.url_without(view.chips[1]) == "/goods?q=thing&state=old&price_minor_from=5&price_minor_to=9"
    assert view.url_without(view.chips[3]) == "/goods?q=thing&state=new&state=old"
    assert view.clear_url == "/goods"


@pytest.mark.usefixtures("inside")
def test_options_that_a_function_gives_are_looked_up_once_a_request() -> None:
    asked: list[int] = []

    def options() -> list[tuple[str, str]]:
        asked.append(1)
        return [("new", "New")]

    table = Table("t", columns=TABLE.columns, filters=(Choice("state", "State", options=options),))
    view = table.read(goods(), MultiDict({"state": "new"}), "/t")
    assert (view.count, view.chips[0].text, view.filters[0].pairs()) == (60, "State: New", [("new", "New")])  # type: ignore[attr-defined]
    assert len(asked) == 1


@pytest.mark.usefixtures("inside")
def test_fixed_columns_stay_whatever_is_chosen() -> None:
    assert [column.key for column in read("columns=is_new").columns] == ["name", "is_new"]
    assert [column.key for column in read().columns] == ["name", "state", "price_minor", "made_on"]


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(("role", "sees"), [(Role.FINANCE, True), (Role.TECHNICIAN, False)])
def test_what_a_person_may_not_see_can_neither_be_shown_nor_sorted_nor_filtered_by(
    role: Role, sees: bool
) -> None:
    login_user(Fay(role))
    table = Table(
        "secret",
        columns=(
            Column("name", "Name"),
            Column("price_minor", "Price", cell="money", needs=Permission.VIEW_MONEY),
        ),
        filters=(NumberRange("price_minor", "Price", needs=Permission.VIEW_MONEY),),
        bulk=(Bulk("Bill", "/bill", "send", Permission.BILLING),),
    )
    args = MultiDict({"sort": "-price_minor", "price_minor_from": "11000", "columns": "price_minor"})
    view = table.read(goods(), args, "/secret")
    assert ([column.key for column in view.columns] == ["price_minor"]) is sees
    assert (names(view)[0] == "Thing 120") is sees
    assert (view.count == 11) is sees
    assert bool(view.bulk) is sees


@pytest.mark.usefixtures("inside")
def test_a_bulk_form_means_the_ticked_rows_of_the_list_or_all_that_match() -> None:
    def chosen(**fields: Any) -> set[int]:
        return set(db.session.scalars(TABLE.chosen(goods(), MultiDict(fields))))

    assert chosen(ids=["3", "5", "5", "999999", "-1", "x", "9" * 40, "١"]) == {3, 5} | chosen(ids=["١"])
    assert chosen(all="1", q="thing 12") == {120}
    assert chosen() == set()


def test_one_page_is_one_query(http: FlaskClient, pages: Any) -> None:
    sent: list[str] = []
    with pages.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    http.get("/plain")
    assert len(sent) == 1


def test_the_list_is_a_page_and_its_part_under_htmx_with_a_clean_address(http: FlaskClient) -> None:
    assert "<html" in http.get("/goods").text
    part = http.get("/goods?q=&state=new", headers=HTMX)
    assert part.text.lstrip().startswith('<section id="table-goods"')
    assert part.headers["HX-Push-Url"] == "/goods?state=new"


def test_links_lead_to_the_row_and_cannot_be_broken_out_of(http: FlaskClient) -> None:
    link = BeautifulSoup(http.get("/goods").text, "html.parser").select_one("tbody a")
    assert link is not None and link["href"] == "/goods/1?of=Thing%20001"


def test_the_whole_list_can_be_walked_by_links_alone(http: FlaskClient) -> None:
    seen, url = [], "/goods?size=25&state=new"
    while url:
        soup = BeautifulSoup(http.get(url).text, "html.parser")
        seen += row_names(str(soup))
        following = soup.select_one('a[rel="next"]')
        url = str(following["href"]) if following else ""
    assert seen == [f"Thing {number:03}" for number in range(2, 121, 2)]


def test_an_empty_list_says_why_and_what_to_do(http: FlaskClient) -> None:
    assert "Nothing was made" in http.get("/nothing").text
    assert "Nothing matches these filters" in http.get("/nothing?state=new").text


@pytest.mark.parametrize(
    "query",
    [
        "page=-1",
        "page=0",
        f"page={10**30}",
        "sort=%00",
        "q=%25_%00",
        "size=-1",
        "state=%F0%9F%92%A9",
        "price_minor_from=1e15",
        "price_minor_to=-Infinity",
        "made_on_from=0001-01-01&made_on_to=9999-12-31",
        "columns=%00",
        "export=exe",
    ],
)
def test_hostile_addresses_are_answered(http: FlaskClient, query: str) -> None:
    assert http.get(f"/goods?{query}").status_code == 200


def test_a_search_of_100_kb_is_answered(http: FlaskClient) -> None:
    assert http.get("/goods", query_string={"q": "x" * 100_000, "state": "y" * 100_000}).status_code == 200
