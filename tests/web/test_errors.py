"""How a "no" reaches the person."""

import json
import logging

import pytest
from flask.testing import FlaskClient

from portal.web.errors import STALE_FORM

HTMX = {"HX-Request": "true", "HX-Target": "somewhere"}
IN_DIALOG = {"HX-Request": "true", "HX-Target": "dialog"}


@pytest.mark.parametrize(
    ("way", "status"),
    [
        ("transition", 409),
        ("stale", 409),
        ("missing", 404),
        ("invalid", 422),
        ("fault", 500),
        ("database", 503),
    ],
)
def test_the_status_tells_the_truth_on_a_page_with_one_heading(
    http: FlaskClient, way: str, status: int
) -> None:
    answer = http.get(f"/fail/{way}")
    assert answer.status_code == status
    assert answer.text.count("<h1") == 1


def test_a_refusal_says_what_is_allowed_instead(http: FlaskClient) -> None:
    assert "What it allows now: resume, cancel." in http.get("/fail/transition").text


def test_a_stale_form_shows_both_values(http: FlaskClient) -> None:
    for headers in ({}, IN_DIALOG, {"HX-Request": "true", "HX-Target": "main"}):
        text = http.get("/fail/stale", headers=headers).text
        assert "100.00" in text and "120.00" in text


def test_invalid_input_names_field_and_fault(http: FlaskClient) -> None:
    assert "End date: The end lies before the start." in http.get("/fail/invalid").text


def test_a_fault_shows_its_number_and_nothing_of_the_program(
    http: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="portal.web.errors"):
        answer = http.get("/fail/fault")
    number = answer.headers["X-Request-ID"]
    assert number in answer.text
    assert [record.request_id for record in caplog.records] == [number]  # type: ignore[attr-defined]
    for hidden in ("secret detail", "Traceback", "ZeroDivision", "Werkzeug", ".py"):
        assert hidden not in answer.text


def test_a_database_that_is_away_asks_to_come_back(http: FlaskClient) -> None:
    answer = http.get("/fail/database")
    assert answer.headers["Retry-After"] == "5"
    assert "SELECT" not in answer.text and "connection refused" not in answer.text


def test_under_htmx_the_page_stays_and_a_message_comes(http: FlaskClient) -> None:
    answer = http.get("/fail/transition", headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Reswap"]) == (409, "none")
    toast = json.loads(answer.headers["HX-Trigger"])["toast"]
    assert toast["kind"] == "danger" and "resume, cancel" in toast["text"]


def test_in_the_dialog_the_refusal_is_shown_there(http: FlaskClient) -> None:
    answer = http.get("/fail/transition", headers=IN_DIALOG)
    assert "HX-Reswap" not in answer.headers
    assert '<h2 id="dialog-title">' in answer.text and "<html" not in answer.text


def test_a_wrong_method_says_which_one_is_right(http: FlaskClient) -> None:
    answer = http.get("/act")
    assert answer.status_code == 405 and "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("fields", [{}, {"csrf_token": "of somebody else"}])
def test_a_form_without_its_token_is_a_400_that_says_to_reload(
    http: FlaskClient, fields: dict[str, str]
) -> None:
    answer = http.post("/act", data=fields)
    assert answer.status_code == 400
    assert STALE_FORM[0] in answer.text
