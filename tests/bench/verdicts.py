"""What was measured, beside what it should be."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    what: str
    measured: str
    goal: str
    holds: bool


def show(verdicts: Iterable[Verdict]) -> bool:
    """Print each as it comes; whether all of them hold."""
    print(f"\n{'':44} {'measured':44} {'goal':18}")
    results = []
    for verdict in verdicts:
        said = "holds" if verdict.holds else "MISSED"
        print(f"{verdict.what:44} {verdict.measured:44} {verdict.goal:18} {said}", flush=True)
        results.append(verdict.holds)
    return all(results)
