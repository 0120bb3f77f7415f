"""One list as one address asks for it: which columns, which rows, and the addresses around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask_login import current_user
from markupsafe import Markup

from portal.db import db
from portal.domain import views
from portal.domain.staff.permissions import may
from portal.domain.views import SavedView
from portal.web import paging
from portal.web.cells import draw_rows
from portal.web.filtering import Args, Chip, Filter, clean
from portal.web.keyset import Cursor, Order, may_be_empty

if TYPE_CHECKING:
    from portal.web.tables import Bulk, Column, Table

SIZES = (25, 50, 100, 200)
COUNT_UP_TO = 1000
Pair = tuple[str, str]


def permitted(items: Iterable[Any]) -> list[Any]:
    return [item for item in items if item.needs is None or may(current_user, item.needs)]


class TableView:
    def __init__(self, table: Table, statement: sa.Select[Any], args: Args, path: str) -> None:
        self.table, self.statement, self.args, self.path = table, statement, args, path
        self.html_id = f"table-{table.name}"
        self.q = clean(args.get("q", "")) if table.search else ""
        self.filters: list[Filter] = [each.bound() for each in permitted(table.filters)]
        self.values: dict[str, Any] = {each.key: each.read(args) for each in self.filters}
        self.all_columns: list[Column] = permitted(table.columns)
        self.bulk: list[Bulk] = permitted(table.bulk)
        self.size = int(args["size"]) if args.get("size") in map(str, SIZES) else table.size
        self.sizes = SIZES
        self.sort = self._sort()

    # What is shown

    @cached_property
    def columns(self) -> list[Column]:
        asked = set(self.args.getlist("columns"))
        if not asked.intersection(column.key for column in self.all_columns):
            return [column for column in self.all_columns if column.shown or column.fixed]
        return [column for column in self.all_columns if column.fixed or column.key in asked]

    @cached_property
    def chips(self) -> list[Chip]:
        found = [Chip(text=f"“{self.q}”", without=(("q", ""),))] if self.q else []
        for each in self.filters:
            if self.values[each.key] is not None:
                found += each.chips(self.values[each.key])
        return found

    @property
    def is_filtered(self) -> bool:
        return bool(self.chips)

    @property
    def is_searched(self) -> bool:
        return bool(self.q and self.table.search)

    @property
    def sorted_key(self) -> str:
        return self.sort.removeprefix("-")

    @cached_property
    def views(self) -> Sequence[SavedView]:
        """The views that this person can choose from."""
        return views.of_list(self.path, current_user.id) if current_user.is_authenticated else ()

    @property
    def save_url(self) -> str:
        """Where what the list shows is kept as a view."""
        return "/views/new?" + urlencode({"path": self.path, "query": urlencode(self.state)})

    def sort_url(self, column: Column) -> str:
        return self.url(sort=f"-{column.key}" if self.sort == column.key else column.key)

    def draw_rows(self, own: Any = None) -> Markup:
        return draw_rows(self, own)

    # The rows

    def expression(self, key: str) -> Any:
        """The SQL behind a selected label."""
        selected = self.statement.selected_columns[key]
        return selected.element if isinstance(selected, sa.Label) else selected

    @cached_property
    def filtered(self) -> sa.Select[Any]:
        """The owner's SELECT, narrowed by search and filters; unordered."""
        narrowed = self.statement.order_by(None)
        if self.q and self.table.search:
            narrowed = narrowed.where(self.table.search(self.q))
        for each in self.filters:
            if self.values[each.key] is not None:
                narrowed = narrowed.where(each.apply(self.values[each.key], self.expression))
        return narrowed

    @property
    def matching(self) -> sa.Select[Any]:
        """The ids of all rows that match, for totals and bulk moves."""
        return self.filtered.with_only_columns(self.expression("id"))

    @cached_property
    def order(self) -> Order:
        column = next(each for each in self.all_columns if each.key == self.sorted_key)
        by = self.expression(column.key) if column.by is None else column.by
        return Order(by, self.expression("id"), self.sort.startswith("-"), may_be_empty(by, self.statement))

    @cached_property
    def rows(self) -> list[sa.RowMapping]:
        return self._page[0]

    @property
    def next_url(self) -> str | None:
        return self._page[1]

    @property
    def previous_url(self) -> str | None:
        return self._page[2]

    @cached_property
    def count(self) -> int:
        """How many rows match; one more than COUNT_UP_TO stands for "more than that"."""
        if self.is_searched and self.rows:
            return min(self.rows[0].get("_found", COUNT_UP_TO + 1), COUNT_UP_TO + 1)
        capped = self.matching.limit(COUNT_UP_TO + 1).subquery()
        return db.session.execute(sa.select(sa.func.count()).select_from(capped)).scalar_one()

    @property
    def count_text(self) -> str:
        return f"{self.count:,}" if self.count <= COUNT_UP_TO else f"{COUNT_UP_TO:,}+"

    def stream(self, at_most: int) -> Iterator[sa.RowMapping]:
        """All rows that match, in the order shown, without holding them all in memory."""
        ordered = self.filtered.order_by(*self.order.clauses()).limit(at_most)
        yield from db.session.execute(ordered.execution_options(yield_per=1000)).mappings()

    # Addresses

    def url(self, **changes: Any) -> str:
        """This list's address with some parameters changed; None takes one away. Starts at the first page.

        Without any it says so: the bare address opens the person's own default view.
        """
        kept = [pair for pair in self.state if pair[0] not in changes]
        added = [(name, str(value)) for name, value in changes.items() if value is not None]
        query = urlencode(kept + added)
        return f"{self.path}?{query or self._nothing}".rstrip("?")

    @cached_property
    def _nothing(self) -> str:
        own = current_user.id if current_user.is_authenticated else None
        return "view=all" if any(view.is_default and view.user_id == own for view in self.views) else ""

    def url_without(self, chip: Chip) -> str:
        gone = {name for name, value in chip.without if not value}
        kept = [pair for pair in self.state if pair[0] not in gone and pair not in chip.without]
        return f"{self.path}?{urlencode(kept) or self._nothing}".rstrip("?")

    @property
    def clear_url(self) -> str:
        names = {"q", *(name for each in self.filters for name in each.names)}
        return self.url(**dict.fromkeys(names))

    def hidden(self, *names: str) -> list[Pair]:
        """What a form that sets `names` must carry along."""
        return [pair for pair in self.state if pair[0] not in names]

    def hidden_beside_filters(self) -> list[Pair]:
        return self.hidden("q", *(name for each in self.filters for name in each.names))

    @cached_property
    def state(self) -> list[Pair]:
        """The address's parameters that mean something, in one order: same list, same address."""
        pairs: list[Pair] = [("q", self.q)] if self.q else []
        for each in self.filters:
            if self.values[each.key] is not None:
                pairs += self._asked(each)
        if self.sort != self._default_sort:
            pairs.append(("sort", self.sort))
        if self.size != self.table.size:
            pairs.append(("size", str(self.size)))
        chosen = [column.key for column in self.columns]
        if chosen != [column.key for column in self.all_columns if column.shown or column.fixed]:
            pairs += [("columns", key) for key in chosen]
        return pairs

    def _asked(self, each: Filter) -> list[Pair]:
        value = self.values[each.key]
        if isinstance(value, list):
            return [(each.key, str(one)) for one in value]
        return [(name, clean(self.args[name])) for name in each.names if self.args.get(name)]

    @cached_property
    def _default_sort(self) -> str:
        sortable = [column.key for column in self.all_columns if column.sortable]
        return self.table.sort if self.table.sort.removeprefix("-") in sortable else sortable[0]

    def _sort(self) -> str:
        asked = self.args.get("sort", "")
        known = {column.key for column in self.all_columns if column.sortable}
        return (
            asked if asked.removeprefix("-") in known and not asked.startswith("--") else self._default_sort
        )

    @cached_property
    def _page(self) -> tuple[list[sa.RowMapping], str | None, str | None]:
        """The rows, and the addresses of the next and the previous page; one row too many tells of either."""
        scope = f"{self.table.name}:{self.sort}"
        cursor = Cursor.unpack(self.args.get("page", ""), scope)
        rows = self._fetch(cursor)
        more = len(rows) > self.size
        if cursor and cursor.backwards and not more:
            cursor, rows = None, self._fetch(None)
            more = len(rows) > self.size
        rows = rows[: self.size]
        backwards = cursor is not None and cursor.backwards
        if backwards:
            rows.reverse()
        following = self._edge(rows[-1:], False, scope) if more or backwards else None
        preceding = self._edge(rows[:1], True, scope) if cursor and (more or not backwards) else None
        return rows, following, preceding

    def _fetch(self, cursor: Cursor | None) -> list[sa.RowMapping]:
        if self.is_searched:
            rows = paging.found(self.statement, self.filtered, self.order, self.size + 1, cursor)
            if rows[0]["_found"] <= paging.MOST_SORTED if rows else cursor is None:
                return rows
        return paging.listed(self.filtered, self.order, self.size + 1, cursor)

    def _edge(self, row: list[sa.RowMapping], backwards: bool, scope: str) -> str | None:
        if not row:
            return None
        return self.url(page=Cursor(row[0]["_sort"], row[0]["_key"], backwards).pack(scope))
