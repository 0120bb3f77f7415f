"""What is measured and judged: uptime, compliance and clocks, each with its verdict. Exact until it is printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from portal.domain.sla.rules import Judgement
from portal.domain.uptime.rules import MICROSECOND
from portal.domain.words import Word

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


class Verdict(Word):
    MET = "met"
    MISSED = "missed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Uptime:
    """Of a service, a month or a day. Shares run from 0 to 1; `share` is None where nothing was measured."""

    measured: timedelta
    down: timedelta
    target: Fraction | None

    @property
    def share(self) -> Fraction | None:
        return 1 - Fraction(self.down // MICROSECOND, self.measured // MICROSECOND) if self.measured else None

    @property
    def down_minutes(self) -> int:
        """Whole ones, cut."""
        return self.down // MINUTE

    @property
    def allowed(self) -> timedelta | None:
        """How long it may have been down; whole seconds, cut."""
        if self.target is None or not self.measured:
            return None
        return int((1 - self.target) * Fraction(self.measured // MICROSECOND, SECOND // MICROSECOND)) * SECOND

    @property
    def verdict(self) -> Verdict:
        if self.share is None or self.target is None:
            return Verdict.UNKNOWN
        return Verdict.MET if self.share >= self.target else Verdict.MISSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Compliance:
    """Targets met, of those that were judged; what is not due yet is not judged."""

    met: int
    judged: int

    @property
    def share(self) -> Fraction | None:
        return Fraction(self.met, self.judged) if self.judged else None

    @property
    def missed(self) -> int:
        return self.judged - self.met

    @property
    def verdict(self) -> Verdict:
        if not self.judged:
            return Verdict.UNKNOWN
        return Verdict.MISSED if self.missed else Verdict.MET

    @classmethod
    def of(cls, clocks: Iterable[Clock]) -> Compliance:
        judged = [each for each in clocks if each.judgement in (Judgement.MET, Judgement.BREACHED)]
        return cls(met=sum(each.judgement is Judgement.MET for each in judged), judged=len(judged))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One SLA clock of one incident, in working time. Without a target there is nothing to judge."""

    target: timedelta | None
    used: timedelta | None
    judgement: Judgement | None

    @property
    def is_breached(self) -> bool:
        return self.judgement is Judgement.BREACHED

    @property
    def over(self) -> timedelta | None:
        """By how much the target was passed; None when it was not, or was breached by hand within it."""
        if self.target is None or self.used is None or self.used <= self.target:
            return None
        return self.used - self.target
