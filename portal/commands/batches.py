"""`portal bill` and `portal cancel-due`: the daily batches by hand."""

import json
import sys
from datetime import date, datetime

import click

from portal import clock
from portal.cli import with_app
from portal.domain.lifecycle.cancelling import due_cancellations
from portal.domain.money import Money
from portal.jobs import batches

AS_OF = click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The business day to run for; today by default."
)
DRY_RUN = click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
JSON = click.option("--json", "as_json", is_flag=True)


@click.command()
@AS_OF
@DRY_RUN
@JSON
@with_app
def bill(as_of: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Bill every schedule that is due, and issue the invoices unless runs are held for approval."""
    day = day_of(as_of)
    facts = batches.rehearse_billing(day) if dry_run else batches.summary(batches.bill(day))
    totals = facts["totals_minor"]
    assert isinstance(totals, dict)
    if as_json:
        click.echo(json.dumps(facts))
    else:
        sums = (
            ", ".join(str(Money(minor, currency)) for currency, minor in sorted(totals.items())) or "nothing"
        )
        click.echo(f"{facts['invoices']} invoices, {facts['lines']} lines, {facts['parked']} parked: {sums}.")
    sys.exit(1 if facts["parked"] else 0)


@click.command("cancel-due")
@AS_OF
@DRY_RUN
@JSON
@with_app
def cancel_due(as_of: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Carry out the scheduled cancellations whose day has come."""
    day = day_of(as_of)
    if dry_run:
        due = due_cancellations(day)
        click.echo(json.dumps({"due": due}) if as_json else f"{len(due)} due.")
        return
    result = batches.cancel_due(day)
    failed = [{"service": service_id, "reason": reason} for service_id, reason in result.failed]
    facts = {"cancelled": result.done, "failed": failed}
    click.echo(json.dumps(facts) if as_json else f"{result.done} cancelled, {len(failed)} failed.")
    sys.exit(1 if failed else 0)


def day_of(as_of: datetime | None) -> date:
    return as_of.date() if as_of else clock.today()
