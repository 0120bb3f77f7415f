"""Who asks, and over what, when proxies stand before the portal."""

from types import SimpleNamespace

import pytest
from flask import Flask, request

from portal.web import headers

# The first is what a person made up; the nearest proxy adds the last.
FORWARDED = {
    "X-Forwarded-For": "203.0.113.1, 198.51.100.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
}


@pytest.mark.parametrize(
    ("proxies", "seen", "is_safe"),
    [
        (0, "127.0.0.1 http localhost", False),
        (1, "198.51.100.7 https localhost", True),
        (3, "127.0.0.1 http localhost", False),
    ],
)
def test_only_as_many_proxies_as_there_are_are_believed(proxies: int, seen: str, is_safe: bool) -> None:
    app = Flask("behind")
    app.extensions["settings"] = SimpleNamespace(trusted_proxies=proxies)
    app.add_url_rule("/", view_func=lambda: f"{request.remote_addr} {request.scheme} {request.host}")
    headers.init(app)
    answer = app.test_client().get("/", headers=FORWARDED)
    assert answer.text == seen
    assert ("Strict-Transport-Security" in answer.headers) is is_safe
