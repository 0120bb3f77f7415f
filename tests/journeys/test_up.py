"""`portal up`, as a person at a terminal has it: real servers, pages, workers and scheduler."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from portal.embedded import Servers
from portal.jobs.queues import QUEUES
from tests.journeys.terminal import Terminal, until
from tests.journeys.terminal import terminal as opened


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    with opened() as terminal:
        yield terminal


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
