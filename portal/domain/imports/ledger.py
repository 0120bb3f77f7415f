"""The movements of MRR that a history of services amounts to (rule book 9). Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from portal.domain.metrics.rules import Day, named
from portal.domain.money import Money
from portal.domain.words import Movement


@dataclass(frozen=True, slots=True)
class Life:
    """When a service began to count, was paused and ended; its `monthly` cost is above zero."""

    client_id: int
    service_id: int
    monthly: Money
    began_on: date
    paused_on: date | None = None
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    on_date: date
    client_id: int
    client_service_id: int
    kind: Movement
    amount_minor: int
    currency: str


def movements(lives: Iterable[Life]) -> Iterator[Entry]:
    """Client by client in the order of days, named as if the client had no other services."""
    of_client: dict[int, list[Life]] = defaultdict(list)
    for life in lives:
        of_client[life.client_id].append(life)
    for its in of_client.values():
        yield from _history(its)


def _history(lives: list[Life]) -> Iterator[Entry]:
    """Each change bears the name of the client's net change of its day; a pause is no loss."""
    changes: dict[date, list[tuple[Life, Money]]] = defaultdict(list)
    for life in lives:
        changes[life.began_on].append((life, life.monthly))
        if life.ended_on:
            changes[life.ended_on].append((life, -life.monthly))
    days = [Day(on, sum(change.minor for _, change in its)) for on, its in sorted(changes.items())]
    for day, kind, _ in named(days, lives[0].monthly.currency):
        for life, change in changes[day.on]:
            yield _entry(life, day.on, kind, change)
    for life in lives:
        if life.paused_on:
            yield _entry(life, life.paused_on, Movement.PAUSED, -life.monthly)


def _entry(life: Life, on: date, kind: Movement, change: Money) -> Entry:
    return Entry(on, life.client_id, life.service_id, kind, change.minor, change.currency)
