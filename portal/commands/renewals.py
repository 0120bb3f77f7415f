"""`portal renew`, `portal remind` and `portal grace`: the daily batches of renewals by hand."""

import json
import sys
from datetime import datetime

import click

from portal.cli import with_app
from portal.clock import now
from portal.commands.batches import AS_OF, DRY_RUN, JSON, day_of
from portal.db import db
from portal.domain.renewals import grace as grace_rules
from portal.domain.renewals import reminding, running
from portal.jobs import batches


@click.command()
@AS_OF
@DRY_RUN
@JSON
@with_app
def renew(as_of: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Renew what renews by itself or was approved, and say why the rest does not."""
    day = day_of(as_of)
    if dry_run:
        seen = running.preview(day)
        renewed = sum(1 for _, reasons in seen if not reasons)
        held = [(due.service_id, tuple(reasons)) for due, reasons in seen if reasons]
    else:
        report = batches.renew(day)
        renewed, held = report.renewed, report.held
    facts = {
        "as_of": day.isoformat(),
        "renewed": renewed,
        "held": [{"service": service_id, "reasons": list(reasons)} for service_id, reasons in held],
    }
    would = "to renew" if dry_run else "renewed"
    click.echo(json.dumps(facts) if as_json else f"{renewed} {would}, {len(held)} held.")
    sys.exit(1 if held else 0)


@click.command()
@AS_OF
@DRY_RUN
@JSON
@with_app
def remind(as_of: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Tell of the terms that are about to end, each stage once."""
    day = day_of(as_of)
    reminders = reminding.due_to_remind(day, now()) if dry_run else batches.remind_of_renewals(day)
    facts = {"as_of": day.isoformat(), "reminders": reminders}
    click.echo(json.dumps(facts) if as_json else f"{reminders} reminders{' due' if dry_run else ''}.")


@click.command()
@AS_OF
@DRY_RUN
@JSON
@with_app
def grace(as_of: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Complete the services whose term and grace have passed without renewal."""
    day = day_of(as_of)
    if dry_run:
        due = list(db.session.scalars(grace_rules.over(day)))
        click.echo(json.dumps({"due": due}) if as_json else f"{len(due)} due.")
        return
    result = batches.end_grace(day)
    failed = [{"service": service_id, "reason": reason} for service_id, reason in result.failed]
    facts = {"completed": result.done, "failed": failed}
    click.echo(json.dumps(facts) if as_json else f"{result.done} completed, {len(failed)} failed.")
    sys.exit(1 if failed else 0)
