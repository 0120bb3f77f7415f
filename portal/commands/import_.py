"""`portal import DIR`: a book of business from another system."""

import json
import sys
from pathlib import Path

import click

from portal.cli import REFUSED, with_app
from portal.clock import now
from portal.db import transaction
from portal.domain import imports
from portal.domain.imports import BookRefused, Report, sources


@click.command("import")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.option("--json", "as_json", is_flag=True)
@with_app
def import_book(folder: Path, dry_run: bool, as_json: bool) -> None:
    """Take in the CSV files in DIR: all of them, or nothing and every reason why."""
    try:
        with transaction():
            files = sources.folder(folder)
            report = imports.load(files, source=folder.resolve().name, is_dry_run=dry_run, by=None, at=now())
    except BookRefused as refusal:
        report = refusal.report
    click.echo(json.dumps(report.as_json()) if as_json else in_words(report, dry_run))
    sys.exit(REFUSED if report.faults else 0)


def in_words(report: Report, dry_run: bool) -> str:
    """One line for each file, or one for each fault."""
    lines = [f"{each.file}:{each.row}: {each.column}: {each.fault}" for each in report.faults]
    if lines:
        return "\n".join([*lines, f"Nothing was imported: {len(lines)} faults."])
    lines = [
        f"{name:<14}{tally.created:>7,} created {tally.updated:>7,} updated {tally.unchanged:>7,} unchanged"
        for name, tally in report.files.items()
    ]
    return "\n".join([*lines, "This was a dry run: nothing was changed."] if dry_run else lines)
