"""Pages by key: the rows after (or before) a known row, so that page 1,000 costs what the first does.

Rows are ordered by (sort expression, id), empty values last in both directions. A cursor is the sort value
and id of the row at the edge, signed: whatever else stands in the address (−1, 10³⁰, NUL) is the first page.
"""

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

    def clauses(self, *, backwards: bool = False) -> list[sa.ColumnElement[Any]]:
        falling = self.descending != backwards
        by, key = (each.desc() if falling else each.asc() for each in (self.by, self.key))
        if not self.nullable:
            return [by, key]
        return [by.nulls_first() if backwards else by.nulls_last(), key]

    def beyond(self, cursor: "Cursor") -> sa.ColumnElement[bool]:
        """The rows that come after the cursor's row, or before it, in this order."""
        falling = self.descending != cursor.backwards
        if cursor.value is None:
            same = self.by.is_(None) & _past(self.key, sa.literal(cursor.key), falling)
            return same | self.by.is_not(None) if cursor.backwards else same
        value = sa.literal(cursor.value, self.by.type)
        further = _past(sa.tuple_(self.by, self.key), sa.tuple_(value, cursor.key), falling)
        return further | self.by.is_(None) if self.nullable and not cursor.backwards else further


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
