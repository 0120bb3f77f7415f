"""Rows inside a form that can be added, removed and moved: a checklist, days off.

Each move is a submit button named `move` (add, up-2, down-2, remove-2, or anything else that redraws the form
without saving it), so it works without JavaScript. The inputs of a row share their names; a tick box has the
row's place as its value, because a box that is not ticked is not sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

Row = Mapping[str, Any]
MOST_ROWS = 500


@dataclass(frozen=True)
class Rows:
    """focus: the row that the person is at after a move. is_moved: a button that saves nothing was pressed."""

    rows: Sequence[Row]
    focus: int | None = None
    is_moved: bool = False


def entered(texts: Mapping[str, str], ticks: Mapping[str, str] | None = None) -> Rows:
    """The rows of the form that was sent, after the move that was asked for.

    texts, ticks: the domain's name of a value → the name of its input.
    """
    columns = {key: request.form.getlist(name)[:MOST_ROWS] for key, name in texts.items()}
    ticked = {key: set(request.form.getlist(name)) for key, name in (ticks or {}).items()}
    rows = [
        {key: column[place] if place < len(column) else "" for key, column in columns.items()}
        | {key: str(place) in places for key, places in ticked.items()}
        for place in range(max(map(len, columns.values())))
    ]
    move = request.form.get("move", "")
    return moved(rows, move) if move else Rows(rows)


def moved(rows: Sequence[Row], move: str) -> Rows:
    """The rows after one move; a move that cannot be made leaves them as they are."""
    kind, _, at = move.partition("-")
    place = int(at) if at.isdecimal() and at.isascii() and len(at) < 4 else -1
    known = list(rows)
    if kind == "add":
        return Rows([*known, {}], focus=len(known), is_moved=True)
    if kind == "remove" and 0 <= place < len(known):
        del known[place]
        return Rows(known, focus=max(0, place - 1), is_moved=True)
    target = place + {"up": -1, "down": 1}.get(kind, 0)
    if target != place and 0 <= place < len(known) and 0 <= target < len(known):
        known[place], known[target] = known[target], known[place]
        return Rows(known, focus=target, is_moved=True)
    return Rows(known, is_moved=True)
