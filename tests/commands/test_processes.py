"""What dies is started again, and what is stopped leaves nothing behind."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from portal.commands.processes import Child, Processes


@pytest.fixture
def group(tmp_path):
    """Makes a group of shell scripts by name; what is left of it is stopped after the test."""
    groups = []

    def make(**scripts: str) -> Processes:
        children = [
            Child(name, ["sh", "-c", script], tmp_path / f"{name}.log") for name, script in scripts.items()
        ]
        said: list[str] = []
        made = Processes(children, dict(os.environ), said.append)
        made.said = said
        groups.append(made)
        made.start()
        return made

    yield make
    for made in groups:
        made.stop(hurry=lambda: True)


def until(holds: Callable[[], bool], group: Processes | None = None, within_s: float = 10) -> bool:
    deadline = time.monotonic() + within_s
    while not holds() and time.monotonic() < deadline:
        if group:
            group.tend()
        time.sleep(0.02)
    return holds()


def test_one_that_dies_is_said_and_started_again_with_growing_waits(group):
    dying = group(dying="exit 3", living="sleep 600")

    assert until(lambda: len(dying.said) == 2, dying)
    assert dying.said[0].startswith("dying has stopped (exit code 3); starting it again in 1 s.")
    assert dying.said[1].startswith("dying has stopped (exit code 3); starting it again in 2 s.")
    assert dying.children[1].exit_code is None


def test_the_wait_has_a_limit():
    assert Child("any", [], Path(), deaths=20).wait_s == 30


def test_one_that_is_killed_is_told_by_the_signals_name(group):
    killed = group(killed="sleep 600")
    killed.children[0].process.kill()

    assert until(lambda: bool(killed.said), killed)
    assert "killed by SIGKILL" in killed.said[0]


def test_all_are_asked_to_stop_and_waited_for(group, tmp_path):
    script = f"trap 'echo stopped >> {tmp_path}/proof; exit 0' TERM; echo up; sleep 600 & wait"
    polite = group(one=script, two=script)
    assert until(lambda: all("up" in child.log.read_text() for child in polite.children))

    polite.stop(hurry=lambda: False)

    assert (tmp_path / "proof").read_text() == "stopped\nstopped\n"
    assert [child.exit_code for child in polite.children] == [0, 0]


def test_one_that_does_not_listen_is_killed_when_there_is_a_hurry(group):
    deaf = group(deaf="trap '' TERM; echo up; while :; do sleep 1; done")
    assert until(lambda: "up" in deaf.children[0].log.read_text())

    deaf.stop(hurry=lambda: True)

    assert deaf.children[0].exit_code == -9


def test_what_a_killed_one_had_started_does_not_stay(group, tmp_path):
    leader = group(leader="sleep 600 & echo $!; wait").children[0]
    assert until(lambda: leader.log.read_text().strip() != "")
    orphan = psutil.Process(int(leader.log.read_text()))
    leader.process.kill()
    leader.process.wait()
    assert orphan.is_running()

    Processes([leader], dict(os.environ), print).stop(hurry=lambda: False)

    assert until(lambda: not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")
def test_they_end_when_the_one_who_looks_after_them_is_killed(tmp_path):
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path / "log")], stdout=subprocess.PIPE)
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.communicate()

    assert until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


PARENT = """
import os, sys, time
from pathlib import Path
from portal.commands.processes import Child
child = Child("child", ["sleep", "600"], Path(sys.argv[1]))
child.start(os.environ)
print(child.process.pid, flush=True)
time.sleep(600)
"""


def test_a_log_that_has_grown_long_is_put_aside(tmp_path, monkeypatch):
    monkeypatch.setattr("portal.commands.processes.LONGEST_LOG", 10)
    child = Child("writer", ["sh", "-c", "echo a new line"], tmp_path / "writer.log")
    child.log.write_text("lines of earlier days\n")
    child.start(os.environ)
    child.process.wait()

    assert child.log.read_text() == "a new line\n"
    assert (tmp_path / "writer.log.1").read_text() == "lines of earlier days\n"
