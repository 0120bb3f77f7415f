"""A whole portal of its own, as processes in its own folder, in which everything may be killed."""

import http.client
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from socket import socket
from typing import Any
from urllib.parse import urlencode

import psutil
from flask import Flask
from flask_migrate import upgrade

from portal import clock, create_app
from portal.commands.processes import Child, Processes
from portal.commands.up import GUNICORN, PYTHON, WEB
from portal.db import db, transaction
from portal.domain.staff import User, sign_in
from portal.embedded import Servers
from portal.jobs import ring
from portal.jobs.queues import QUEUES
from portal.settings import Settings
from portal.web.session import cookie_name
from tests.conftest import MIGRATIONS

ROOT = Path(__file__).parent.parent
STOP_WITHIN_S = 10


class Plant:
    """`keep` brings back what is dead; somebody has to call it all the time, as `portal up` does."""

    def __init__(self, servers: Servers, settings: Settings, app: Flask, processes: Processes) -> None:
        self.servers, self.settings, self.app, self.processes = servers, settings, app, processes
        self.kills = 0

    def start(self, *names: str) -> None:
        """The pages first, so that they do not wait for the workers to load the same modules."""
        if not names or WEB in names:
            self.processes.start(WEB)
            assert until(self.answers, 60), self.child(WEB).last_words()
        self.processes.start(*names)

    def child(self, name: str) -> Child:
        return next(child for child in self.processes.children if child.name == name)

    def kill(self, name: str, hand: random.Random | None = None) -> None:
        """SIGKILL for one of the processes of this name: the first, or with a `hand` any of its family."""
        self.kills += 1
        if name == "valkey":
            process = self.servers.valkey.process
        else:
            popen = self.child(name).process
            process = psutil.Process(popen.pid) if popen and popen.poll() is None else None
        if process is None:
            return
        try:
            family = [process, *(process.children(recursive=True) if hand else ())]
            (hand or random).choice(family).kill()
        except psutil.NoSuchProcess:
            pass

    def keep(self, *, servers: bool = True) -> None:
        """Start again what is dead, at once: `portal up` would wait longer from death to death."""
        for child in self.processes.children:
            if child.process is not None and child.exit_code is not None:
                child.start(self.processes.environ)
        if servers:
            self.servers.revive()

    def wait_for(self, holds: Callable[[], object], within_s: float, *, servers: bool = True) -> float:
        """Keep everything alive until it holds; how many seconds it took. Fails when it does not."""
        begun = time.monotonic()
        while not holds():
            waited_s = time.monotonic() - begun
            assert waited_s < within_s, f"It did not happen within {within_s} s."
            self.keep(servers=servers)
            time.sleep(0.1)
        return time.monotonic() - begun

    def answers(self) -> bool:
        try:
            return Visitor(self).ask("GET", "/healthz")[0] == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False

    def sign_in(self, user: User) -> "Visitor":
        with transaction():
            token = sign_in.open_session(user=user, address="127.0.0.1", user_agent="test", at=clock.now())
        return Visitor(self, {cookie_name(): token})


class Visitor:
    """Somebody at a browser, over a real connection for each request."""

    def __init__(self, plant: Plant, cookies: dict[str, str] | None = None) -> None:
        self.port, self.cookies = plant.settings.port, dict(cookies or {})
        self.csrf_token = ""

    def ask(self, method: str, path: str, fields: dict[str, Any] | None = None) -> tuple[int, str]:
        """(status, body); redirects are not followed. Raises OSError and HTTPException when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
            connection.request(method, path, urlencode(fields) if fields else None, headers)
            answer = connection.getresponse()
            body = answer.read().decode(errors="replace")
            for line in answer.headers.get_all("Set-Cookie") or ():
                self.cookies |= {name: each.value for name, each in SimpleCookie(line).items()}
            return answer.status, body
        finally:
            connection.close()

    def get(self, path: str) -> tuple[int, str]:
        return self.ask("GET", path)

    def post(self, path: str, fields: dict[str, Any] | None = None) -> tuple[int, str]:
        """Sends the form with the CSRF token of this session."""
        if not self.csrf_token:
            page = self.get("/profile")[1]
            self.csrf_token = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
        return self.ask("POST", path, {"csrf_token": self.csrf_token, **(fields or {})})

    def insist(self, path: str, give_up_at: float) -> int:
        """Post a form until somebody answers it, as a patient person does; the answer's status."""
        while True:
            try:
                status = self.post(path)[0]
                if status < http.HTTPStatus.INTERNAL_SERVER_ERROR:
                    return status
            except (OSError, http.client.HTTPException):
                pass
            assert time.monotonic() < give_up_at, f"Nobody answers {path}."
            time.sleep(0.2)


@contextmanager
def standing(
    *, queues: tuple[str, ...] = tuple(QUEUES), factory: str = "portal:create_app()", durable: bool = False
) -> Iterator[Plant]:
    """A portal with empty tables, whose processes are still to be started. Afterwards nothing is left of it."""
    folder = Path(tempfile.mkdtemp(prefix="portal-test-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        with Servers(folder, durable=durable) as servers:
            environ = {"PORTAL_VAR": str(folder), "PORT": str(_free_port())}
            settings = servers.fill(Settings.from_env(environ))
            environ |= {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
            app = create_app(settings)
            ring._quiet_until = 0.0
            with app.app_context():
                upgrade(directory=str(MIGRATIONS))
                db.session.remove()
                yield from _with_processes(
                    Plant(servers, settings, app, _processes(settings, environ, queues, factory))
                )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _with_processes(plant: Plant) -> Iterator[Plant]:
    try:
        yield plant
    finally:
        deadline = time.monotonic() + STOP_WITHIN_S
        plant.processes.stop(hurry=lambda: time.monotonic() > deadline)
        db.session.remove()
        db.engine.dispose()


def _processes(
    settings: Settings, environ: dict[str, str], queues: tuple[str, ...], factory: str
) -> Processes:
    commands: dict[str, tuple[str, ...]] = {
        WEB: (*GUNICORN[:-1], factory),
        "scheduler": (*PYTHON, "portal", "scheduler"),
    }
    commands |= {f"worker-{queue}": (*PYTHON, "portal", "worker", queue) for queue in queues}
    children = [
        Child(name, command, settings.var / "log" / f"{name}.log") for name, command in commands.items()
    ]
    surroundings = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT), **environ}
    return Processes(children, surroundings, lambda words: None)


def _free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(holds: Callable[[], object], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.1)
    return bool(holds())
