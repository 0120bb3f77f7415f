"""Rows inside a form: added, removed and moved by plain submit buttons."""

import pytest

from portal.web.rows import MOST_ROWS, entered, moved

ROWS = [{"title": "a"}, {"title": "b"}, {"title": "c"}]


def titles(rows):
    return "".join(row.get("title", "") for row in rows.rows)


@pytest.mark.parametrize(
    ("move", "result", "focus"),
    [
        ("add", "abc", 3), ("remove-0", "bc", 0), ("remove-2", "ab", 1), ("up-2", "acb", 1), ("down-0", "bac", 1),
        ("up-0", "abc", None), ("down-2", "abc", None), ("remove-9", "abc", None), ("up--1", "abc", None),
        ("remove-", "abc", None), ("preview", "abc", None), ("up-²", "abc", None), ("up-" + "9" * 50, "abc", None),
    ],
)  # fmt: skip
def test_a_move_moves_one_row_or_nothing(move, result, focus):
    after = moved(ROWS, move)
    assert (titles(after), after.focus, after.is_moved) == (result, focus, True)
    assert titles(moved(ROWS, "none")) == "abc", "the rows that were given stay as they are"


def sent(app, **form):
    with app.test_request_context("/", method="POST", data=form):
        return entered({"title": "step", "note": "note"}, {"is_mandatory": "mandatory"})


def test_ticks_belong_to_the_row_of_their_place(app):
    rows = sent(app, step=["a", "b", "c"], note=["", "n"], mandatory=["2", "0"])
    assert [row["is_mandatory"] for row in rows.rows] == [True, False, True]
    assert [row["note"] for row in rows.rows] == ["", "n", ""]
    assert not rows.is_moved


def test_ticks_go_with_their_row(app):
    rows = sent(app, step=["a", "b"], mandatory=["1"], move="up-1")
    assert [(row["title"], row["is_mandatory"]) for row in rows.rows] == [("b", True), ("a", False)]


def test_no_more_rows_are_read_than_anybody_enters(app):
    assert len(sent(app, step=["x"] * (MOST_ROWS + 50)).rows) == MOST_ROWS


def test_a_form_without_rows_has_none(app):
    assert sent(app).rows == []
