"""Pages by key: every row once, in order, there and back."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from portal.db import db
from portal.domain.clients.models import Client
from portal.domain.lifecycle.models import ClientService
from portal.web import paging
from portal.web.keyset import Cursor, may_be_empty
from portal.web.table_view import COUNT_UP_TO, TableView
from portal.web.tables import Column, Table

SMALL = Table(
    "small",
    columns=(Column("value", "Value"), Column("word", "Word")),
    search=lambda text: sa.column("id") > int(text),
    sort="value",
    size=25,
)


@pytest.fixture(scope="module")
def database(pages: Flask) -> Iterator[None]:
    """One request for all examples: hypothesis asks many times."""
    with pages.test_request_context("/"):
        yield
        db.session.remove()


def listing(values: list[int | None]) -> sa.Select[Any]:
    columns = sa.column("id", sa.BigInteger), sa.column("value", sa.Integer), sa.column("word", sa.Text)
    rows = [(number, value, None if value is None else f"w{value}") for number, value in enumerate(values)]
    return sa.select(sa.values(*columns, name="small").data(rows))


def view(statement: sa.Select[Any], sort: str, page: str | None = None, q: str = "") -> TableView:
    found = SMALL.read(statement, MultiDict({"sort": sort, "page": page or "", "q": q}), "/small")
    found.size = 7
    return found


def token(url: str | None) -> str | None:
    return url.split("page=")[1] if url else None


def walk(statement: sa.Select[Any], sort: str, q: str = "") -> list[TableView]:
    pages = [view(statement, sort, q=q)]
    while following := token(pages[-1].next_url):
        pages.append(view(statement, sort, following, q))
    return pages


def ids(page: TableView) -> list[int]:
    return [row["id"] for row in page.rows]


@pytest.fixture(params=[None, 20_000, 5])
def searched(request: pytest.FixtureRequest) -> Iterator[str]:
    """Nothing is searched; something that is found seldom; something that is found often. All of it is found."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param:
            patch.setattr(paging, "MOST_SORTED", request.param)
        yield "-1" if request.param else ""


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("sort", ["value", "-value", "word", "-word"])
@given(values=st.lists(st.none() | st.integers(0, 4), min_size=1, max_size=40))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_pages_are_the_whole_list_in_order_and_empty_values_come_last(
    searched: str, sort: str, values: list[int | None]
) -> None:
    pages = walk(listing(values), sort, searched)
    falling = -1 if sort.startswith("-") else 1
    expected = sorted(
        range(len(values)),
        key=lambda at: (values[at] is None, falling * (values[at] or 0), falling * at),
    )
    assert [each for page in pages for each in ids(page)] == expected
    assert pages[0].previous_url is None
    for earlier, later in pairwise(pages):
        assert ids(view(listing(values), sort, token(later.previous_url), searched)) == ids(earlier)
    is_common = searched and len(values) > paging.MOST_SORTED
    assert {page.count for page in pages} == {COUNT_UP_TO + 1 if is_common else len(values)}


@pytest.mark.usefixtures("database")
def test_a_search_finds_what_it_is_about(searched: str) -> None:
    pages = walk(listing(list(range(30, 0, -1))), "value", searched and "19")
    expected = range(29, 19, -1) if searched else range(29, -1, -1)
    assert [each for page in pages for each in ids(page)] == list(expected)


@pytest.mark.usefixtures("database")
def test_going_back_past_new_rows_shows_a_full_first_page() -> None:
    second = walk(listing(list(range(20))), "value")[1]
    fewer = listing([None, None, None, None, None, *range(5, 20)])
    assert len(view(fewer, "value", token(second.previous_url)).rows) == 7


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    "page",
    ["-1", "0", str(10**30), "\x00", "x" * 100_000, "WyIiLDEsMSwwXQ", "WyIiLDEsMSwwXQ.forged", "%", "é"],
)
def test_whatever_is_not_a_page_is_the_first_one(page: str) -> None:
    assert ids(view(listing([3, 1, 2]), "value", page)) == [1, 2, 0]


@pytest.mark.usefixtures("database")
def test_a_page_of_one_sort_is_not_taken_for_a_page_of_another() -> None:
    following = token(view(listing(list(range(20))), "value").next_url)
    assert ids(view(listing(list(range(20))), "-value", following)) == list(range(19, 12, -1))


@pytest.mark.usefixtures("database")
def test_only_a_required_column_that_is_not_outer_joined_needs_no_care_for_empty_values() -> None:
    inner = sa.select(ClientService.id, Client.name).join(Client, Client.id == ClientService.client_id)
    outer = sa.select(ClientService.id, Client.name).outerjoin(Client, Client.id == ClientService.client_id)
    name, end = sa.inspect(Client).columns.name, sa.inspect(ClientService).columns.end_date
    assert not may_be_empty(name, inner)
    assert may_be_empty(name, outer)
    assert may_be_empty(end, inner)
    assert may_be_empty(sa.func.lower(name), inner)


@pytest.mark.usefixtures("database")
def test_a_cursor_keeps_the_kind_of_its_value() -> None:
    for value in (
        None,
        7,
        1.5,
        "text",
        date(2026, 1, 2),
        datetime(2026, 1, 2, 3, 4, 5, 678, UTC),
        Decimal("1.10"),
    ):
        back = Cursor.unpack(Cursor(value, 9, True).pack("s"), "s")
        assert back == Cursor(value, 9, True) and type(back.value) is type(value)
