"""SLA clocks: when a target passes, whether it was met, and how many were (rule book 6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from portal.domain.errors import Refused
from portal.domain.sla.hours import Calendar

# Since when the clock stands still, and until when; None while it still does.
Pause = tuple[datetime, datetime | None]

WARNING_SHARE = Fraction(3, 4)


class Target(StrEnum):
    """What is promised of an incident: somebody answers, and it is over."""

    RESPONSE = "response"
    RESOLUTION = "resolution"

    @property
    def label(self) -> str:
        return self.value.capitalize()


class NothingJudged(Refused):
    """Nothing is met or breached yet: shown as "n/a", never as 100 %."""


def deadline(
    calendar: Calendar,
    *,
    opened_at: datetime,
    target_seconds: int,
    now: datetime,
    pauses: Sequence[Pause] = (),
) -> datetime:
    """When the target passes: a pause moves it by its working time, unless it had passed already."""
    due_at = calendar.add_working(opened_at, target_seconds)
    counted_until = opened_at
    for began_at, ended_at in sorted(pauses, key=lambda pause: pause[0]):
        if began_at >= due_at:
            break
        # Pauses that overlap stop the clock once.
        since, until = max(began_at, counted_until), ended_at or now
        due_at = calendar.add_working(due_at, calendar.working_seconds_between(since, until))
        counted_until = max(counted_until, until)
    return due_at


def warning_at(
    calendar: Calendar,
    *,
    opened_at: datetime,
    target_seconds: int,
    now: datetime,
    pauses: Sequence[Pause] = (),
) -> datetime:
    """When three quarters of the target have passed."""
    share = int(target_seconds * WARNING_SHARE)
    return deadline(calendar, opened_at=opened_at, target_seconds=share, now=now, pauses=pauses)


def moved(calendar: Calendar, due_at: datetime, *, since: datetime, until: datetime) -> datetime:
    """A deadline after one more pause [since, until): later by its working time, unless it had passed by then.

    So a deadline stays what it was promised to be when the hours of its calendar are changed meanwhile.
    """
    if since >= due_at:
        return due_at
    return calendar.add_working(due_at, calendar.working_seconds_between(since, until))


class Judgement(StrEnum):
    MET = "met"
    BREACHED = "breached"
    OPEN = "open"

    @property
    def label(self) -> str:
        return "Not due yet" if self is Judgement.OPEN else self.value.capitalize()


def judge(
    *,
    due_at: datetime,
    done_at: datetime | None,
    now: datetime,
    breached_at: datetime | None = None,
) -> Judgement:
    """Done on the very second is met. `breached_at`: a breach that was raised or recorded stays one."""
    if breached_at is not None or (done_at or now) > due_at:
        return Judgement.BREACHED
    return Judgement.OPEN if done_at is None else Judgement.MET


def compliance(judgements: Iterable[Judgement]) -> Fraction:
    """Met ÷ judged; what is open and not yet due is not judged. Raises NothingJudged."""
    judged = [each for each in judgements if each is not Judgement.OPEN]
    if not judged:
        raise NothingJudged("Nothing to judge yet: no target was met or missed in this period.")
    return Fraction(judged.count(Judgement.MET), len(judged))
