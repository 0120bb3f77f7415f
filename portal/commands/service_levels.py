"""`portal sla-sweep` and `portal health`: the looks at clocks and scores by hand."""

import json
from dataclasses import asdict
from datetime import date, datetime

import click

from portal import clock
from portal.cli import with_app
from portal.db import transaction
from portal.domain import health as scores
from portal.domain.sla import breaches
from portal.jobs import health as health_jobs
from portal.jobs import sla as sla_jobs

_AS_OF = click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The business day to look at; now by default."
)
_DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
_JSON = click.option("--json", "as_json", is_flag=True)


@click.command("sla-sweep")
@_AS_OF
@_DRY_RUN
@_JSON
@with_app
def sla_sweep(as_of: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Raise every SLA target that has passed, and warn of those that soon will."""
    day = _day(as_of)
    if dry_run:
        with transaction():
            swept = breaches.due(clock.moment_of(day))
    else:
        swept = sla_jobs.sweep(day)
    words = f"{swept.breaches} targets breached, {swept.warnings} warnings."
    click.echo(json.dumps(asdict(swept)) if as_json else words)


@click.command()
@_AS_OF
@_DRY_RUN
@_JSON
@with_app
def health(as_of: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Score every active, monitored service."""
    day = _day(as_of)
    if dry_run:
        with transaction():
            checked = scores.rehearse(at=clock.moment_of(day))
    else:
        checked = health_jobs.check(day)
    words = f"{checked.services} services checked, {checked.degraded} fell by more than 10 points."
    click.echo(json.dumps(asdict(checked)) if as_json else words)


def _day(as_of: datetime | None) -> date:
    return as_of.date() if as_of else clock.today()
