"""Reading a PDF back: its words, and everything that is hidden in it."""

from io import BytesIO

from bs4 import BeautifulSoup
from pypdf import PdfReader
from pypdf.generic import IndirectObject, StreamObject


def reader(pdf: bytes) -> PdfReader:
    return PdfReader(BytesIO(pdf))


def text(pdf: bytes) -> str:
    """The words of all pages with single spaces."""
    return " ".join(" ".join(page.extract_text() for page in reader(pdf).pages).split())


def pages_of(pdf: bytes) -> list[str]:
    """The words of each page."""
    return [" ".join(page.extract_text().split()) for page in reader(pdf).pages]


def words_of(html: str) -> str:
    """The words of a page before it is set, with single spaces."""
    return " ".join(BeautifulSoup(html, "html.parser").get_text(" ").split())


def everything(pdf: bytes) -> bytes:
    """Every object of the file with its streams unpacked: attachments, fonts, pictures, metadata, pages."""
    opened = reader(pdf)
    found = [pdf]
    for number in range(1, opened.trailer["/Size"]):
        each = opened.get_object(IndirectObject(number, 0, opened))
        found.append(repr(each).encode())
        if isinstance(each, StreamObject):
            found.append(each.get_data())
    return b"\n".join([*found, text(pdf).encode()])


def fonts(pdf: bytes) -> set[str]:
    """Names of the fonts in use, each of them embedded."""
    names = set()
    for page in reader(pdf).pages:
        for font in page["/Resources"]["/Font"].get_object().values():
            below = font.get_object()["/DescendantFonts"][0].get_object()
            assert "/FontFile2" in below["/FontDescriptor"].get_object()
            names.add(below["/BaseFont"].partition("+")[2])
    return names
