"""Unpacks the fonts of the documents from the front-end packages into portal/static/vendor/print.

Run at set-up, after `npm ci`: python scripts/print_fonts.py [node_modules]
"""

import sys
from io import BytesIO
from pathlib import Path

from fontTools.ttLib import woff2

from portal.documents.fonts import FACES, FOLDER


def unpack(packages: Path) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for face in FACES:
        target = FOLDER / face.file
        source = packages / face.source
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        unpacked = BytesIO()
        woff2.decompress(BytesIO(source.read_bytes()), unpacked)
        fresh = target.with_suffix(".new")
        fresh.write_bytes(unpacked.getvalue())
        fresh.rename(target)


if __name__ == "__main__":
    unpack(Path(sys.argv[1] if len(sys.argv) > 1 else "node_modules"))
