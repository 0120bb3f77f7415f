"""`portal report sla`: the PDF of a service or a client, made here and now, without a queue."""

import json
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import click

from portal import clock, documents
from portal.cli import with_app
from portal.db import db, fetch
from portal.domain import clients, reports
from portal.domain.lifecycle import ClientService
from portal.domain.reports.rules import check_period

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def report() -> None:
    """Reports for clients, as PDF."""


@report.command()
@click.option("--service", "service_id", type=int, help="The id of a service, as in its address.")
@click.option("--client", "client_code", help="The code of a client: all of its services.")
@click.option("--from", "start", required=True, type=_DAY, help="The first day.")
@click.option("--to", "end", required=True, type=_DAY, help="The first day that is no longer covered.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The file to write."
)
@click.option("--json", "as_json", is_flag=True)
@with_app
def sla(
    service_id: int | None, client_code: str | None, start: datetime, end: datetime, out: Path, as_json: bool
) -> None:
    """Write the SLA report of a service, or of all services of a client."""
    period = check_period(start.date(), end.date(), today=clock.today())
    client_id = _client(service_id, client_code)
    facts = reports.facts(client_id=client_id, service_id=service_id, period=period, at=clock.now())
    # The database is not needed while the pages are set.
    db.session.close()
    pdf = documents.render("sla_report", facts)
    _write(out, pdf)
    said = {
        "file": str(out),
        "sha256": sha256(pdf).hexdigest(),
        "bytes": len(pdf),
        "facts": reports.as_json(facts),
    }
    words = f"{facts.client}, {facts.period}: {facts.summary} Written to {out} ({len(pdf):,} bytes)."
    click.echo(json.dumps(said, ensure_ascii=False) if as_json else words)


def _client(service_id: int | None, client_code: str | None) -> int:
    if (service_id is None) == (client_code is None):
        raise click.UsageError("Name either a service or a client: --service ID or --client CODE.")
    if client_code is not None:
        return clients.by_code(client_code).id
    return fetch(ClientService, service_id or 0).client_id


def _write(path: Path, content: bytes) -> None:
    """Under a temporary name first, so that nobody reads half of it."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError as fault:
        raise click.ClickException(
            f"{path} cannot be written: {fault.strerror}. Name another file."
        ) from fault
