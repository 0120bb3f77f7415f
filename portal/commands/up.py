"""`portal up`: the whole portal on one machine."""

import http.client
import os
import signal
import socket
import sys
import time
from contextlib import ExitStack
from types import FrameType

import click

from portal.commands.processes import Child, Processes
from portal.embedded import EmbeddedError, Servers
from portal.jobs.queues import QUEUES
from portal.settings import Environment, Settings

LOOK_EVERY_S = 0.25
READY_WITHIN_S = 90.0
GIVE_UP_AFTER = 3
PYTHON = (sys.executable, "-m")
WEB = "web"
GUNICORN = (*PYTHON, "gunicorn", "--config", "python:portal.web.gunicorn", "portal:create_app()")


@click.command()
@click.option("--empty", is_flag=True, help="Do not load the demo book on the first start.")
def up(empty: bool) -> None:
    """Start everything; Ctrl-C stops it."""
    settings = Settings.from_env()
    refuse_a_taken_port(settings.port)
    with ExitStack() as stack:
        servers = None
        if settings.embedded:
            click.echo(f"Starting PostgreSQL and Valkey in {settings.var}")
            servers = stack.enter_context(Servers(settings.var))
            settings = servers.fill(settings)
        logins = prepare(settings, demo=settings.env is Environment.DEVELOPMENT and not empty)
        run(settings, servers, logins)


def refuse_a_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as taken:
            raise EmbeddedError(
                f"Port {port} cannot be used ({taken.strerror}). Take another one: PORT={port + 1} portal up"
            ) from None


def prepare(settings: Settings, *, demo: bool) -> list[str]:
    """Migrate; load the demo book into an empty portal. Returns how to sign in to it, line by line."""
    import flask_migrate

    from portal import create_app
    from portal.db import db

    with create_app(settings).app_context():
        click.echo("Bringing the schema up to date")
        flask_migrate.upgrade()
        logins = demo_logins() if demo else []
        db.session.remove()
        db.engine.dispose()
    return logins


def demo_logins() -> list[str]:
    import sqlalchemy as sa

    from portal import demo
    from portal.db import db
    from portal.domain.clients.models import Client

    if db.session.scalar(sa.select(Client.id).limit(1)) is None:
        click.echo("Loading the demo book, on this first start only")
        demo.load()
    return list(demo.logins())


class Request:
    """Counts how often we were asked to stop: the second time there is a hurry."""

    def __init__(self) -> None:
        self.times = 0
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, self._heard)

    def _heard(self, _signal: int, _frame: FrameType | None) -> None:
        self.times += 1


def run(settings: Settings, servers: Servers | None, logins: list[str]) -> None:
    """Run until we are asked to stop. Exits with 1 if the pages never come up."""
    processes = Processes(children_of(settings), environment_of(settings), click.echo)
    request = Request()
    click.echo(f"Starting the pages, {len(QUEUES)} workers and the scheduler")
    try:
        # The pages first: all at once, they would wait for the others to load the same modules.
        processes.start(WEB)
        if not ready(settings, processes, request):
            sys.exit(0 if request.times else 1)
        processes.start()
        greet(settings, logins)
        while not request.times:
            tend(processes, servers)
    finally:
        click.echo("Stopping")
        processes.stop(hurry=lambda: request.times > 1)
    click.echo("Stopped; the data is kept.")


def children_of(settings: Settings) -> list[Child]:
    commands = {WEB: GUNICORN, "scheduler": (*PYTHON, "portal", "scheduler")}
    commands |= {f"worker-{queue}": (*PYTHON, "portal", "worker", queue) for queue in QUEUES}
    return [Child(name, command, settings.var / "log" / f"{name}.log") for name, command in commands.items()]


def environment_of(settings: Settings) -> dict[str, str]:
    """Ours, and where the servers are, so that the children do not start any."""
    given = Settings.from_env()
    found = {
        "PORTAL_VAR": str(settings.var),
        "PYTHONUNBUFFERED": "1",
        **({} if given.database_url else {"DATABASE_URL": settings.database_url}),
        **({} if given.redis_url else {"REDIS_URL": settings.redis_url}),
    }
    return {**os.environ, **found}


def tend(processes: Processes, servers: Servers | None) -> None:
    processes.tend()
    try:
        for name in servers.revive() if servers else ():
            click.echo(f"{name} had stopped and was started again.")
    except EmbeddedError as fault:
        click.echo(str(fault))
    time.sleep(LOOK_EVERY_S)


def ready(settings: Settings, processes: Processes, request: Request) -> bool:
    """Wait until the pages answer; False when we are asked to stop first, or when they cannot start."""
    web = next(child for child in processes.children if child.name == WEB)
    deadline = time.monotonic() + READY_WITHIN_S
    while not request.times:
        if answers(settings):
            return True
        if web.deaths >= GIVE_UP_AFTER or time.monotonic() > deadline:
            click.echo(f"The pages do not start. The end of {web.log}:\n{web.last_words()}", err=True)
            return False
        processes.tend()
        time.sleep(LOOK_EVERY_S)
    return False


def answers(settings: Settings) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", settings.port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": settings.trusted_hosts[0]})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def greet(settings: Settings, logins: list[str]) -> None:
    click.echo(f"\nThe portal is at {settings.base_url}")
    for login in logins:
        click.echo(f"  {login}")
    click.echo(f"Logs are in {settings.var / 'log'}. Ctrl-C stops everything.\n")
