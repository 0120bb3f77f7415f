"""What is written for readers agrees with what there is."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from portal.cli import COMMANDS

ROOT = Path(__file__).parent.parent
DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_page_of_the_tables_is_as_new_as_the_models():
    checked = subprocess.run(
        [sys.executable, ROOT / "scripts/schema.py", "--check"], capture_output=True, text=True, cwd=ROOT
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_that_are_named_exist(page):
    named = set(re.findall(r"(?:^ *|`)(?:\.venv/bin/)?portal ([a-z][a-z-]+)", page.read_text(), re.MULTILINE))
    assert named - COMMANDS.keys() == set()


def test_every_command_is_told_of():
    told = (ROOT / "README.md").read_text() + (ROOT / "docs/operations.md").read_text()
    assert [name for name in COMMANDS if f"portal {name}" not in told] == []


def test_the_settings_that_are_told_of_are_those_that_are_read():
    read = set(re.findall(r'read\("([A-Z_]+)"', (ROOT / "portal/settings.py").read_text())) | {"PORTAL_ENV"}
    table = (ROOT / "README.md").read_text().partition("## Settings")[2].partition("\n## ")[0]
    told = {
        name
        for row in re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)
        for name in re.findall(r"`([A-Z_]+)`", row)
    }
    assert told == read


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_a_number_and_at_most_forty_lines(page):
    assert int(page.name[:4]) == DECISIONS.index(page) + 1
    assert len(page.read_text().splitlines()) <= 40
