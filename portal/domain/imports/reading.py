"""From the bytes of a CSV file to records, with every fault of its form."""

import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_ROWS = 500_000
LONGEST_CELL = 20_000
# Marks that reorder the text around them: a name that holds one can pass for another name.
REORDERING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LINE_BREAKS = frozenset("\n\r\t")


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong where. `row` is the line in the file on which the row begins, the header being 1."""

    file: str
    row: int
    column: str
    fault: str


@dataclass(frozen=True, slots=True)
class Record:
    """A row as text. `is_whole` is false when it has more or fewer cells than the header."""

    row: int
    cells: dict[str, str]
    is_whole: bool = True


@dataclass(slots=True)
class Sheet:
    """One file as text. `columns` are those of the header that are known; without any it was not read."""

    file: str
    columns: frozenset[str] = frozenset()
    records: list[Record] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def blame(self, row: int, column: str, fault: str) -> None:
        self.faults.append(Fault(self.file, row, column, fault))


def read(file: str, data: bytes, known: Sequence[str]) -> Sheet:
    """The rows of a file; what is not UTF-8 in it is found cell by cell (see `damage`)."""
    sheet = Sheet(file)
    lines = csv.reader(io.StringIO(data.decode("utf-8-sig", "surrogateescape"), newline=""), strict=True)
    rows = _numbered(sheet, lines)
    _, titles = next(rows, (1, []))
    header = [title.strip().lower() for title in titles]
    if _accept(sheet, header, known):
        for row, cells in rows:
            _take(sheet, header, row, cells)
    return sheet


def damage(text: str, *, is_prose: bool = False) -> str | None:
    """Why text cannot be kept, if so, to be formatted with the column's name. Prose may have line breaks."""
    if text.isascii() and text.isprintable():
        return None
    if any("\udc80" <= character <= "\udcff" for character in text):
        return "not UTF-8"
    allowed = LINE_BREAKS if is_prose else frozenset()
    if any(_is_control(character) for character in text if character not in allowed):
        return "control character in the {column}"
    return None


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Zl", "Zp") or character in REORDERING


def _numbered(sheet: Sheet, lines: Any) -> Iterator[tuple[int, list[str]]]:
    """Each row of a csv.reader with the line on which it begins: a quoted cell can go on over several."""
    row = 1
    try:
        for cells in lines:
            if len(sheet.records) > MOST_ROWS:
                sheet.blame(row, "", f"more than {MOST_ROWS:,} rows")
                return
            if cells:
                yield row, cells
            row = lines.line_num + 1
    except csv.Error as fault:
        sheet.blame(row, "", f"not CSV: {fault}")


def _accept(sheet: Sheet, header: list[str], known: Sequence[str]) -> bool:
    """Whether the rows can be read with this header; a missing column spoils its own cells only."""
    if any(damage(title) for title in header):
        sheet.blame(1, "", "header not UTF-8 text")
        return False
    for title in sorted({title for title in header if header.count(title) > 1}):
        sheet.blame(1, title, "column used twice")
    for title in header:
        if title not in known:
            sheet.blame(1, title[:60], "unknown column")
    for column in known:
        if column not in header:
            sheet.blame(1, column, "column missing")
    sheet.columns = frozenset(header) & frozenset(known)
    return bool(sheet.columns)


def _take(sheet: Sheet, header: list[str], row: int, cells: list[str]) -> None:
    is_whole = len(cells) == len(header)
    if not is_whole:
        sheet.blame(row, "", f"{'fewer' if len(cells) < len(header) else 'more'} cells than the header has")
    named = dict(zip(header, cells, strict=False))
    wanted = {column: named[column] for column in sheet.columns if column in named}
    sheet.records.append(Record(row, wanted, is_whole))
