"""What holds for every document: title, language, structure, fonts, page numbers, the same bytes again."""

import pytest

from portal import documents
from portal.documents import fonts
from tests.documents import facts
from tests.documents.reading import fonts as fonts_in
from tests.documents.reading import reader, text

DOCUMENTS = {"invoice": facts.invoice(), "sla_report": facts.sla_report()}


@pytest.fixture(scope="module", params=DOCUMENTS)
def printed(request):
    return request.param, documents.render(request.param, DOCUMENTS[request.param])


def test_a_document_has_a_title_a_language_and_a_structure_to_read_aloud(printed):
    name, pdf = printed
    opened = reader(pdf)
    titles = {
        "invoice": "Invoice INV-12",
        "sla_report": "SLA report – Quarry Dental 株式会社 – Cloud Backup – Quarry – 1 – 31 Oct 2026",
    }
    assert opened.metadata.title == titles[name]
    assert opened.metadata.author == "Northgate"
    catalog = opened.trailer["/Root"]
    assert catalog["/Lang"] == "en"
    assert catalog["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in catalog


def test_the_same_facts_give_the_same_bytes(printed):
    name, pdf = printed
    assert documents.render(name, DOCUMENTS[name]) == pdf


def test_every_letter_comes_out_of_a_packaged_font(printed):
    _, pdf = printed
    packaged = {face.family.replace(" ", "-") for face in fonts.FACES}
    assert all(any(name.startswith(family) for family in packaged) for name in fonts_in(pdf))
    assert "株式会社" in text(pdf)


def test_pages_are_numbered_and_table_heads_come_again():
    pdf = documents.render("invoice", facts.invoice(amounts=(100,) * 60))
    pages = [" ".join(page.extract_text().split()) for page in reader(pdf).pages]
    assert len(pages) > 1
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
    assert all("Amount (USD)" in page for page in pages[:-1])


def test_a_report_has_a_bookmark_for_each_service():
    report = facts.sla_report(facts.service(), facts.service(name="Firewall"), facts.service(name="Mail"))
    outline = reader(documents.render("sla_report", report)).outline
    top = [each.title for each in outline if not isinstance(each, list)]
    assert [each for each in top if each in ("Cloud Backup – Quarry", "Firewall", "Mail")] == [
        "Cloud Backup – Quarry",
        "Firewall",
        "Mail",
    ]


@pytest.mark.parametrize(
    ("words", "families"),
    [
        ("plain English – “quoted”, 12.50 €", {"Inter"}),
        ("Łódź", {"Inter", "Inter Extended"}),
        ("株式会社", {"Inter", "Noto Sans JP"}),
        ("Привет Ελλάδα", {"Inter", "Inter Cyrillic", "Inter Greek"}),
    ],
)
def test_a_document_carries_only_the_fonts_that_its_letters_need(words, families):
    assert {face.family for face in fonts.faces_for(words)} == families


def test_a_font_that_was_not_packaged_is_an_error_that_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(fonts, "FOLDER", tmp_path)
    fonts.letters_of.cache_clear()
    with pytest.raises(fonts.FontMissing, match="make setup"):
        documents.render("invoice", facts.invoice())
    fonts.letters_of.cache_clear()


def test_a_fact_that_is_missing_is_an_error_and_not_a_gap():
    from jinja2 import UndefinedError

    class Nothing:
        locale, timezone = "en_US", "UTC"

    with pytest.raises(UndefinedError):
        documents.render("invoice", Nothing())
