"""CSV and XLSX of exactly the rows of a list. Text that a spreadsheet would run as a formula stays text."""

import csv
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from io import TextIOWrapper
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import sqlalchemy as sa
from flask import Response, send_file
from xlsxwriter import Workbook

from portal import clock
from portal.domain.errors import Refused
from portal.domain.money import exponent
from portal.domain.wording import without_formula
from portal.web.filters import label, zone
from portal.web.table_view import TableView

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
MOST_ROWS = 50_000
IN_MEMORY = 4 * 1024 * 1024


def download(view: TableView, kind: str) -> Response:
    """The file as an answer. It is finished before the answer starts: nobody gets half of it."""
    rows = _whole(view)
    file: IO[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  (send_file closes it)
    (write_csv if kind == "csv" else write_xlsx)(file, headings(view), rows)
    file.seek(0)
    name = f"{view.table.name}-{clock.today():%Y-%m-%d}.{kind}"
    return send_file(file, mimetype=FORMATS[kind], as_attachment=True, download_name=name)


def headings(view: TableView) -> list[str]:
    return [column.label for column in view.columns] + (["Currency"] if _counts_money(view) else [])


def cells(view: TableView, row: sa.RowMapping) -> list[Any]:
    """The row's values as they are: numbers as numbers, money in whole units, times in the person's zone."""
    found = [
        _amount(row, column.key) if column.cell == "money" else plain(row[column.key])
        for column in view.columns
    ]
    return [*found, row["currency"]] if _counts_money(view) else found


def plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return label(value)
    if isinstance(value, datetime):
        return value.astimezone(zone()).replace(tzinfo=None, microsecond=0)
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    return value


def harmless(value: Any) -> Any:
    """Text that starts like a formula gets an apostrophe in front; numbers stay numbers."""
    if isinstance(value, str):
        return without_formula(value)
    if isinstance(value, datetime):
        return value.isoformat(" ", "minutes")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


def write_csv(file: IO[bytes], titles: list[str], rows: Iterable[list[Any]]) -> None:
    """UTF-8 with a byte order mark, because Excel takes it for Latin-1 without."""
    text = TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)  # type: ignore[arg-type]
    writer = csv.writer(text)
    writer.writerow([harmless(title) for title in titles])
    writer.writerows([harmless(value) for value in row] for row in rows)
    text.detach()


def write_xlsx(file: IO[bytes], titles: list[str], rows: Iterable[list[Any]]) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = Workbook(file, {**options, "default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(titles) - 1, 18)
    sheet.write_row(0, 0, titles, book.add_format({"bold": True}))
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for at, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            _write(sheet, at, column, value, moment)
    book.close()


def _write(sheet: Any, at: int, column: int, value: Any, moment: Any) -> None:
    if isinstance(value, datetime):
        sheet.write_datetime(at, column, value, moment)
    elif isinstance(value, bool):
        sheet.write_boolean(at, column, value)
    elif isinstance(value, int | float | Decimal):
        sheet.write_number(at, column, value)
    elif isinstance(value, date):
        sheet.write_datetime(at, column, value)
    elif value is not None:
        sheet.write_string(at, column, str(value))


def _whole(view: TableView) -> Iterator[list[Any]]:
    for number, row in enumerate(view.stream(MOST_ROWS + 1), start=1):
        if number > MOST_ROWS:
            raise Refused(f"More than {MOST_ROWS:,} rows match. Filter the list, then export it.")
        yield cells(view, row)


def _counts_money(view: TableView) -> bool:
    return any(column.cell == "money" for column in view.columns)


def _amount(row: sa.RowMapping, key: str) -> Decimal | None:
    if row[key] is None:
        return None
    return Decimal(int(row[key])).scaleb(-exponent(row["currency"]))
