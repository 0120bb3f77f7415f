"""What no run bills without a person's word: the last net under every other fault (rule book 4, promise M10)."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.domain.money import Money
from portal.domain.periods import Period

MOST_LINES_A_DAY = 15
MOST_TIMES_THE_LAST = 10


@dataclass(frozen=True, slots=True)
class Claim:
    """A period with its price: one that is to be billed, or one that was."""

    period: Period
    amount: Money

    def exceeds(self, last: "Claim") -> bool:
        """Ten times the last amount and the last price of a day: a month after a stub of one day does not."""
        most = MOST_TIMES_THE_LAST
        is_dearer = self.amount.minor > most * last.amount.minor
        return (
            is_dearer and self.amount.minor * last.period.days > most * last.amount.minor * self.period.days
        )


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a run is about to bill of one schedule, beside what its service was billed before.

    `taken`: days of the service that stand on other lines and are not credited. `lines_today`: with those proposed.
    """

    claims: tuple[Claim, ...]
    total: Money
    last: Claim | None
    taken: tuple[Period, ...]
    lines_today: int
    most_lines: int = MOST_LINES_A_DAY
    is_cleared: bool = False


def reason_to_park(proposal: Proposal) -> str | None:
    """Why a person should look first; None when nothing is odd. A person's word clears the bounds on amounts only."""
    for bound in (_overlap, _negative) if proposal.is_cleared else (_overlap, _negative, _crowd, _jump):
        reason = bound(proposal)
        if reason:
            return reason
    return None


def _overlap(proposal: Proposal) -> str | None:
    periods = sorted(claim.period for claim in proposal.claims)
    twice = _first_shared(periods, sorted(proposal.taken)) or _first_shared(
        periods[:-1], periods[1:], in_turn=True
    )
    if twice is None:
        return None
    return (
        f"The days {twice} are billed already. Move the schedule's next bill date past them, then release it."
    )


def _first_shared(
    some: Sequence[Period], others: Sequence[Period], *, in_turn: bool = False
) -> Period | None:
    pairs = zip(some, others, strict=True) if in_turn else ((one, other) for one in some for other in others)
    return next((shared for one, other in pairs if (shared := one.intersection(other))), None)


def _negative(proposal: Proposal) -> str | None:
    if proposal.total.minor >= 0 and all(claim.amount.minor >= 0 for claim in proposal.claims):
        return None
    return f"The total would be {proposal.total}, and an invoice is never negative. Correct the price, then release it."


def _crowd(proposal: Proposal) -> str | None:
    if proposal.lines_today <= proposal.most_lines:
        return None
    return (
        f"{proposal.lines_today} lines in one day are more than the {proposal.most_lines} that one service may have."
        " Check the schedule's next bill date: release it to bill them all, or end it."
    )


def _jump(proposal: Proposal) -> str | None:
    last = proposal.last
    dearest = max(proposal.claims, key=lambda claim: claim.amount.minor, default=None)
    if last is None or dearest is None or last.amount.minor <= 0 or not dearest.exceeds(last):
        return None
    return (
        f"{dearest.amount} for {dearest.period} is more than {MOST_TIMES_THE_LAST} times the last period,"
        f" {last.amount}. Check the price: release it to bill it, or correct it first."
    )
