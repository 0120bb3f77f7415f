"""One URL, two answers."""

import json

from flask.testing import FlaskClient

HTMX = {"HX-Request": "true"}


def test_a_browser_gets_the_page_and_htmx_its_part(http: FlaskClient) -> None:
    assert "<h1>Whole</h1>" in http.get("/page").text
    assert http.get("/page", headers=HTMX).text == '<p id="part">part of &lt;Ann&gt;</p>'


def test_boosted_links_and_restored_history_get_the_page(http: FlaskClient) -> None:
    for header in ("HX-Boosted", "HX-History-Restore-Request"):
        assert "<html" in http.get("/page", headers={**HTMX, header: "true"}).text


def test_every_answer_says_that_it_depends_on_who_asks(http: FlaskClient) -> None:
    for headers in ({}, HTMX):
        assert {"HX-Request", "HX-Target"} <= set(http.get("/page", headers=headers).vary)


def test_the_dialog_gets_the_page_under_a_heading_of_its_own(http: FlaskClient) -> None:
    text = http.get("/page", headers={**HTMX, "HX-Target": "dialog"}).text
    assert '<h2 id="dialog-title">Whole</h2>' in text
    assert "<h1" not in text and "<html" not in text


def test_the_main_region_gets_the_page_with_its_title_but_without_the_frame(http: FlaskClient) -> None:
    text = http.get("/page", headers={**HTMX, "HX-Target": "main"}).text
    assert text.startswith("<title>Whole") and "<h1>Whole</h1>" in text
    assert "<html" not in text and "sidebar" not in text


def test_done_sends_a_plain_form_on_and_tells_on_the_next_page(http: FlaskClient) -> None:
    answer = http.post("/act", data=token(http))
    assert (answer.status_code, answer.location) == (303, "/page")
    assert "It is done – “so”" in http.get("/page").text


def test_of_many_that_no_page_has_shown_the_last_five_are_told(http: FlaskClient) -> None:
    data = token(http)
    for _ in range(40):
        http.post("/act", data=data)
    told = http.get_cookie("session")
    assert told is not None and len(told.value) < 1000
    assert http.get("/page").text.count("It is done – “so”") == 5


def test_done_puts_the_part_where_it_belongs_under_htmx(http: FlaskClient) -> None:
    answer = http.post("/act", data=token(http, part="1"), headers=HTMX)
    assert "part of new" in answer.text
    assert (answer.headers["HX-Retarget"], answer.headers["HX-Reswap"]) == ("#part", "outerHTML")
    told = json.loads(answer.headers["HX-Trigger"])
    assert told["toast"] == {"kind": "success", "text": "It is done – “so”"} and told["closeDialog"]


def test_done_without_a_part_sends_htmx_to_the_page(http: FlaskClient) -> None:
    answer = http.post("/act", data=token(http), headers=HTMX)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (200, "/page")


def test_a_refused_part_stands_alone_under_htmx_and_in_a_page_without(http: FlaskClient) -> None:
    under_htmx = http.post("/act", data=token(http, refuse="1"), headers={**HTMX, "HX-Target": "part"})
    assert (under_htmx.status_code, under_htmx.text) == (422, '<p id="part">part of again</p>')
    plain = http.post("/act", data=token(http, refuse="1"))
    assert plain.status_code == 422
    assert '<p id="part">part of again</p>' in plain.text and plain.text.count("<h1") == 1


def token(http: FlaskClient, **fields: str) -> dict[str, str]:
    text = http.get("/page").text
    return {"csrf_token": text.split('name="csrf-token" content="')[1].split('"')[0], **fields}
