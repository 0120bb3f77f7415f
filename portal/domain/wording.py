"""Stored values and lists of names as people read them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def without_formula(text: str) -> str:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    return "'" + text if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def few(names: Sequence[str]) -> str:
    """The first three by name, the rest by number."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def in_words(value: Any) -> str:
    """A stored value as a person reads it."""
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, list | tuple):
        return ", ".join(in_words(each) for each in value)
    own = getattr(value, "label", None)
    return own if isinstance(own, str) else str(value)
