"""Where the files of a book come from: a folder, or a zip that nobody vouches for."""

import io
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo

from portal.domain.errors import Invalid, Refused
from portal.domain.imports.rules import FILES

MOST_BYTES = 64 * 1024 * 1024
MOST_ENTRIES = 200
NAMES = {file.filename: file.name for file in FILES}
NO_BOOK = f"There is no file of a book in it. The files are: {', '.join(NAMES)}."


def folder(path: Path) -> dict[str, bytes]:
    """The files of a book in a folder, by name without .csv; others are left aside. Raises Refused."""
    found = {name: path / filename for filename, name in NAMES.items() if (path / filename).is_file()}
    if not found:
        raise Refused(NO_BOOK)
    if sum(file.stat().st_size for file in found.values()) > MOST_BYTES:
        raise Refused(f"These files are larger than {MOST_BYTES:,} bytes together. Import them in parts.")
    return {name: file.read_bytes() for name, file in found.items()}


def unzip(archive: bytes) -> dict[str, bytes]:
    """The same of a zip, in which they may lie in a folder. Raises Invalid, under "archive".

    Names are compared and never used as paths, and bytes are counted as they come out: what the zip says of
    its sizes is not believed.
    """
    try:
        with ZipFile(io.BytesIO(archive)) as opened:
            return _take(opened)
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise _bad(
            "This is not a zip file that can be opened, or it is encrypted. Zip the files anew."
        ) from None


def _take(opened: ZipFile) -> dict[str, bytes]:
    if len(opened.infolist()) > MOST_ENTRIES:
        raise _bad(f"There are more than {MOST_ENTRIES} files in it. Zip the files of the book only.")
    files: dict[str, bytes] = {}
    left = MOST_BYTES
    for name, entry in _wanted(opened):
        if name in files:
            raise _bad(f"{name}.csv is in it twice. Leave one of them out.")
        with opened.open(entry) as packed:
            files[name] = packed.read(left + 1)
        left -= len(files[name])
        if left < 0:
            raise _bad(f"Unpacked it is larger than {MOST_BYTES:,} bytes. Import it in parts.")
    if not files:
        raise _bad(NO_BOOK)
    return files


def _wanted(opened: ZipFile) -> Iterator[tuple[str, ZipInfo]]:
    for entry in opened.infolist():
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise _bad("A name in it leads out of the zip. Zip the files anew.")
        if path.name in NAMES and "__MACOSX" not in path.parts:
            yield NAMES[path.name], entry


def _bad(fault: str) -> Invalid:
    return Invalid(faults={"archive": fault})
