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
    prefixes = " & ".join(_prefix(word) for word in words(entered))
    if not prefixes:
        return sa.false()
    found: sa.ColumnElement[bool] = document.op("@@", is_comparison=True)(
        sa.func.to_tsquery("simple", prefixes)
    )
    return found


def _prefix(word: str) -> str:
    """PostgreSQL reads the number in "ACME-2" as minus two, so a number is looked for with either sign."""
    return f"('{word}':* | '-{word}':*)" if word.isdecimal() else f"'{word}':*"
