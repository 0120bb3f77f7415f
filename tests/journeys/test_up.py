"""`portal up`, as a person at a terminal has it: real servers, pages, workers and scheduler."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from portal.embedded import Servers
from portal.jobs.queues import QUEUES


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Terminal:
    """A running `portal up` and what it has printed."""

    def __init__(self, var: Path) -> None:
        self.var, self.port, self.lines = var, free_port(), []
        self.up = subprocess.Popen(
            [sys.executable, "-m", "portal", "up", "--empty"],
            env={**os.environ, "PORTAL_VAR": str(var), "PORT": str(self.port)},
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


def until(holds: Callable[[], bool], within_s: float = 30) -> bool:
    deadline = time.monotonic() + within_s
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)
    return holds()


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    var = Path(tempfile.mkdtemp(prefix="portal-up-", dir="/tmp"))
    var.chmod(0o755)
    terminal = Terminal(var)
    yield terminal
    if terminal.up.poll() is None:
        terminal.up.terminate()
        terminal.up.wait(60)
    shutil.rmtree(var)


def test_everything_starts_comes_back_when_killed_and_leaves_nothing(terminal):
    assert terminal.says(f"The portal is at http://127.0.0.1:{terminal.port}"), terminal.lines
    assert [terminal.answers(path) for path in ("/healthz", "/login")] == [200, 200]

    roles = {"web", "scheduler", "postgres", "valkey-server", *(f"worker-{queue}" for queue in QUEUES)}
    assert set(terminal.processes) == roles
    first = terminal.processes
    everything = psutil.Process(terminal.up.pid).children(recursive=True)

    for role in ("web", "worker-mail", "scheduler", "valkey-server"):
        first[role].kill()
    assert terminal.says("worker-mail has stopped (killed by SIGKILL)")
    assert terminal.says("valkey had stopped and was started again")
    assert until(lambda: set(terminal.processes) == roles)
    assert until(lambda: terminal.answers("/healthz") == 200)
    assert {role for role in roles if terminal.processes[role] == first[role]} == roles - {
        "web",
        "worker-mail",
        "scheduler",
        "valkey-server",
    }

    everything += psutil.Process(terminal.up.pid).children(recursive=True)
    terminal.up.send_signal(signal.SIGINT)

    assert terminal.up.wait(60) == 0
    assert [process for process in everything if alive(process)] == []
    assert [server.process for server in Servers(terminal.var).all] == [None, None]


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_port_that_is_taken_is_refused_at_once(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = subprocess.run(
            [sys.executable, "-m", "portal", "up"],
            env={**os.environ, "PORTAL_VAR": str(tmp_path / "var"), "PORT": str(port)},
            capture_output=True,
            text=True,
        )

    assert refused.returncode == 2
    assert refused.stderr.startswith(f"Port {port} cannot be used")
    assert not (tmp_path / "var" / "postgresql").exists()
