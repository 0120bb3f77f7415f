"""What a check of the books is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Audit:
    """`broken_by`: one row for each violation, in columns that a bookkeeper understands."""

    name: str
    rule: str
    broken_by: str
