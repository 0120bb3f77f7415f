"""A real browser for tests. Without Chromium they are skipped, unless REQUIRE_BROWSER=1 says it must be there."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text
NAMES = ("chromium", "chromium-browser", "google-chrome")
# A browser that talks to nobody but the portal, on a machine without a screen.
QUIETLY = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
POLICY = "Content Security Policy"
# A busy machine is no fault of the pages.
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)
SIZES = ((1366, 800), (375, 800))


@contextmanager
def chromium() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None and os.environ.get("REQUIRE_BROWSER") != "1":
        pytest.skip("there is no Chromium on this machine")
    assert program, "REQUIRE_BROWSER=1, and there is no Chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIETLY)
        yield browser
        browser.close()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The app on a free port of the loopback; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def watched(
    window: Browser, address: str, *, cookies: dict[str, str] | None = None, **wishes: Any
) -> Iterator[Page]:
    """A page of its own; breaking the content policy, or a script that fails, fails the test."""
    context = window.new_context(base_url=address, **wishes)
    context.add_cookies([{"name": name, "value": cookies[name], "url": address} for name in cookies or ()])
    context.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on("console", lambda line: faults.append(line.text) if POLICY in line.text else None)
    yield context.new_page()
    context.close()
    assert faults == []


def violations(page: Page, *rules: str) -> list[str]:
    """What axe finds on the page as it stands now (dialogs open, errors shown); by these rules alone, if any."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE())
    asked = {"resultTypes": ["violations"], "preload": False} | ({"runOnly": list(rules)} if rules else {})
    found = page.evaluate("asked => axe.run(document, asked)", asked)["violations"]
    return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]
