"""What must hold in the books at any moment, each as one question to the database: what breaks it?

A row that a question brings is a violation, and its columns say which. They read what is stored and none of the
code that stored it, so that they find its faults too. Source: rule book 4 and 9.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.db import db
from portal.domain.audits import AUDITS, Audit

EXAMPLES = 5
# The last resort of a large book: a check reads whole tables, which no page would.
PATIENCE = sa.text("SET LOCAL statement_timeout = '15min'")


@dataclass(frozen=True)
class Finding:
    """What one check found: how many rows break the rule, and the first of them."""

    name: str
    rule: str
    violations: int
    examples: Sequence[dict[str, Any]]


def check_all(audits: Sequence[Audit] = AUDITS) -> list[Finding]:
    """Every check, in the order of the list. Reads only; call it inside a transaction."""
    db.session.execute(PATIENCE)
    return [_check(audit) for audit in audits]


def _check(audit: Audit) -> Finding:
    # The question is one of ours; what people enter never gets here.
    given = f"WITH {','.join(audit.given)}" if audit.given else ""
    question = f"{given} SELECT *, count(*) OVER () AS violations FROM ({audit.broken_by}) AS broken LIMIT {EXAMPLES}"  # noqa: S608
    rows = [dict(row) for row in db.session.execute(sa.text(question)).mappings()]
    violations = next((int(row["violations"]) for row in rows), 0)
    examples = [{name: value for name, value in row.items() if name != "violations"} for row in rows]
    return Finding(audit.name, audit.rule, violations, examples)
