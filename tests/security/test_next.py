"""S13: what `next=` says is anybody's text; 40 hostile ones lead nowhere else."""

from urllib.parse import urljoin, urlsplit

import pytest

from portal.links import local
from tests.browsing import Browser
from tests.security.samples import PASSWORD

HOSTILE = [
    "https://evil.example",
    "http://evil.example/",
    "HTTPS://evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example/..",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example",
    "\n//evil.example",
    "\x00//evil.example",
    "/\x00/evil.example",
    "\x01https://evil.example",
    "\u00a0//evil.example",
    "/\u2028/evil.example",
    "\uff0f\uff0fevil.example",
    "/\uff0fevil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:\\evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox",
    "ftp://evil.example",
    "mailto:eve@evil.example",
    "evil.example",
    "@evil.example",
    "//localhost@evil.example",
    "https://localhost:80@evil.example/",
    "//[::1]evil.example",
    "//evil.example%2f@localhost",
    "/" + "a" * 3000,
    "?next=//evil.example",
]
KIND = ["/", "/profile", "/users?role=admin&page=2", "/services?q=a%20b", "/%2F/evil.example", "/a//b"]


def host_of(location):
    """Where a browser goes: it drops tabs and line ends and reads backslashes as slashes."""
    seen = "".join(sign for sign in location if sign not in "\t\r\n").strip().replace("\\", "/")
    return urlsplit(urljoin("http://localhost/login", seen)).netloc


def test_there_are_forty():
    assert len(set(HOSTILE)) >= 40


@pytest.mark.parametrize("target", HOSTILE)
def test_a_hostile_target_becomes_the_home_page(target):
    assert local(target) == "/"


@pytest.mark.parametrize("target", KIND)
def test_a_path_of_the_portal_is_kept(target):
    assert local(target) == target
    assert host_of(target) == "localhost"


def test_no_redirect_leaves_the_host(app, world):
    signed_in = Browser(app).sign_in(world.eve)
    left = []
    for target in HOSTILE:
        answers = [
            signed_in.ask("GET", "/login", query_string={"next": target}),
            signed_in.post("/theme", {"theme": "dark", "next": target}),
            Browser(app).post("/login", {"email": world.eve.email, "password": PASSWORD, "next": target}),
        ]
        assert [answer.status for answer in answers] == [303, 303, 303]
        left += [
            (target, answer.headers["Location"])
            for answer in answers
            if host_of(answer.headers["Location"]) != "localhost"
        ]

    assert left == []


def test_the_form_carries_no_hostile_target_on(app, session):
    for target in HOSTILE:
        page = Browser(app).ask("GET", "/login", query_string={"next": target})
        assert page.value("next") == "/"


@pytest.mark.parametrize(
    "page", ["http://evil.example/users", "//evil.example", "javascript:alert(1)", "http://[::1"]
)
def test_the_page_to_come_back_to_is_one_of_ours(app, session, page):
    asked = Browser(app).ask("GET", "/users", headers={"HX-Request": "true", "HX-Current-URL": page})
    sent = Browser(app).post("/profile", headers={"Referer": page})

    assert asked.headers["HX-Redirect"] == "/login?next=/"
    assert sent.headers["Location"] == "/login?next=/"
