"""`portal clock`: move the portal's clock, for demos and checks."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from flask import current_app

from portal import movable_clock
from portal.cli import with_app
from portal.clock import now
from portal.db import transaction
from portal.domain.errors import Refused


@click.group()
def clock() -> None:
    """Move the portal's clock (only with PORTAL_TEST_CLOCK=1, never in production)."""


def moving(command: Callable[..., None]) -> Callable[..., None]:
    """Move the clock in one transaction and print the time; refused unless the setting allows it."""

    @with_app
    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        settings = current_app.extensions["settings"]
        if settings.production or not settings.test_clock:
            raise Refused("The clock moves only with PORTAL_TEST_CLOCK=1, and never in production.")
        with transaction():
            command(*args, **kwargs)
        click.echo(now().isoformat(timespec="seconds"))

    return run


@clock.command("set")
@click.argument("instant")
@moving
def set_clock(instant: str) -> None:
    """Go on from INSTANT, such as 2026-11-20T09:00 (company time) or 2026-11-20T09:00Z."""
    movable_clock.set_to(movable_clock.instant_of(instant))


@clock.command()
@click.argument("step")
@moving
def advance(step: str) -> None:
    """Leap ahead by STEP, such as 3d or 2h30m."""
    movable_clock.advance(movable_clock.step_of(step))


@clock.command()
@moving
def clear() -> None:
    """Go by the system's clock again."""
    movable_clock.clear()
