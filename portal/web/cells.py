"""How values stand in the rows of a list, and the rows themselves.

They are put together here and not by macros, because a list of 50 rows has 400 cells: a macro takes 10 µs each, this
takes one. An owner's own columns are macros all the same, from the template that the `Table` names.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from markupsafe import Markup, escape

from portal.web.filters import formats, health_colour, label, status_colour

if TYPE_CHECKING:
    from portal.web.table_view import TableView

Cell = Callable[[Any, sa.RowMapping], str]

NOTHING = "–"
TICK = (
    '<td class="tick"><input class="form-check-input" type="checkbox" name="ids" value="%s"'
    ' aria-label="Choose %s"></td>'
)


def text(value: Any, row: sa.RowMapping) -> str:
    return escape(value) if value is not None and value != "" else NOTHING


def labelled(value: Any, row: sa.RowMapping) -> str:
    return escape(label(value))


def status(value: Any, row: sa.RowMapping) -> str:
    return _pill(value) if value else NOTHING


@lru_cache(maxsize=512, typed=True)  # members of two enumerations may be equal as text
def _pill(value: Any) -> str:
    return f'<span class="pill pill-{status_colour(value)} pill-dot">{escape(label(value))}</span>'


def health(value: Any, row: sa.RowMapping) -> str:
    if value is None:
        return '<span class="text-secondary">n/a</span>'
    return f'<span class="health health-{health_colour(value)}">{value:d}</span>'


def money(value: Any, row: sa.RowMapping) -> str:
    return NOTHING if value is None else formats().money(value, row["currency"])


def number(value: Any, row: sa.RowMapping) -> str:
    return NOTHING if value is None else formats().number(value)


def flag(value: Any, row: sa.RowMapping) -> str:
    return "yes" if value else '<span class="text-secondary">no</span>'


def tags(value: Any, row: sa.RowMapping) -> str:
    return " ".join(f'<span class="pill pill-grey">{escape(each)}</span>' for each in value or ()) or NOTHING


CELLS: dict[str, Cell] = {
    "text": text,
    "label": labelled,
    "status": status,
    "health": health,
    "money": money,
    "number": number,
    "percent": lambda value, row: formats().percent(value),
    "day": lambda value, row: formats().day(value),
    "date": lambda value, row: formats().date(value),
    "when": lambda value, row: formats().when(value),
    "time": lambda value, row: formats().time(value),
    "flag": flag,
    "tags": tags,
}


def draw_rows(view: TableView, own: Any) -> Markup:
    """The rows as HTML; `own` is the owner's template, whose macros draw the columns of the same name."""
    draws = [_drawer(column, getattr(own, column.key, None)) for column in view.columns]
    named_by = view.columns[0].key
    lines = []
    for row in view.rows:
        number = row["id"]
        tick = TICK % (number, escape(row[named_by])) if view.bulk else ""
        lines.append(
            f'<tr id="{view.table.name}-{number}">{tick}{"".join([draw(row) for draw in draws])}</tr>'
        )
    return Markup("\n".join(lines))  # noqa: S704  (every cell escapes what it shows)


def _drawer(column: Any, macro: Callable[[sa.RowMapping], Markup] | None) -> Callable[[sa.RowMapping], str]:
    """What makes the whole <td> of a column out of a row."""
    opening = f"<td{column.attributes}>"
    if macro:
        return lambda row: f"{opening}{macro(row)}</td>"
    key, cell, link = column.key, CELLS[column.cell], column.filled_link
    if link:
        return lambda row: f'{opening}<a href="{escape(link(row))}">{cell(row[key], row)}</a></td>'
    return lambda row: f"{opening}{cell(row[key], row)}</td>"
