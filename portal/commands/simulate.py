"""`portal simulate`: the months to come, in minutes."""

import json
import sys
import time
from collections import Counter
from datetime import date
from typing import Any

import click
from flask import current_app

from portal import clock
from portal.cli import with_app
from portal.commands.invariants import in_words, told
from portal.db import transaction
from portal.domain.errors import Refused
from portal.domain.invariants import Finding, check_all
from portal.domain.metrics.closing import Closing, closing
from portal.everyday import Everyday
from portal.jobs import simulation
from portal.jobs.schedule import CALENDAR

HEAD = (
    f"{'month':<9}{'':<5}{'services':>8}{'opening':>16}{'movements':>15}{'closing':>16}{'services pay':>16}"
)
HEAD += f"{'difference':>12}{'invoiced':>16}{'credited':>15}"
Month = tuple[date, list[Closing]]


@click.command()
@click.option("--months", type=click.IntRange(1, 120), required=True)
@click.option("--acts", is_flag=True, help="People sell, suspend, cancel, transfer, renew and pay, by dice.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed throws the same dice.")
@click.option("--all-queues", is_flag=True, help="Send the mail and print the documents as well: slow.")
@click.option("--without", multiple=True, type=click.Choice(list(CALENDAR)), help="Leave this batch out.")
@click.option("--json", "as_json", is_flag=True)
@with_app
def simulate(
    months: int, acts: bool, seed: int, all_queues: bool, without: tuple[str, ...], as_json: bool
) -> None:
    """Live through the coming MONTHS: every day's calendar and its work, then check the books."""
    if current_app.extensions["settings"].production:
        raise Refused("A simulation bills clients for days that have not come: never in production.")
    began, people = time.monotonic(), Everyday(seed)
    ran: Counter[str] = Counter()
    tally: Counter[str] = Counter()
    closings: list[Month] = []
    if not as_json:
        click.echo(HEAD)
    queues = tuple(simulation.QUEUES) if all_queues else simulation.DELIVERED
    daily = people.day if acts else None
    for day in simulation.live(months, acts=daily, queues=queues, without=without):
        ran += day.ran
        tally += day.tally
        if day.ends_month:
            closings.append(_close_month(as_json))
    with transaction():
        findings = check_all()
    took_s = round(time.monotonic() - began, 1)
    facts = {"runs": ran, "deliveries": tally, "acts": people.tally, "seconds": took_s}
    click.echo(_as_json(closings, findings, facts) if as_json else _in_words(findings, facts))
    sys.exit(1 if _is_wrong(closings, findings) or tally["failed"] else 0)


def _close_month(quietly: bool) -> Month:
    today = clock.today()
    with transaction():
        its = closing(today)
    if not quietly:
        click.echo("\n".join(_row(today, each) for each in its))
    return today, its


def _row(day: date, each: Closing) -> str:
    """2026-12  EUR  201  59,381.15  …"""
    money = (
        each.opening,
        each.movements,
        each.ledger,
        each.paying,
        each.difference,
        each.invoiced,
        each.credited,
    )
    widths = (16, 15, 16, 16, 12, 16, 15)
    cells = "".join(f"{amount.amount:>{width},}" for amount, width in zip(money, widths, strict=True))
    return f"{day:%Y-%m}  {each.currency:<5}{each.services:>8}{cells}"


def _is_wrong(closings: list[Month], findings: list[Finding]) -> bool:
    return any(finding.violations for finding in findings) or any(
        each.difference for _, its in closings for each in its
    )


def _in_words(findings: list[Finding], facts: dict[str, Any]) -> str:
    lines = [
        f"{name}: " + (", ".join(f"{count} {what}" for what, count in sorted(facts[name].items())) or "none")
        for name in ("runs", "deliveries", "acts")
    ]
    return "\n".join([*lines, in_words(findings), f"{facts['seconds']} s"])


def _as_json(closings: list[Month], findings: list[Finding], facts: dict[str, Any]) -> str:
    months = [
        {
            "month": f"{day:%Y-%m}",
            "currency": each.currency,
            "services": each.services,
            "opening_minor": each.opening.minor,
            "movements_minor": each.movements.minor,
            "closing_minor": each.ledger.minor,
            "services_minor": each.paying.minor,
            "invoiced_minor": each.invoiced.minor,
            "credited_minor": each.credited.minor,
        }
        for day, its in closings
        for each in its
    ]
    return json.dumps({"months": months, **facts, "invariants": told(findings)}, default=str)
