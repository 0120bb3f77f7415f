"""Finished files: whole or not there at all."""

import os

import pytest

from portal.storage import FileMissing, Folder


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "reports")


def test_a_file_comes_back_as_it_was_put_and_is_replaced_by_the_next(folder):
    folder.put("sla/17-3f2a.pdf", b"one")
    folder.put("sla/17-3f2a.pdf", b"two")
    with folder.open("sla/17-3f2a.pdf") as file:
        assert file.read() == b"two"
    assert [path.name for path in folder.root.rglob("*") if path.is_file()] == ["17-3f2a.pdf"]


def test_a_file_that_could_not_be_written_whole_leaves_nothing_behind(folder, monkeypatch):
    folder.put("a.pdf", b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        folder.put("a.pdf", b"new")
    assert [path.read_bytes() for path in folder.root.iterdir()] == [b"old"]


def test_a_file_that_is_gone_is_named(folder):
    with pytest.raises(FileMissing, match=r"sla/1\.pdf"):
        folder.open("sla/1.pdf")


@pytest.mark.parametrize(
    "key", ["../a.pdf", "/etc/passwd", "a/../b.pdf", "a", ".pdf", "a//b.pdf", "A.pdf", "a.pdf\n"]
)
def test_what_is_no_key_opens_no_file(folder, key):
    for act in (lambda: folder.open(key), lambda: folder.put(key, b"x")):
        with pytest.raises(ValueError, match="no key"):
            act()
