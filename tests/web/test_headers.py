"""Promise S12: on every answer, whatever it is."""

import pytest
from flask.testing import FlaskClient

from portal.web.headers import HEADERS, POLICY


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/page", 200),
        ("/nowhere", 404),
        ("/fail/fault", 500),
        ("/static/portal.css", 200),
        ("/static/vendor/icons.svg", 200),
        ("/static/no.css", 404),
    ],
)
def test_every_answer_carries_them(http: FlaskClient, path: str, status: int) -> None:
    answer = http.get(path)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_a_foreign_host_is_refused_with_them(http: FlaskClient) -> None:
    answer = http.get("/page", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_nothing_is_allowed_but_what_is_named_and_nothing_is_unsafe() -> None:
    assert POLICY.startswith("default-src 'none'")
    assert "unsafe" not in POLICY and "*" not in POLICY and "http" not in POLICY


def test_strict_transport_is_asked_for_over_tls_only(http: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in http.get("/page").headers
    assert "Strict-Transport-Security" in http.get("/page", base_url="https://localhost").headers


def test_pages_and_errors_stay_out_of_every_cache(http: FlaskClient) -> None:
    for path in ("/page", "/nowhere", "/fail/fault"):
        assert http.get(path).headers["Cache-Control"] == "no-store"


def test_a_static_file_named_with_its_content_is_kept_for_good(http: FlaskClient) -> None:
    kept = http.get("/static/portal.css?v=1").headers["Cache-Control"]
    assert "immutable" in kept and "no-cache" not in kept
    assert "immutable" not in http.get("/static/portal.css").headers["Cache-Control"]
