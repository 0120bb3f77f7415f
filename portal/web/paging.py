"""The rows of one page of a list, in its order, with the keys of their place: `_sort` and `_key`."""

from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.web.keyset import Cursor, Order

Rows = list[sa.RowMapping]

# What a search finds is sorted by itself up to here; of more, the list in its order soon has a page.
MOST_SORTED = 20_000


def listed(filtered: sa.Select[Any], order: Order, wanted: int, cursor: Cursor | None) -> Rows:
    """So many rows from the cursor on."""
    page = filtered.add_columns(order.by.label("_sort"), order.key.label("_key"))
    rows: Rows = []
    for part in order.segments(cursor):
        left = wanted - len(rows)
        if left:
            stretch = page.where(part.condition).order_by(*part.clauses).limit(left)
            rows += db.session.execute(stretch).mappings()
    return rows


def found(
    statement: sa.Select[Any], filtered: sa.Select[Any], order: Order, wanted: int, cursor: Cursor | None
) -> Rows:
    """The same of what a search finds: all of it found first and sorted then, with how much it is as `_found`.

    The database cannot tell a rare word from a common one: in the list's order it would read 100,000 rows for a
    page of a rare word. Right only if at most MOST_SORTED are found.
    """
    keys = filtered.with_only_columns(order.by.label("by"), order.key.label("key"))
    all_found = keys.limit(MOST_SORTED + 1).cte("found")
    count = sa.select(sa.func.count()).select_from(all_found).scalar_subquery().label("_found")
    drawn = statement.order_by(None).add_columns(order.by.label("_sort"), order.key.label("_key"), count)
    within = Order(all_found.c.by, all_found.c.key, order.descending, order.nullable)
    rows: Rows = []
    for part, shown in zip(within.segments(cursor), order.segments(cursor), strict=True):
        left = wanted - len(rows)
        if left:
            ids = sa.select(all_found.c.key).where(part.condition).order_by(*part.clauses).limit(left)
            page = drawn.where(order.key.in_(ids)).order_by(*shown.clauses)
            rows += db.session.execute(page).mappings()
    return rows
