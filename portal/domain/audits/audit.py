"""What a check of the books is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Audit:
    """`broken_by`: one row for each violation, in columns that a bookkeeper understands.

    `given`: named queries ("name AS (SELECT …)") that it reads, where several audits read the same.
    """

    name: str
    rule: str
    broken_by: str
    given: tuple[str, ...] = ()
