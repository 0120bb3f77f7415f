"""A terminal in which `portal up` runs."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(holds: Callable[[], bool], within_s: float = 30) -> bool:
    deadline = time.monotonic() + within_s
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds()


class Terminal:
    """A running `portal up` and what it has printed."""

    def __init__(self, var: Path, **environ: str) -> None:
        self.var, self.port, self.lines = var, free_port(), []
        self.environ = {**os.environ, "PORTAL_VAR": str(var), "PORT": str(self.port), **environ}
        self.up = subprocess.Popen(
            [sys.executable, "-m", "portal", "up", "--empty"],
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.up.stdout:
            self.lines.append(line.rstrip())

    def says(self, words: str, within_s: float = 60) -> bool:
        return until(
            lambda: any(words in line for line in self.lines) or self.up.poll() is not None, within_s
        ) and (any(words in line for line in self.lines))

    def portal(self, *words: str) -> str:
        """What another command says beside it."""
        command = [sys.executable, "-m", "portal", *words]
        done = subprocess.run(command, env=self.environ, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def facts(self, *words: str) -> Any:
        """What another command says as JSON."""
        return json.loads(self.portal(*words, "--json"))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def processes(self) -> dict[str, psutil.Process]:
        """By what they do: web, scheduler, worker-billing, postgres, valkey-server."""
        return {role_of(child): child for child in psutil.Process(self.up.pid).children()}

    def answers(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()


def role_of(process: psutil.Process) -> str:
    words = process.cmdline()
    if "gunicorn" in words:
        return "web"
    return "-".join(words[3:]) if "portal" in words else process.name()


@contextmanager
def terminal(**environ: str) -> Iterator[Terminal]:
    """`portal up` in a folder of its own; both are gone afterwards."""
    var = Path(tempfile.mkdtemp(prefix="portal-up-", dir="/tmp"))
    var.chmod(0o755)
    opened = Terminal(var, **environ)
    try:
        yield opened
    finally:
        if opened.up.poll() is None:
            opened.up.terminate()
            opened.up.wait(60)
        shutil.rmtree(var)
