"""The processes of a running portal: started together, started again when one dies, stopped together."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

LONGEST_WAIT_S = 30.0
STEADY_AFTER_S = 60.0
STOP_WITHIN_S = 40.0
LONGEST_LOG = 5_000_000
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def end_with_parent() -> None:
    """In the child: be told to stop when the parent is killed, which then cannot tell us (Linux only)."""
    if sys.platform == "linux":
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One process. After each early death it waits twice as long before it is started again."""

    name: str
    command: Sequence[str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    deaths: int = 0
    sessions: set[int] = field(default_factory=set)

    def start(self, environ: Mapping[str, str]) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LONGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environ,
                # Ctrl-C reaches the whole terminal; the children are told by us, once.
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        self.sessions.add(self.process.pid)
        self.started_at = time.monotonic()

    @property
    def exit_code(self) -> int | None:
        return self.process.poll() if self.process else None

    @property
    def wait_s(self) -> float:
        return min(LONGEST_WAIT_S, 0.5 * 2.0**self.deaths)

    def last_words(self, lines: int = 15) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Processes:
    """Call `tend` a few times a second until it is time to `stop`."""

    def __init__(
        self, children: Sequence[Child], environ: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        self.children = children
        self.environ = environ
        self.say = say
        self.due: dict[str, float] = {}

    def start(self, *names: str) -> None:
        """Start those, or all that were not started yet."""
        for child in self.children:
            if child.process is None and (child.name in names or not names):
                child.start(self.environ)

    def tend(self) -> None:
        for child in self.children:
            if child.exit_code is None:
                continue
            if child.name not in self.due:
                self._note_death(child)
            elif time.monotonic() >= self.due[child.name]:
                del self.due[child.name]
                child.start(self.environ)

    def stop(self, hurry: Callable[[], bool]) -> None:
        """Ask all to stop and wait for it; those that do not, or all when `hurry()` says so, are killed."""
        for child in self.children:
            if child.process and child.exit_code is None:
                child.process.terminate()
        deadline = time.monotonic() + STOP_WITHIN_S
        while any(child.process and child.exit_code is None for child in self.children):
            if hurry() or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        self._kill_what_is_left()

    def _note_death(self, child: Child) -> None:
        steady = time.monotonic() - child.started_at > STEADY_AFTER_S
        child.deaths = 0 if steady else child.deaths + 1
        self.due[child.name] = time.monotonic() + child.wait_s
        self.say(
            f"{child.name} has stopped ({_reason(child.exit_code)}); starting it again in {child.wait_s:g} s."
            f" Its log: {child.log}"
        )

    def _kill_what_is_left(self) -> None:
        """Also what a killed child had started: all that belongs to a session of ours."""
        sessions = {session for child in self.children for session in child.sessions}
        for process in psutil.process_iter():
            try:
                if os.getsid(process.pid) in sessions:
                    process.kill()
            except (ProcessLookupError, psutil.NoSuchProcess):
                pass
        for child in self.children:
            if child.process:
                child.process.wait()


def _reason(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
