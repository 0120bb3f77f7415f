"""`portal backup` and `portal restore`."""

import json
from pathlib import Path

import click

from portal import backups
from portal.cli import with_app
from portal.clock import now
from portal.db import transaction

_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
_JSON = click.option("--json", "as_json", is_flag=True)


@click.command()
@_FILE
@_JSON
@with_app
def backup(file: Path, as_json: bool) -> None:
    """Write the database and the reports to FILE, while people go on working."""
    made = backups.make(file, at=now())
    with transaction():
        backups.note(size_bytes=made.size_bytes, rows=made.manifest.rows, at=now())
    words = f"{made.manifest.rows:,} rows and {len(made.manifest.files):,} reports, {made.size_bytes:,} bytes: {file}"
    click.echo(json.dumps(_facts(made.manifest) | {"bytes": made.size_bytes}) if as_json else words)


@click.command()
@_FILE
@click.option("--force", is_flag=True, help="Throw away what is in this database.")
@_JSON
@with_app
def restore(file: Path, force: bool, as_json: bool) -> None:
    """Put the rows and reports of FILE into an empty portal."""
    manifest = backups.restore(file, force=force)
    words = f"{manifest.rows:,} rows and {len(manifest.files):,} reports are back, as of {manifest.made_at}."
    click.echo(json.dumps(_facts(manifest)) if as_json else words)


def _facts(manifest: backups.Manifest) -> dict[str, object]:
    return {
        "made_at": manifest.made_at,
        "rows": {table.name: table.rows for table in manifest.tables},
        "reports": len(manifest.files),
    }
