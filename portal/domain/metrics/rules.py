"""How a change of MRR is named, and the rates that are read from the ledger (rule book 9)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from portal.domain.errors import Refused
from portal.domain.money import Money
from portal.domain.words import Movement


class NothingToMeasure(Refused):
    """There was nothing at the opening: shown as "n/a", neither 0 % nor 100 %."""


def movement_of(*, before: Money, after: Money, counted_before: bool) -> Movement | None:
    """The name of a client's net change of MRR, or None when nothing changed.

    before, after: what the client's services add up to, paused ones included: a pause is no loss, and is
    named paused or resumed by the command that causes it. counted_before: the client ever had MRR.
    """
    if after == before:
        return None
    if after > before:
        if before:
            return Movement.EXPANSION
        return Movement.REACTIVATION if counted_before else Movement.NEW
    return Movement.CONTRACTION if after else Movement.CHURN


CHANGES = frozenset(
    {Movement.NEW, Movement.EXPANSION, Movement.CONTRACTION, Movement.CHURN, Movement.REACTIVATION}
)
PAUSES = frozenset({Movement.PAUSED, Movement.RESUMED})


@dataclass(frozen=True, slots=True)
class Day:
    """What one client's MRR did on one day, in minor units: net `change`, `moved` by transfers, net `paused`.

    change_kinds, pause_kinds: the names that the rows bear so far.
    """

    on: date
    change: int
    moved: int = 0
    paused: int = 0
    change_kinds: frozenset[Movement] = frozenset()
    pause_kinds: frozenset[Movement] = frozenset()


def named(days: Iterable[Day], currency: str) -> Iterator[tuple[Day, Movement, Movement]]:
    """The days of a client in their order, each with the name of its net change and of its net pause.

    A service for another of the same price nets to nothing: an expansion of zero. A transfer comes before the
    changes of its day. A client that was handed all its services away and buys again is reactivated.
    """
    standing, counted = 0, False
    for day in days:
        before = standing + day.moved
        standing = before + day.change
        name = movement_of(
            before=Money(before, currency), after=Money(standing, currency), counted_before=counted
        )
        counted = counted or bool(before or standing)
        yield day, name or Movement.EXPANSION, Movement.RESUMED if day.paused > 0 else Movement.PAUSED


@dataclass(frozen=True, slots=True)
class Rates:
    """Shares of the opening MRR of a month. `net` may be above 1."""

    gross_churn: Fraction
    net_retention: Fraction

    @property
    def gross_retention(self) -> Fraction:
        return 1 - self.gross_churn


def rates(opening: Money, movements: Mapping[Movement, Money]) -> Rates:
    """movements: signed sums of the month by kind. Raises NothingToMeasure without an opening MRR."""
    if not opening:
        raise NothingToMeasure("There was no MRR at the start of this month, so there is no rate to show.")

    def share(*kinds: Movement) -> Fraction:
        nothing = Money.zero(opening.currency)
        return Fraction(sum(movements.get(kind, nothing).minor for kind in kinds), opening.minor)

    gross_churn = -share(Movement.CHURN, Movement.CONTRACTION)
    gained = share(Movement.EXPANSION, Movement.REACTIVATION)
    return Rates(gross_churn, 1 - gross_churn + gained)


def closing(opening: Money, movements: Mapping[Movement, Money]) -> Money:
    """Opening MRR + movements = closing MRR, for every month, always."""
    return sum(movements.values(), opening)
