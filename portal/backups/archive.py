"""The format of a backup: what stands in the archive, and whether it is whole."""

import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import file_digest
from io import BytesIO
from pathlib import Path
from typing import IO

from portal.domain.errors import Refused

FORMAT = 1
MANIFEST = "manifest.json"
FILES = "reports/"


class BadBackup(Refused):
    """The file is no backup of ours, or not all of it is there."""


@dataclass(frozen=True)
class Part:
    """A table's rows, or a report. `columns` and `rows` are those of a table."""

    name: str
    member: str
    sha256: str
    columns: tuple[str, ...] = ()
    rows: int = 0


@dataclass(frozen=True)
class Manifest:
    """The last member of the archive, so that one without it was cut off. Tables stand in the order of their keys."""

    format: int
    revision: str
    made_at: str
    tables: tuple[Part, ...]
    files: tuple[Part, ...]
    sequences: dict[str, int]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    def as_bytes(self) -> bytes:
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def of(cls, text: bytes) -> "Manifest":
        facts = json.loads(text)
        if facts.get("format") != FORMAT:
            raise BadBackup(
                "This backup was written by another version of the portal, which has to restore it."
            )
        tables = tuple(Part(**part | {"columns": tuple(part["columns"])}) for part in facts.pop("tables"))
        return cls(tables=tables, files=tuple(Part(**part) for part in facts.pop("files")), **facts)


def add(archive: tarfile.TarFile, member: str, content: IO[bytes], size: int) -> None:
    """Write one member, for its owner's eyes."""
    entry = tarfile.TarInfo(member)
    entry.size, entry.mode = size, 0o600
    archive.addfile(entry, content)


def close(archive: tarfile.TarFile, manifest: Manifest) -> None:
    """The manifest goes last."""
    text = manifest.as_bytes()
    add(archive, MANIFEST, BytesIO(text), len(text))


@contextmanager
def whole(path: Path) -> Iterator[tuple[tarfile.TarFile, Manifest]]:
    """An archive of which every part was read and found unchanged. Raises BadBackup."""
    try:
        with tarfile.open(path, "r:") as archive:
            manifest = Manifest.of(content(archive, MANIFEST).read())
            for part in (*manifest.tables, *manifest.files):
                if file_digest(content(archive, part.member), "sha256").hexdigest() != part.sha256:
                    raise BadBackup(f"“{part.name}” in {path} is damaged. Take another backup.")
            yield archive, manifest
    except (tarfile.TarError, EOFError, ValueError, OSError) as fault:
        raise BadBackup(f"{path} cannot be read as a backup: {fault}") from fault


def content(archive: tarfile.TarFile, member: str) -> IO[bytes]:
    """What stands in a member."""
    try:
        found = archive.extractfile(member)
    except KeyError:
        found = None
    if found is None:
        raise BadBackup(f"“{member}” is missing: the file was cut off, or is no backup. Take another one.")
    return found
