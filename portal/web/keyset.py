"""Pages by key: the rows after (or before) a known row, so that page 1,000 costs what the first does.

Rows are ordered by (sort expression, id), empty values last in both directions. A cursor is the sort value
and id of the row at the edge, signed: whatever else stands in the address (−1, 10³⁰, NUL) is the first page.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import sqlalchemy as sa
from flask import current_app
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.sql.selectable import Join

KINDS: dict[str, tuple[type, Any]] = {
    "t": (datetime, datetime.fromisoformat),
    "d": (date, date.fromisoformat),
    "n": (Decimal, Decimal),
}


@dataclass(frozen=True)
class Order:
    """ORDER BY `by`, `key`, both in one direction."""

    by: sa.ColumnElement[Any]
    key: sa.ColumnElement[Any]
    descending: bool
    nullable: bool

    def clauses(self) -> list[sa.ColumnElement[Any]]:
        """The whole list in one go."""
        by, key = self._directed(self.by, self.key, backwards=False)
        return [by.nulls_last() if self.nullable else by, key]

    def segments(self, cursor: "Cursor | None") -> Iterator["Segment"]:
        """What follows the cursor's row, or goes before it, as up to two stretches: with a value, and without.

        One condition for both would hold an OR, which no index can answer: a deep page would read the list from its
        beginning. Each stretch by itself starts where the cursor stands.
        """
        backwards = cursor is not None and cursor.backwards
        at_empty = cursor is not None and cursor.value is None
        if self.nullable and backwards and at_empty:
            yield self._empty(cursor)
            yield self._filled(None, backwards=True)
        elif at_empty:
            yield self._empty(cursor)
        else:
            yield self._filled(cursor, backwards=backwards)
            if self.nullable and not backwards:
                yield self._empty(None)

    def _filled(self, cursor: "Cursor | None", *, backwards: bool) -> "Segment":
        conditions = [self.by.is_not(None)] if self.nullable else []
        if cursor is not None:
            value = sa.literal(cursor.value, self.by.type)
            falling = self.descending != backwards
            # The pair decides; the first of it alone also narrows another table that the order begins with.
            conditions.append(self.by <= value if falling else self.by >= value)
            conditions.append(_past(sa.tuple_(self.by, self.key), sa.tuple_(value, cursor.key), falling))
        return Segment(
            sa.and_(sa.true(), *conditions), self._directed(self.by, self.key, backwards=backwards)
        )

    def _empty(self, cursor: "Cursor | None") -> "Segment":
        backwards = cursor is not None and cursor.backwards
        conditions = [self.by.is_(None)]
        if cursor is not None:
            conditions.append(_past(self.key, sa.literal(cursor.key), self.descending != backwards))
        return Segment(sa.and_(*conditions), self._directed(self.key, backwards=backwards))

    def _directed(self, *columns: sa.ColumnElement[Any], backwards: bool) -> list[sa.ColumnElement[Any]]:
        falling = self.descending != backwards
        return [each.desc() if falling else each.asc() for each in columns]


@dataclass(frozen=True)
class Segment:
    """A stretch of the list: which rows, in which order."""

    condition: sa.ColumnElement[bool]
    clauses: list[sa.ColumnElement[Any]]


@dataclass(frozen=True)
class Cursor:
    value: Any
    key: Any
    backwards: bool = False

    def pack(self, sort: str) -> str:
        value, kind = self.value, ""
        if isinstance(value, Enum):
            value = value.value
        for letter, (of, _) in KINDS.items():
            if isinstance(value, of):
                value, kind = str(value), letter
                break
        return _signer(sort).dumps([kind, value, self.key, int(self.backwards)])

    @classmethod
    def unpack(cls, text: str, sort: str) -> "Cursor | None":
        """None for whatever this portal did not make for this very sort."""
        if not text or len(text) > 2000:
            return None
        try:
            kind, value, key, backwards = _signer(sort).loads(text)
        except BadData:
            return None
        return cls(KINDS[kind][1](value) if kind else value, key, bool(backwards))


def may_be_empty(by: sa.ColumnElement[Any], statement: sa.Select[Any]) -> bool:
    """Only a NOT NULL column of a table that is not outer-joined is certain to have a value."""
    if not isinstance(by, sa.Column) or by.nullable:
        return True
    return any(by.table in _optional(source) for source in statement.get_final_froms())


def _optional(source: Any) -> list[Any]:
    if not isinstance(source, Join):
        return []
    inner = _optional(source.left) + _optional(source.right)
    if source.isouter or source.full:
        inner += source.right._from_objects
    return inner + (source.left._from_objects if source.full else [])


def _past(left: Any, right: Any, falling: bool) -> sa.ColumnElement[bool]:
    return left < right if falling else left > right


def _signer(sort: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt=f"page:{sort}")
