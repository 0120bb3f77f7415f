"""One server process in one folder: started, found again by whoever comes later, and stopped."""

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import IO, ClassVar

import psutil
import psycopg
import redis

from portal.embedded.places import Account, EmbeddedError, socket_folder

PATIENCE_S = 60
LONGEST_LOG = 5_000_000


class Server(ABC):
    """Outlives the process that started it; every user finds it by its files."""

    name: ClassVar[str]
    program: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, var: Path) -> None:
        self.var = var
        self.sockets = socket_folder(var)

    @property
    @abstractmethod
    def url(self) -> str: ...

    @property
    @abstractmethod
    def pid_file(self) -> Path: ...

    @abstractmethod
    def prepare(self) -> Account | None:
        """Make what must be there before the start; the account to run as, None for our own."""

    @abstractmethod
    def command(self) -> Sequence[str]: ...

    @abstractmethod
    def ping(self) -> None:
        """Raises psycopg.Error or redis.RedisError while the server does not answer."""

    @property
    def process(self) -> psutil.Process | None:
        """The running process. A number that a killed server left behind may be another program's by now."""
        try:
            process = psutil.Process(int(self.pid_file.read_text().split()[0]))
            return process if _lives(process) and self.program in process.name() else None
        except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
            return None

    def start(self) -> None:
        child = None if self.process else self._launch()
        self._wait_for_answer(child)

    def stop(self) -> None:
        process = self.process
        if process is None:
            return
        process.send_signal(self.stop_signal)
        deadline = time.monotonic() + PATIENCE_S
        while _lives(process):
            if time.monotonic() > deadline:
                process.kill()
            time.sleep(0.02)

    def _launch(self) -> "subprocess.Popen[bytes]":
        account = self.prepare()
        self._forget_reused_pid()
        with self._log() as log:
            return subprocess.Popen(  # noqa: S603
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                # Ctrl-C in the terminal is for the portal, which stops its servers after its workers.
                start_new_session=True,
                **(account.popen if account else {}),
            )

    def _forget_reused_pid(self) -> None:
        """A server that finds its old number in use takes itself for running.

        The file of one that is simply dead stays: by it PostgreSQL finds out whether parts of it still live.
        """
        if self.pid_file.exists() and psutil.pid_exists(int(self.pid_file.read_text().split()[0])):
            self.pid_file.unlink()

    def _wait_for_answer(self, child: "subprocess.Popen[bytes] | None") -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self.ping()
            except (psycopg.Error, redis.RedisError) as silence:
                if (child and child.poll() is not None) or time.monotonic() > deadline:
                    raise EmbeddedError(f"{self.name} does not start. {self._last_words()}") from silence
            time.sleep(0.02)

    @property
    def log_path(self) -> Path:
        return self.var / "log" / f"{self.name}.log"

    def _log(self) -> IO[bytes]:
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        if self.log_path.exists() and self.log_path.stat().st_size > LONGEST_LOG:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        return self.log_path.open("ab")

    def _last_words(self) -> str:
        words = self.log_path.read_text(errors="replace").splitlines()[-8:] if self.log_path.exists() else []
        return "\n".join([f"The end of {self.log_path}:", *words])


def _lives(process: psutil.Process) -> bool:
    """Not when it is dead and only waits to be buried, which we do for a child of ours."""
    if not process.is_running():
        return False
    if process.status() != psutil.STATUS_ZOMBIE:
        return True
    try:
        os.waitpid(process.pid, os.WNOHANG)
    except ChildProcessError:
        pass
    return False
