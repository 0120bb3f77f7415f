"""The command `portal`. Each command is a module in portal/commands; a broken one does not break the others."""

import signal
import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any, TypeVar

import click

from portal.domain.errors import DomainError
from portal.embedded import EmbeddedError, serving
from portal.settings import BadSettings, Settings

Result = TypeVar("Result")

COMMANDS = {
    "up": "portal.commands.up:up",
    "backup": "portal.commands.backup:backup",
    "bill": "portal.commands.batches:bill",
    "cancel-due": "portal.commands.batches:cancel_due",
    "grace": "portal.commands.renewals:grace",
    "remind": "portal.commands.renewals:remind",
    "renew": "portal.commands.renewals:renew",
    "clock": "portal.commands.clock:clock",
    "db": "portal.commands.db:schema",
    "demo": "portal.commands.demo:demo",
    "drain": "portal.commands.jobs:drain",
    "explain": "portal.commands.explain:explain",
    "health": "portal.commands.service_levels:health",
    "import": "portal.commands.import_:import_book",
    "invariants": "portal.commands.invariants:invariants",
    "report": "portal.commands.report:report",
    "restore": "portal.commands.backup:restore",
    "scheduler": "portal.commands.jobs:scheduler",
    "simulate": "portal.commands.simulate:simulate",
    "sla-sweep": "portal.commands.service_levels:sla_sweep",
    "sweep": "portal.commands.jobs:sweep",
    "user": "portal.commands.user:user",
    "worker": "portal.commands.jobs:worker",
}
REFUSED = 2


class Commands(click.Group):
    """Imports a command when it is called for, so that `portal --help` names one that cannot be imported."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._help(ctx, name)) for name in self.list_commands(ctx)])

    def _help(self, ctx: click.Context, name: str) -> str:
        try:
            command = self.get_command(ctx, name)
        except (ImportError, AttributeError, SyntaxError) as fault:
            return f"(cannot be loaded: {fault})"
        return command.get_short_help_str(limit=80) if command else ""


@click.group(cls=Commands)
def commands() -> None:
    """The portal of a managed-service provider: its services, from the order to the report."""


def with_app(command: Callable[..., Result]) -> Callable[..., Result]:
    """Give a command the application's context, and the embedded servers for as long as it runs."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Result:
        given = Settings.from_env()
        with serving(given) as settings:
            from portal import create_app

            with create_app(settings).app_context():
                if given.embedded:
                    migrate_if_empty()
                return command(*args, **kwargs)

    return run


def migrate_if_empty() -> None:
    """A database that we have just brought along has no tables yet, and the first command needs them."""
    import flask_migrate
    import sqlalchemy as sa

    from portal.db import db

    if not sa.inspect(db.engine).has_table("alembic_version"):
        flask_migrate.upgrade()


def main() -> None:
    """A refusal is a sentence and exit code 2, like a command that was typed wrongly."""
    # By default SIGTERM ends a process without letting it stop the servers it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        commands(prog_name="portal")
    except (BadSettings, DomainError, EmbeddedError) as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(REFUSED)
