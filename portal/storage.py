"""Where finished files lie, behind one interface: a folder of this machine now, another store by its address later.

A key is made by the code, never by a person: "sla/17-3f2a….pdf".
"""

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from flask import current_app

from portal.domain.errors import NotFound

KEY = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)*\.[a-z0-9]+")


class FileMissing(NotFound):
    """The store has no such file: it was removed behind the portal's back."""


class Store(Protocol):
    def put(self, key: str, content: bytes) -> None:
        """Keep the file whole or not at all; the same key again replaces it."""

    def open(self, key: str) -> BinaryIO:
        """The file, for reading. Raises FileMissing."""

    def keys(self) -> Iterator[str]:
        """The keys of all files that are kept, in their order."""


class Folder:
    """Files in a folder. One is written under a temporary name first: nobody reads half of it, even after a crash."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, content: bytes) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as fresh:
            try:
                fresh.write(content)
                fresh.flush()
                os.fsync(fresh.fileno())
                os.replace(fresh.name, path)
            except BaseException:
                os.unlink(fresh.name)
                raise
        _sync_folder(path.parent)

    def open(self, key: str) -> BinaryIO:
        try:
            return self._path(key).open("rb")
        except FileNotFoundError:
            raise FileMissing(f"The file {key} is no longer stored. Ask for it again.") from None

    def keys(self) -> Iterator[str]:
        names = (
            path.relative_to(self.root).as_posix() for path in sorted(self.root.rglob("*")) if path.is_file()
        )
        return (name for name in names if KEY.fullmatch(name))

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError(f"“{key}” is no key of a file.")
        return self.root / key


def reports() -> Store:
    """Where reports lie (REPORTS_URL)."""
    return Folder(current_app.extensions["settings"].reports)


def _sync_folder(folder: Path) -> None:
    """A new name survives a power cut only once its folder is written too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
