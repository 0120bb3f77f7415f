"""What a fresh machine installs: pinned, checked by hash, and from wherever that machine gets its packages."""

import importlib.util
import json
import re
import tomllib
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parent.parent
PINS = ("requirements.txt", "requirements-dev.txt", "scripts/requirements-node.txt")
SVG = "{http://www.w3.org/2000/svg}"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pinned(file: str) -> dict[str, str]:
    """Each pinned package and the lines of its hashes."""
    entries = re.split(r"\n(?=[a-z])", (ROOT / file).read_text().strip())
    return dict(entry.split("==", 1) for entry in entries)


def plain(requirement: str) -> str:
    """`psycopg[binary]==3.3.9` as `psycopg 3.3.9`."""
    name, version = requirement.split("==")
    return f"{name.partition('[')[0].lower()} {version}"


@pytest.mark.parametrize("file", PINS)
def test_each_pin_has_its_hashes_and_no_address(file):
    for name, rest in pinned(file).items():
        assert "--hash=sha256:" in rest, name
    assert not re.search(r"://|--(extra-)?index-url|--find-links|file:", (ROOT / file).read_text())


def test_the_pins_are_those_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = {plain(each) for each in [*project["dependencies"], *extras["embedded"], *extras["build"]]}
    wanted_dev = wanted | {plain(each) for each in extras["dev"]}

    assert wanted <= versions("requirements.txt")
    assert wanted_dev <= versions("requirements-dev.txt")
    assert versions("requirements.txt") <= versions("requirements-dev.txt")


def versions(file: str) -> set[str]:
    return {f"{name} {rest.split()[0]}" for name, rest in pinned(file).items()}


def test_front_end_packages_are_exact_and_their_lock_names_no_registry():
    wanted = json.loads((ROOT / "package.json").read_text())
    lock = json.loads((ROOT / "package-lock.json").read_text())["packages"]

    for name, version in (wanted["dependencies"] | wanted["devDependencies"]).items():
        assert lock[f"node_modules/{name}"]["version"] == version
    assert [path for path, package in lock.items() if "resolved" in package] == []


def test_the_sprite_holds_the_listed_icons_and_nothing_else(tmp_path):
    for folder, name in (("outline", "bell"), ("outline", "star"), ("filled", "star")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"{name}.svg").write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h24v24H0z"/><path d="{folder} {name}"/></svg>'
        )
    assets = script("assets")

    sprite = ElementTree.fromstring(
        assets.sprite(tmp_path, assets.names_in("# in the bar\nstar-filled\nbell\n\nbell\n"))
    )

    assert [(symbol.get("id"), symbol.get("fill")) for symbol in sprite] == [
        ("bell", "none"),
        ("star-filled", "currentColor"),
    ]
    assert [path.get("d") for path in sprite.iter(f"{SVG}path")] == ["outline bell", "filled star"]


def test_an_icon_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(SystemExit, match="bel, str-filled"):
        script("assets").sprite(tmp_path, ["bel", "str-filled"])


def test_source_maps_are_not_asked_for(tmp_path):
    (tmp_path / "one.css").write_text("a{}\n/*# sourceMappingURL=one.css.map */")
    (tmp_path / "two.js").write_text("f()\n//# sourceMappingURL=two.js.map\n")
    (tmp_path / "three.js").write_text("f('//# not at the end'); g()")

    script("assets").copy(tmp_path, ("one.css", "two.js", "three.js"), tmp_path / "made")

    made = {path.name: path.read_text().strip() for path in (tmp_path / "made").iterdir()}
    assert made == {"one.css": "a{}", "two.js": "f()", "three.js": "f('//# not at the end'); g()"}
