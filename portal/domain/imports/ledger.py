"""The movements of MRR that a history of services amounts to (rule book 9). Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from portal.domain.metrics.rules import movement_of
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
class Standing:
    """A client in the ledger: what its services add up to, paused ones included; whether it ever had any."""

    total: Money
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    on_date: date
    client_id: int
    client_service_id: int
    kind: Movement
    amount_minor: int
    currency: str


def movements(lives: Iterable[Life], before: Mapping[int, Standing]) -> Iterator[Entry]:
    """Client by client in the order of days; `before`: how clients that were there already stand.

    Within a day gains come first, so that a change of one service for another is no churn.
    """
    of_client: dict[int, list[Life]] = defaultdict(list)
    for life in lives:
        of_client[life.client_id].append(life)
    for client_id, its in of_client.items():
        nothing = Standing(Money.zero(its[0].monthly.currency), counted=False)
        yield from _history(its, before.get(client_id, nothing))


def _history(lives: list[Life], standing: Standing) -> Iterator[Entry]:
    """Amounts rise before they fall within a day; a pause is no loss, so it does not count as one."""
    changes = [(life.began_on, 0, life.service_id, life, life.monthly) for life in lives]
    changes += [(life.ended_on, 1, life.service_id, life, -life.monthly) for life in lives if life.ended_on]
    total, counted = standing.total, standing.counted
    for day, _, _, life, change in sorted(changes, key=lambda each: each[:3]):
        kind = movement_of(before=total, after=total + change, counted_before=counted)
        total, counted = total + change, True
        if kind:
            yield _entry(life, day, kind, change)
    for life in lives:
        if life.paused_on:
            yield _entry(life, life.paused_on, Movement.PAUSED, -life.monthly)


def _entry(life: Life, on: date, kind: Movement, change: Money) -> Entry:
    return Entry(on, life.client_id, life.service_id, kind, change.minor, change.currency)
