"""One pass over all files that finds every fault: of form, of cells, between cells, and of references."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.domain.imports.cells import Bad
from portal.domain.imports.columns import Check, Column, File
from portal.domain.imports.reading import LONGEST_CELL, Fault, Record, Sheet, damage, read
from portal.domain.imports.rules import BY_NAME, FILES

Facts = Mapping[str, Any]
Stored = Mapping[str, Mapping[str, Facts]]
"""What the database has, by file and key: {"clients": {"C1": {"currency": "USD", "has_services": False}}}."""

UNKNOWN = object()


@dataclass(slots=True)
class Row:
    """A row as values: of the columns that could be parsed, which are all when the book has no faults."""

    row: int
    values: dict[str, Any]

    def __getitem__(self, column: str) -> Any:
        return self.values[column]


@dataclass(slots=True)
class Book:
    """What was given, in the order in which files refer to one another. `rows` only has the files given."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    keys: dict[str, dict[str, Row]] = field(default_factory=dict)
    """By file and key. A file is left out when its keys could not be read."""


def check(files: Mapping[str, bytes], stored: Stored) -> Book:
    """Parse and check the files; `files` maps a name of BY_NAME to bytes."""
    book = Book()
    sheets = [read(file.filename, files[file.name], file.titles) for file in FILES if file.name in files]
    for sheet in sheets:
        _parse(book, sheet)
    for sheet in sheets:
        _compare(book, sheet, stored)
    for sheet in sheets:
        book.faults += sorted(set(sheet.faults))
    return book


def _file(sheet: Sheet) -> File:
    return BY_NAME[sheet.file.removesuffix(".csv")]


def _parse(book: Book, sheet: Sheet) -> None:
    file = _file(sheet)
    book.rows[file.name] = [_parse_row(sheet, file, record) for record in sheet.records]
    if file.key[0] in sheet.columns:
        pairs = zip(sheet.records, book.rows[file.name], strict=True)
        book.keys[file.name] = {_key(file, record, row): row for record, row in reversed(list(pairs))}
    _find_repeated(sheet, file, book.rows[file.name])


def _key(file: File, record: Record, row: Row) -> str:
    """What others refer to the row by; as it stands there when it is itself at fault."""
    column = file.key[0]
    return str(row.values.get(column, record.cells.get(column, "").strip()))


def _parse_row(sheet: Sheet, file: File, record: Record) -> Row:
    row = Row(record.row, {})
    for column in file.columns if record.is_whole else ():
        if column.name not in record.cells:
            continue
        try:
            row.values[column.name] = _parse_cell(column, record.cells[column.name], row.values)
        except Bad as fault:
            sheet.blame(record.row, column.name, str(fault))
    return row


def _parse_cell(column: Column, cell: str, before: Facts) -> Any:
    damaged = damage(cell, is_prose=column.is_prose)
    if damaged:
        raise Bad(damaged.format(column=column.name.replace("_", " ")))
    cell = cell.strip()
    if len(cell) > LONGEST_CELL:
        raise Bad(f"longer than {LONGEST_CELL:,} characters")
    if cell:
        return column.parse(cell, before)
    if not column.optional:
        raise Bad(f"{column.name} empty")
    return column.blank


def _find_repeated(sheet: Sheet, file: File, rows: Iterable[Row]) -> None:
    seen = set()
    for row in rows:
        key = tuple(row.values.get(column, UNKNOWN) for column in file.key)
        if UNKNOWN in key:
            continue
        if key in seen:
            sheet.blame(row.row, *file.repeated)
        seen.add(key)


def _compare(book: Book, sheet: Sheet, stored: Stored) -> None:
    """Blame what rows refer to in vain, and what does not hold between their cells."""
    file = _file(sheet)
    context = Context(book, stored)
    for row in book.rows[file.name]:
        broken = {check.column: fault for check in file.checks if (fault := context.judge(file, row, check))}
        vain = {each.name: f"unknown {each.called}" for each in file.columns if context.is_in_vain(row, each)}
        for column, fault in (broken | vain).items():
            sheet.blame(row.row, column, fault)


@dataclass(frozen=True, slots=True)
class Context:
    """What a row can refer to: the rows of the files given, else those of the database."""

    book: Book
    stored: Stored

    def facts(self, file: str, key: str) -> Facts | None:
        row = self.book.keys.get(file, {}).get(key)
        return row.values if row else self.stored[file].get(key)

    def is_in_vain(self, row: Row, column: Column) -> bool:
        """Nobody is blamed for referring to a faulty row, nor to a file whose keys could not be read."""
        key = row.values.get(column.name) if column.refers else None
        unreadable = column.refers in self.book.rows and column.refers not in self.book.keys
        return key is not None and not unreadable and self.facts(column.refers, key) is None

    def judge(self, file: File, row: Row, check: Check) -> str | None:
        values = [self.value(file, row, need) for need in check.needs]
        return None if UNKNOWN in values else check.judge(*values)

    def value(self, file: File, row: Row, need: str) -> Any:
        """What a check needs: of this row, of the row that a column names, or of the row as stored."""
        column, _, fact = need.partition(".")
        if not fact:
            return row.values.get(column, UNKNOWN)
        if column == "stored":
            was = self.stored[file.name].get(row.values.get(file.key[0], ""), {})
            return was.get(fact, UNKNOWN)
        key = row.values.get(column, UNKNOWN)
        if key is None or key is UNKNOWN:
            return key
        refers = next(each.refers for each in file.columns if each.name == column)
        return (self.facts(refers, key) or {}).get(fact, UNKNOWN)
