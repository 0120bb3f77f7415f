"""`portal invariants`: do the books hold?"""

import json
import sys
from collections.abc import Sequence

import click

from portal.cli import with_app
from portal.db import transaction
from portal.domain.invariants import Finding, check_all


@click.command()
@click.option("--json", "as_json", is_flag=True)
@with_app
def invariants(as_json: bool) -> None:
    """Check the books: what must hold at any moment, and what breaks it."""
    with transaction():
        findings = check_all()
    click.echo(json.dumps(told(findings), default=str) if as_json else in_words(findings))
    sys.exit(1 if any(finding.violations for finding in findings) else 0)


def told(findings: Sequence[Finding]) -> list[dict[str, object]]:
    return [
        {"name": each.name, "violations": each.violations, "examples": each.examples} for each in findings
    ]


def in_words(findings: Sequence[Finding]) -> str:
    """A line for each check; what breaks it stands below."""
    lines = []
    for finding in findings:
        mark = f"{finding.violations} violations" if finding.violations else "holds"
        lines.append(f"{finding.name:<38}{mark:<16}{finding.rule}")
        lines += [
            "    " + ", ".join(f"{name} {value}" for name, value in example.items())
            for example in finding.examples
        ]
    return "\n".join(lines)
