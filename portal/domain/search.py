"""Full-text search as people type it."""

import re
from typing import Any

import sqlalchemy as sa

MOST_WORDS = 10


def matches(document: Any, entered: str) -> sa.ColumnElement[bool]:
    """Every word begins a word of the `tsvector` column: "jun acad" finds "Juniper Academy Inc.".

    Nothing matches a text without a letter or digit.
    """
    words = re.findall(r"[^\W_]+", entered)[:MOST_WORDS]
    if not words:
        return sa.false()
    prefixes = " & ".join(f"'{word}':*" for word in words)
    found: sa.ColumnElement[bool] = document.op("@@", is_comparison=True)(
        sa.func.to_tsquery("simple", prefixes)
    )
    return found
