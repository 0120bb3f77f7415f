"""WeasyPrint, held on a short line. Imported by `documents.print_html` when something is printed."""

import os
from collections.abc import Iterable
from html import unescape
from io import StringIO

from weasyprint import CSS, HTML
from weasyprint.document import Document
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from portal.documents import fonts

SCHEME = "font:"

# fontTools writes the time into the fonts that it cuts; with a fixed one the same facts give the same bytes.
os.environ.setdefault("SOURCE_DATE_EPOCH", "0")


class AddressRefused(ValueError):
    """A document asked for something that is not a packaged font."""


class PackagedOnly(URLFetcher):
    """Answers `font:<file>` of the packaged fonts. WeasyPrint's own reads local files and the network."""

    def __init__(self) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False)

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        file = url.removeprefix(SCHEME)
        if not url.startswith(SCHEME) or file not in fonts.FILES:
            raise AddressRefused("Documents are made of packaged assets only.")
        return URLFetcherResponse(url, fonts.content(file), {"Content-Type": "font/ttf"})


def to_pdf(html: str, stylesheets: Iterable[str]) -> bytes:
    return _set(html, stylesheets).write_pdf(pdf_tags=True)


def pages_of(html: str, stylesheets: Iterable[str], prefix: str) -> list[int]:
    """The page, from 0, on which each element lands whose id begins with the prefix, in their order."""
    places = {
        int(name.removeprefix(prefix)): number
        for number, each in enumerate(_set(html, stylesheets).pages)
        for name in each.anchors
        if name.startswith(prefix)
    }
    return [places[position] for position in sorted(places)]


def _set(html: str, stylesheets: Iterable[str]) -> Document:
    """The document and each stylesheet get our fetcher: one without it would use WeasyPrint's own."""
    fetcher = PackagedOnly()
    fonts_in_use = FontConfiguration()
    sheets = [
        CSS(file_obj=StringIO(sheet), url_fetcher=fetcher, font_config=fonts_in_use)
        for sheet in (fonts.stylesheet(unescape(html)), *stylesheets)
    ]
    document = HTML(file_obj=StringIO(html), url_fetcher=fetcher)
    return document.render(stylesheets=sheets, font_config=fonts_in_use, pdf_tags=True)
