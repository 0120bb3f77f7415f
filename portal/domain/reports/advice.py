"""What a report says in sentences: the verdict, and what it recommends. Both follow from its figures. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from portal.domain.reports.facts import (
    ServiceFacts,
)
from portal.domain.reports.measures import Verdict
from portal.domain.words import Severity

OFTEN = 3
TOLD = 2
NAMED = 4


def advice_on(service: ServiceFacts, *, review_overdue: bool) -> tuple[str, ...]:
    """The most urgent first; nothing when nothing is to be done."""
    found = (
        _on_uptime(service),
        _on_clock(service, "Response", "first response"),
        _on_clock(service, "Resolution", "resolution"),
        *_on_repeats(service),
        _on_carried_over(service.carried_over),
        None if service.monitored_from else "Nothing measures this service yet: set up its monitoring.",
        "The review with the client is overdue: agree on a date." if review_overdue else None,
    )
    return tuple(words for words in found if words)


def _on_uptime(service: ServiceFacts) -> str | None:
    if service.uptime.verdict is not Verdict.MISSED:
        return None
    longest = max((each.counted for each in service.outages), default=timedelta())
    if len(service.outages) > 1 and 2 * longest >= service.uptime.down:
        return "One outage made up most of the downtime: go through its cause and what now prevents it."
    return "Availability missed its target: go through the causes of the downtime and what now prevents them."


def _on_clock(service: ServiceFacts, name: str, noun: str) -> str | None:
    missed = Counter(incident.severity for incident, target, _ in service.breaches if target == name)
    if not missed:
        return None
    if missed.total() == 1:
        return f"One {noun} came too late: go through what delayed it, and what has changed since."
    order = list(Severity)
    worst = max(missed, key=lambda severity: (missed[severity], order.index(severity)))
    share = "all" if missed[worst] == missed.total() else f"{missed[worst]}"
    return (
        f"{missed.total()} {noun}s came too late, {share} of them at {worst.label.lower()} severity:"
        " check who is on duty at those hours, or agree on other targets."
    )


def _on_repeats(service: ServiceFacts) -> list[str]:
    titles = Counter(each.title for each in service.incidents)
    return [
        f"“{title}” came up {times} times: look for the cause that they share."
        for title, times in titles.most_common(TOLD)
        if times >= OFTEN
    ]


def _on_carried_over(count: int) -> str | None:
    if not count:
        return None
    words = (
        "1 incident from before this period is"
        if count == 1
        else f"{count} incidents from before this period are"
    )
    return f"{words} still open: agree on when to resolve {'it' if count == 1 else 'them'}."


def verdict_on(service: ServiceFacts) -> str:
    """“Missed: availability. Met: response and resolution.”"""
    judged = {
        "availability": service.uptime.verdict,
        "response": service.response.verdict,
        "resolution": service.resolution.verdict,
    }
    met = [name for name, verdict in judged.items() if verdict is Verdict.MET]
    missed = [name for name, verdict in judged.items() if verdict is Verdict.MISSED]
    if not met and not missed:
        return "No target came due in this period, so nothing was judged."
    if not missed:
        return f"Every target that came due was met: {listed(met)}."
    return f"Missed: {listed(missed)}." + (f" Met: {listed(met)}." if met else "")


def verdict_on_all(services: Sequence[ServiceFacts]) -> str:
    """“3 of 4 services met every target that came due. Missed by: Managed IT Premium.”"""
    judged = [each for each in services if each.verdict is not Verdict.UNKNOWN]
    missed = [each.name for each in judged if each.verdict is Verdict.MISSED]
    if not judged:
        return "No target came due in this period, so nothing was judged."
    if not missed:
        return "Every service met every target that came due."
    named = listed(missed) if len(missed) <= NAMED else f"{len(missed)} services, shown below"
    return f"{len(judged) - len(missed)} of {len(judged)} services met every target that came due. Missed by: {named}."


def listed(names: Sequence[str]) -> str:
    """“a, b and c”."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
