"""Promise S14: a document fetches nothing, whatever is written into it."""

import socket
import threading
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest

from portal import documents
from tests.documents import facts
from tests.documents.reading import everything, text

CANARY = "planted-canary-5417"

VECTORS = {
    "picture": '<img src="{file}/p.svg" alt=""><img src="{web}/1" alt="">',
    "picture of a relative address": '<base href="{web}/"><img src="2" alt=""><img src="//{host}/3" alt="">',
    "stylesheet": '<link rel="stylesheet" href="{file}/p.css"><link rel="stylesheet" href="{web}/4">',
    "import": "<style>@import url({file}/p.css); @import '{web}/5';</style><p>x",
    "background": "<p style=\"background:url('{web}/6'), url('{file}/p.svg')\">x",
    "content": "<style>p::before {{ content: url({file}/p.svg) url({web}/7) }}</style><p>x",
    "list mark": "<ul style=\"list-style-image:url('{web}/8')\"><li>x</ul>",
    "border picture": "<p style=\"border:9px solid;border-image:url('{web}/9') 3\">x",
    "font": "<style>@font-face {{ font-family: f; src: url({file}/p.txt), url({web}/10) }}"
    "p {{ font-family: f }}</style><p>x",
    "attachment of the page": '<link rel="attachment" href="{file}/p.txt"><link rel="attachment" href="{web}/11">',
    "attachment of a link": '<a rel="attachment" href="{file}/p.txt">x</a><a rel="attachment" href="{web}/12">y</a>',
    "svg picture": '<svg viewBox="0 0 9 9"><image href="{file}/p.svg" width="9" height="9"/>'
    '<image xlink:href="{web}/13" width="9" height="9"/></svg>',
    "svg use": '<svg viewBox="0 0 9 9"><use href="{file}/p.svg#c"/><use href="{web}/14#c"/></svg>',
    "svg style": '<svg viewBox="0 0 9 9"><style>@import url({web}/15); text {{ fill: url({file}/p.svg#c) }}</style>'
    "<text>x</text></svg>",
    "object and embed": '<object data="{file}/p.svg"></object><embed src="{web}/16"><object data="{web}/17"></object>',
    "picture in a picture": "<img alt='' src=\"data:image/svg+xml,"
    "%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'%3E"
    "%3Cimage href='{web}/18' width='9' height='9'/%3E%3C/svg%3E\">",
    "frame": '<iframe src="{file}/p.txt"></iframe><video poster="{web}/19" src="{web}/20"></video>'
    '<audio src="{web}/21"></audio>',
    "shape and mask": "<p style=\"mask:url('{web}/22');shape-outside:url('{file}/p.svg');cursor:url('{web}/23')\">x",
}  # fmt: skip


class Ears:
    """Listens on a port of this machine and counts who knocks."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.knocks = 0
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.socket.getsockname()[1]}"

    def _listen(self) -> None:
        while True:
            try:
                visitor, _ = self.socket.accept()
            except OSError:
                return
            self.knocks += 1
            with visitor:
                visitor.sendall(b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()


@pytest.fixture
def ears() -> Iterator[Ears]:
    ears = Ears()
    yield ears
    ears.close()


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    (tmp_path / "p.txt").write_text(CANARY)
    (tmp_path / "p.css").write_text(f"body::after {{ content: '{CANARY}' }}")
    (tmp_path / "p.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 99 9" width="99" height="9">'
        f'<text id="c" y="9">{CANARY}</text></svg>'
    )
    return tmp_path


def page(vector: str, ears: Ears, planted: Path) -> str:
    body = VECTORS[vector].format(file=planted.as_uri(), web=f"http://{ears.host}", host=ears.host)
    return f"<html lang=en><title>x</title><body>{body}</body></html>"


@pytest.mark.parametrize("vector", VECTORS)
def test_a_document_fetches_nothing(vector, ears, planted):
    pdf = documents.print_html(page(vector, ears, planted))
    assert ears.knocks == 0
    assert CANARY.encode() not in everything(pdf)


def test_the_vectors_would_fetch_with_the_printers_own_fetcher(ears, planted):
    """Were they harmless by themselves, the test above could not fail."""
    from weasyprint import HTML

    stolen, knocked = set(), set()
    for vector in VECTORS:
        before = ears.knocks
        pdf = HTML(string=page(vector, ears, planted)).write_pdf()
        knocked |= {vector} if ears.knocks > before else set()
        stolen |= {vector} if CANARY.encode() in everything(pdf) else set()
    assert len(knocked) >= 10
    assert {"picture", "import", "attachment of a link", "svg picture"} <= stolen


@pytest.mark.parametrize("document", ["invoice", "sla_report"])
def test_texts_of_people_are_words_and_not_markup(document, ears, planted):
    usual = {"invoice": facts.invoice(), "sla_report": facts.sla_report()}[document]
    web, host = f"http://{ears.host}", ears.host
    hostile = [each.format(file=planted.as_uri(), web=web, host=host) for each in VECTORS.values()]
    pdf = documents.render(document, facts.with_texts(usual, cycle(hostile)))
    shown = text(pdf).replace(" ", "")
    assert sum(each[:25].replace(" ", "") in shown for each in hostile) >= 10
    assert ears.knocks == 0
    assert CANARY.encode() not in everything(pdf)


def test_only_packaged_fonts_have_an_address():
    from portal.documents.printer import AddressRefused, PackagedOnly

    fetcher = PackagedOnly()
    assert fetcher("font:inter-latin.ttf").read()[:4] == b"\0\1\0\0"
    for address in (
        "font:../../../settings.py",
        "font:/etc/passwd",
        "font:",
        "data:text/plain,x",
        "file:///etc/passwd",
    ):
        with pytest.raises(AddressRefused):
            fetcher(address)
