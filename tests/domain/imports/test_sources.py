"""Files come from a folder, or from a zip that nobody vouches for."""

import io
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from portal.domain.errors import Invalid, Refused
from portal.domain.imports import sources
from tests.books import STAFF, small_book, zipped


def fault(archive: bytes) -> str:
    with pytest.raises(Invalid) as refused:
        sources.unzip(archive)
    return refused.value.faults["archive"]


def packed(*entries: tuple[str, str]) -> bytes:
    target = io.BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for name, text in entries:
            archive.writestr(name, text)
    return target.getvalue()


def test_a_zip_gives_the_files_of_the_book_also_out_of_a_folder():
    assert sources.unzip(zipped(small_book())) == small_book()
    assert sources.unzip(zipped(small_book(), folder="export 2026/")) == small_book()


def test_other_files_and_what_a_mac_adds_are_left_aside():
    archive = packed(
        ("staff.csv", STAFF), ("faults.csv", "x"), ("__MACOSX/staff.csv", "x"), ("notes.txt", "x")
    )
    assert sources.unzip(archive) == {"staff": STAFF.encode()}


@pytest.mark.parametrize(
    "name", ["../staff.csv", "/etc/staff.csv", "a/../../staff.csv", "..\\staff.csv", "C:\\staff.csv"]
)
def test_a_name_that_leads_out_of_the_zip_is_refused(name):
    assert "leads out" in fault(packed((name, STAFF)))


def test_a_file_that_is_in_it_twice_is_refused():
    assert "twice" in fault(packed(("a/staff.csv", STAFF), ("b/staff.csv", STAFF)))


def test_too_many_entries_are_refused():
    assert "more than 200" in fault(packed(*((f"{number}.txt", "") for number in range(201))))


def test_a_bomb_is_not_unpacked(monkeypatch):
    """A thousandth of its size on the wire; counted as it comes out."""
    monkeypatch.setattr(sources, "MOST_BYTES", 1_000_000)
    bomb = packed(("staff.csv", "0" * 5_000_000))
    assert len(bomb) < 10_000
    assert "larger than 1,000,000 bytes" in fault(bomb)


@pytest.mark.parametrize("archive", [b"", b"not a zip", zipped(small_book())[:-30]])
def test_what_is_no_zip_is_refused(archive):
    assert "not a zip file" in fault(archive)


def test_a_damaged_file_in_it_is_refused():
    archive = bytearray(packed(("staff.csv", STAFF * 100)))
    archive[60] ^= 0xFF
    assert "not a zip file" in fault(bytes(archive))


def test_an_encrypted_zip_is_refused():
    archive = bytearray(packed(("staff.csv", STAFF)))
    archive[6] |= 1
    archive[archive.index(b"PK\x01\x02") + 8] |= 1
    assert "encrypted" in fault(bytes(archive))


def test_a_zip_without_a_book_says_which_files_there_are():
    assert "clients.csv" in fault(packed(("readme.txt", "")))


def test_a_folder_gives_its_files_and_leaves_others_aside(tmp_path):
    (tmp_path / "staff.csv").write_text(STAFF)
    (tmp_path / "faults.csv").write_text("")
    assert sources.folder(tmp_path) == {"staff": STAFF.encode()}


def test_a_folder_without_a_book_or_with_too_much_is_refused(tmp_path, monkeypatch):
    with pytest.raises(Refused, match=r"clients\.csv"):
        sources.folder(tmp_path)
    (tmp_path / "staff.csv").write_text(STAFF)
    monkeypatch.setattr(sources, "MOST_BYTES", 10)
    with pytest.raises(Refused, match="larger than 10 bytes"):
        sources.folder(tmp_path)
