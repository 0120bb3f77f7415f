"""The packaged fonts, and which of them a text needs.

They are made at set-up out of the front-end packages (scripts/print_fonts.py): unpacking the Japanese ones
takes two seconds each, which no report should wait for.
"""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import portal

FOLDER = Path(portal.__file__).parent / "static" / "vendor" / "print"


class Face(NamedTuple):
    """One font file, and where its original lies among the front-end packages.

    Each file of a weight has a family of its own: two files under one name get their glyphs mixed up in the
    PDF (tried: Łódź came out as Ýód).
    """

    family: str
    file: str
    source: str
    weight: str = ""


INTER = "@fontsource-variable/inter/files/inter-{}-wght-normal.woff2"
JAPANESE = "@fontsource/noto-sans-jp/files/noto-sans-jp-japanese-{}-normal.woff2"

FACES: tuple[Face, ...] = (
    Face("Inter", "inter-latin.ttf", INTER.format("latin")),
    Face("Inter Extended", "inter-latin-ext.ttf", INTER.format("latin-ext")),
    Face("Inter Vietnamese", "inter-vietnamese.ttf", INTER.format("vietnamese")),
    Face("Inter Greek", "inter-greek.ttf", INTER.format("greek")),
    Face("Inter Cyrillic", "inter-cyrillic.ttf", INTER.format("cyrillic")),
    Face("Inter Cyrillic Extended", "inter-cyrillic-ext.ttf", INTER.format("cyrillic-ext")),
    Face("Noto Sans JP", "noto-sans-jp-400.ttf", JAPANESE.format(400), "400"),
    Face("Noto Sans JP", "noto-sans-jp-700.ttf", JAPANESE.format(700), "700"),
)
FILES = frozenset(face.file for face in FACES)


class FontMissing(RuntimeError):
    """A packaged font is not there: the set-up was not finished."""


def stylesheet(text: str) -> str:
    """The faces that this text needs, in the order in which they are asked for a letter."""
    faces = faces_for(text)
    rules = [
        f"@font-face {{ font-family: '{face.family}'; src: url('font:{face.file}');"
        + (f" font-weight: {face.weight};" if face.weight else "")
        + " }"
        for face in faces
    ]
    families = ", ".join(dict.fromkeys(f"'{face.family}'" for face in faces))
    return "\n".join([*rules, f"html {{ font-family: {families}, sans-serif; }}"])


def faces_for(text: str) -> list[Face]:
    """Inter, and those others that can write a letter of the text that the ones before cannot."""
    missing = {ord(letter) for letter in text if letter > " "} - letters_of(FACES[0].file)
    chosen = [FACES[0]]
    for family in dict.fromkeys(face.family for face in FACES[1:]):
        of_family = [face for face in FACES if face.family == family]
        known = letters_of(of_family[0].file) if missing else frozenset()
        if missing & known:
            chosen += of_family
            missing -= known
    return chosen


@lru_cache(maxsize=len(FACES))
def letters_of(file: str) -> frozenset[int]:
    """The code points that a font file can write."""
    from fontTools.ttLib import TTFont

    with TTFont(FOLDER / _there(file), lazy=True) as font:
        return frozenset(font.getBestCmap())


@lru_cache(maxsize=len(FACES))
def content(file: str) -> bytes:
    """A font file's bytes. Raises FontMissing; only names in FILES exist."""
    return (FOLDER / _there(file)).read_bytes()


def _there(file: str) -> str:
    if file not in FILES or not (FOLDER / file).is_file():
        raise FontMissing(f"The font {file} is not packaged here. Run `make setup`.")
    return file
