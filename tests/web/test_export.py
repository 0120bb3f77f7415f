"""Promises U12 and S15: exactly the filtered rows, and nothing that runs."""

import csv
import io
import random
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook

from portal.domain.wording import FORMULA_STARTS
from portal.web import export
from portal.web.export import harmless, plain, write_csv, write_xlsx


def from_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_file_holds_exactly_the_filtered_rows_in_their_order(http: FlaskClient) -> None:
    answer = http.get("/goods?state=new&price_minor_from=100&sort=-price_minor&export=csv")
    titles, *rows = from_csv(answer.data)
    assert titles == ["Name", "State", "Price", "Made", "Currency"]
    assert [row[0] for row in rows] == [f"Thing {number:03}" for number in range(120, 99, -2)]
    assert rows[0] == ["Thing 120", "new", "120.00", "", "USD"]


def test_excel_gets_numbers_as_numbers(http: FlaskClient) -> None:
    answer = http.get("/goods?state=old&size=25&export=xlsx")
    rows = list(load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True))
    assert rows[0] == ("Name", "State", "Price", "Made", "Currency")
    assert rows[1] == ("Thing 001", "old", 1, None, "USD")
    assert len(rows) == 61


def test_a_list_without_export_stays_a_page(http: FlaskClient) -> None:
    assert http.get("/plain?export=csv").mimetype == "text/html"


def test_too_many_rows_are_refused_with_a_way_out(http: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "MOST_ROWS", 100)
    answer = http.get("/goods?export=csv")
    assert answer.status_code == 409 and "Filter the list" in answer.text
    assert http.get("/goods?state=new&export=csv").status_code == 200


@pytest.mark.parametrize("start", FORMULA_STARTS)
@pytest.mark.parametrize("before", ["", " ", "  "])
def test_text_that_starts_like_a_formula_is_no_formula(start: str, before: str) -> None:
    assert harmless(f"{before}{start}cmd|'/c calc'!A1") == f"'{before}{start}cmd|'/c calc'!A1"


def test_numbers_dates_and_truths_are_left_as_they_are() -> None:
    assert [harmless(each) for each in (-5, Decimal("-1.50"), -0.5, None)] == [
        -5,
        Decimal("-1.50"),
        -0.5,
        None,
    ]
    assert harmless(date(2026, 1, 2)) == date(2026, 1, 2)
    assert harmless(datetime(2026, 1, 2, 3, 4, tzinfo=UTC).replace(tzinfo=None)) == "2026-01-02 03:04"
    assert (harmless(True), harmless("a-b")) == ("yes", "a-b")


@pytest.mark.usefixtures("inside")
def test_instants_are_written_in_the_persons_zone() -> None:
    assert plain(datetime(2026, 1, 2, 3, 4, 5, 6, UTC)) == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).replace(
        tzinfo=None
    )


def test_ten_thousand_cells_come_back_as_they_were() -> None:
    dice = random.Random(15)
    letters = "abc ÄÖ€中\"',;\n=+-@\t|'01"
    rows = [["".join(dice.choices(letters, k=dice.randrange(1, 12))) for _ in range(10)] for _ in range(1000)]
    as_csv, as_xlsx = io.BytesIO(), io.BytesIO()
    write_csv(as_csv, ["title"], rows)
    write_xlsx(as_xlsx, ["title"] * 10, rows)
    assert from_csv(as_csv.getvalue())[1:] == [[harmless(cell) for cell in row] for row in rows]
    sheet = load_workbook(as_xlsx).active
    back = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert back == rows
    assert {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row} == {"s"}
