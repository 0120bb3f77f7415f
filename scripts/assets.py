"""Copy what the pages use out of node_modules into portal/static/vendor, and build the icons.

    python scripts/assets.py [ROOT]

Files lie flat in `vendor`. `icons.svg` is a sprite of the icons named in portal/static/icons.txt, one name a
line as on tabler.io/icons, a filled one with the ending `-filled`; the whole set would be 2 MB. axe, which
only the browser tests use, goes to tests/vendor.
"""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

PAGES = (
    "@tabler/core/dist/css/tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js",
    "htmx.org/dist/htmx.min.js",
    "idiomorph/dist/idiomorph-ext.min.js",
    "uplot/dist/uPlot.iife.min.js",
    "uplot/dist/uPlot.min.css",
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
    "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
)
TESTS = ("axe-core/axe.min.js",)
LICENCES = (
    "@tabler/core",
    "@tabler/icons",
    "htmx.org",
    "idiomorph",
    "uplot",
    "@fontsource-variable/inter",
    "@fontsource/noto-sans-jp",
)

# A browser with open tools would ask for the maps, which are not served.
SOURCE_MAP = re.compile(rb"\n?(/\*|//)# sourceMappingURL=[^\n*]*(\*/)?\n?$")
SVG = "{http://www.w3.org/2000/svg}"
BACKGROUND = "M0 0h24v24H0z"
OUTLINE = {
    "fill": "none",
    "stroke": "currentColor",
    "stroke-width": "2",
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
}
FILLED = {"fill": "currentColor"}


class MissingIcons(SystemExit):
    """icons.txt names icons that the set does not have."""


def write(path: Path, content: bytes) -> None:
    """A file that is half written is never served."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_bytes(content)
    fresh.replace(path)


def copy(modules: Path, names: tuple[str, ...], to: Path) -> None:
    for name in names:
        content = (modules / name).read_bytes()
        text = name.endswith((".js", ".css"))
        write(to / Path(name).name, SOURCE_MAP.sub(b"\n", content) if text else content)


def copy_licences(modules: Path, to: Path) -> None:
    for package in LICENCES:
        for licence in (modules / package).glob("LICENSE*"):
            write(to / f"{package.strip('@').replace('/', '-')}.txt", licence.read_bytes())


def names_in(text: str) -> list[str]:
    return sorted({line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")})


def source(icons: Path, name: str) -> Path:
    folder, file = ("filled", name.removesuffix("-filled")) if name.endswith("-filled") else ("outline", name)
    return icons / folder / f"{file}.svg"


def symbol(icons: Path, name: str) -> ElementTree.Element:
    look = FILLED if name.endswith("-filled") else OUTLINE
    made = ElementTree.Element(f"{SVG}symbol", {"id": name, "viewBox": "0 0 24 24", **look})
    drawing = ElementTree.parse(source(icons, name)).getroot()
    made.extend(part for part in drawing if part.get("d") != BACKGROUND)
    for part in made.iter():
        part.tail = part.text = None
    return made


def sprite(icons: Path, names: list[str]) -> bytes:
    if missing := [name for name in names if not source(icons, name).exists()]:
        raise MissingIcons(f"portal/static/icons.txt names icons that do not exist: {', '.join(missing)}")
    ElementTree.register_namespace("", SVG.strip("{}"))
    root = ElementTree.Element(f"{SVG}svg")
    root.extend(symbol(icons, name) for name in names)
    return bytes(ElementTree.tostring(root))


def build(root: Path) -> None:
    modules, static = root / "node_modules", root / "portal" / "static"
    vendor = static / "vendor"
    names = names_in((static / "icons.txt").read_text())
    write(vendor / "icons.svg", sprite(modules / "@tabler" / "icons" / "icons", names))
    copy(modules, PAGES, vendor)
    copy_licences(modules, vendor / "licences")
    copy(modules, TESTS, root / "tests" / "vendor")


if __name__ == "__main__":
    build(Path(sys.argv[1] if len(sys.argv) > 1 else ".").absolute())
