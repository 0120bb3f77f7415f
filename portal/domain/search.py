"""Full-text search as people type it."""

import re
from typing import Any

import sqlalchemy as sa

MOST_WORDS = 10


def words(entered: str) -> list[str]:
    """The words in what somebody typed: letters and digits only, so that each is safe in a tsquery."""
    return re.findall(r"[^\W_]+", entered)[:MOST_WORDS]


def matches(document: Any, entered: str) -> sa.ColumnElement[bool]:
    """Every word begins a word of the `tsvector` column: "jun acad" finds "Juniper Academy Inc.".

    Nothing matches a text without a letter or digit.
    """
    prefixes = " & ".join(f"'{word}':*" for word in words(entered))
    if not prefixes:
        return sa.false()
    found: sa.ColumnElement[bool] = document.op("@@", is_comparison=True)(
        sa.func.to_tsquery("simple", prefixes)
    )
    return found
