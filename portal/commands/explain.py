"""`portal explain SERVICE`: everything that is stored about one service, on one sheet."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from portal import story
from portal.cli import with_app
from portal.domain.money import Money
from portal.story import Rows, Story

FIELDS = (
    "id", "external_id", "client", "name", "status", "provisioning_status", "start_date", "end_date", "renewal_date",
    "activated_at", "suspended_at", "cancel_on", "cancelled_at", "completed_at", "billing_cycle", "version",
)  # fmt: skip


@click.command()
@click.argument("service")
@click.option("--json", "as_json", is_flag=True)
@with_app
def explain(service: str, as_json: bool) -> None:
    """Tell the whole story of a SERVICE: events, schedules, lines, deliveries, notices."""
    told = story.of_service(service)
    click.echo(json.dumps(asdict(told), ensure_ascii=False) if as_json else in_words(told))


def in_words(told: Story) -> str:
    """A heading for each kind of thing, a line for each thing."""
    facts = {name: told.service[name] for name in FIELDS} | {
        name: _money(told.service[f"{name}_minor"], told.service["currency"])
        for name in ("cycle_price", "monthly_cost", "setup_cost")
    }
    parts = [
        ("Service", [facts]),
        ("Events", told.events),
        ("Schedules", told.schedules),
        ("Invoice lines", told.lines),
        ("MRR", told.movements),
        ("Deliveries", told.deliveries),
        ("Notices", told.notices),
    ]
    return "\n\n".join(f"{heading}\n{_lines(rows)}" for heading, rows in parts)


def _lines(rows: Rows) -> str:
    return "\n".join("  " + " · ".join(_said(row)) for row in rows) or "  none"


def _said(row: Mapping[str, Any]) -> list[str]:
    """What is known, as "name value"; what an event says stands behind it as its own facts."""
    flat = {name: value for name, value in row.items() if name != "payload"}
    flat |= {name: value for name, value in row.get("payload", {}).items() if name != "service_id"}
    return [
        f"{name.removesuffix('_minor')} {_money(value, row.get('currency')) if name.endswith('_minor') else value}"
        for name, value in flat.items()
        if value not in (None, "", {}, [], False)
    ]


def _money(minor: Any, currency: str | None) -> Any:
    return Money(minor, currency) if currency and minor is not None else minor
