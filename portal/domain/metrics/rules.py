"""How a change of MRR is named, and the rates that are read from the ledger (rule book 9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
