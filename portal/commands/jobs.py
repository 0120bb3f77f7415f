"""`portal worker`, `portal scheduler`, `portal sweep` and `portal drain`: what is to be done after a commit."""

import json
import sys

import click

from portal import outbox
from portal.cli import with_app
from portal.clock import now
from portal.db import transaction
from portal.jobs import process
from portal.jobs import worker as jobs
from portal.jobs.queues import QUEUES


@click.command()
@click.argument("queue", type=click.Choice(list(QUEUES)))
@with_app
def worker(queue: str) -> None:
    """Work on one QUEUE until asked to stop."""
    process.work(QUEUES[queue])


@click.command()
@with_app
def scheduler() -> None:
    """Carry the minute tick of the calendar until asked to stop."""
    process.schedule()


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say which queues have something due.")
@click.option("--json", "as_json", is_flag=True)
@with_app
def sweep(dry_run: bool, as_json: bool) -> None:
    """Ring for every delivery that is due: what Redis lost, or was never told."""
    with transaction():
        queues = outbox.due_queues()
    if not dry_run:
        jobs.sweep(now())
    click.echo(json.dumps({"queues": queues}) if as_json else f"Due: {', '.join(queues) or 'nothing'}.")


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say how many deliveries are due.")
@click.option("--json", "as_json", is_flag=True)
@with_app
def drain(dry_run: bool, as_json: bool) -> None:
    """Deliver everything that is due, in this process, until nothing is left."""
    tally = (
        {"due": outbox.count_due()} if dry_run else {"done": 0, "failed": 0, "lost": 0, **jobs.drain_all()}
    )
    said = ", ".join(f"{count} {result}" for result, count in tally.items())
    click.echo(json.dumps(tally) if as_json else f"{said}.")
    sys.exit(1 if tally.get("failed") else 0)
