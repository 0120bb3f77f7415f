"""The days to come, one after the other, as fast as their work goes: for demos and checks, never in production.

Each day runs the calendar's entries in the order of their slots, at the time of each, and delivers what comes of
them in this process. Slots are entered in the book of runs, so that a scheduler goes on where a simulation ended.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as wall_time

from portal import clock, movable_clock, outbox, runs
from portal.db import transaction
from portal.domain.periods import add_months
from portal.jobs import ring, worker
from portal.jobs.queues import QUEUES
from portal.jobs.schedule import CALENDAR, Entry, slots_between
from portal.runs import RunState

# Nobody reads the mail of a simulation or its files, and each costs more than the day that it is about.
FOR_PEOPLE = frozenset({"mail", "reports"})
DELIVERED = tuple(name for name in QUEUES if name not in FOR_PEOPLE)
AT_WORK = wall_time(10)
PATIENCE_S = 3.0

Acts = Callable[[], None]


@dataclass(frozen=True)
class Day:
    """A day that is over: `until` is its last instant, `ran` the entries of the calendar, `tally` the deliveries."""

    until: datetime
    ran: Counter[str]
    tally: worker.Tally
    ends_month: bool


def live(
    months: int,
    *,
    acts: Acts | None = None,
    queues: Sequence[str] = DELIVERED,
    without: Collection[str] = (),
) -> Iterator[Day]:
    """Day after day from now on, for so many months; `acts` is called once each day, in working hours.

    without: entries of the calendar that are left out.

    The caller's clock stands at the end of the day that it is given, and so does the movable one.
    """
    begin = clock.now()
    last = add_months(clock.today(), months)
    while (until := _end_of_day(begin)).astimezone(clock.company_zone()).date() <= last:
        todo = agenda(begin, until, with_acts=acts is not None, without=without)
        ran, tally = _live_day(todo, acts, queues)
        with clock.at(until):
            with transaction():
                movable_clock.set_to(until)
            tomorrow = clock.today() + timedelta(days=1)
            yield Day(until, ran, tally, ends_month=tomorrow.day == 1 or tomorrow > last)
        begin = until


def _live_day(
    todo: Sequence[tuple[datetime, str]], acts: Acts | None, queues: Sequence[str]
) -> tuple[Counter[str], worker.Tally]:
    ran: Counter[str] = Counter()
    tally: worker.Tally = Counter()
    for slot, name in todo:
        with clock.at(slot), ring.once():
            if name:
                ran[name] += _run(name, slot)
            elif acts is not None:
                acts()
            tally += deliver(queues)
    return ran, tally


def agenda(
    begin: datetime, until: datetime, *, with_acts: bool = False, without: Collection[str] = ()
) -> list[tuple[datetime, str]]:
    """(slot, entry of the calendar) in the order of their time; the acts of people have no name.

    What comes round several times a day looks at all that has come due meanwhile: its last time does.
    """
    entries = {name: entry for name, entry in CALENDAR.items() if name not in without}
    slots = [(slot, name) for name, entry in entries.items() for slot in _last_slot(entry, begin, until)]
    at_work = datetime.combine(
        until.astimezone(clock.company_zone()).date(), AT_WORK, clock.company_zone()
    ).astimezone(until.tzinfo)
    if with_acts and begin < at_work:
        slots.append((at_work, ""))
    return sorted(slots)


def _last_slot(entry: Entry, begin: datetime, until: datetime) -> list[datetime]:
    return list(slots_between(entry.cron, begin, until))[-1:]


def _run(name: str, slot: datetime) -> int:
    """Run one slot of the calendar as a worker would; 0 when it stood in the book already."""
    with transaction():
        is_new = runs.enter(name, slot, state=RunState.DUE) is not None
    if is_new:
        worker.run_periodic(name, slot.isoformat())
    return int(is_new)


def deliver(queues: Sequence[str] = DELIVERED) -> worker.Tally:
    """Deliver what is due on these queues; what is tried again within moments is waited for."""
    tally = worker.drain_all(queues)
    while (wait_s := _next_try_s(queues)) is not None and wait_s < PATIENCE_S:
        time.sleep(wait_s)
        tally += worker.drain_all(queues)
    return tally


def _next_try_s(queues: Sequence[str]) -> float | None:
    with transaction():
        waits = [wait_s for queue in queues if (wait_s := outbox.next_due_s(queue)) is not None]
    return min(waits, default=None)


def _end_of_day(instant: datetime) -> datetime:
    """The last second of the company's day; the day after when the instant is it already."""
    zone = clock.company_zone()
    day = (instant + timedelta(seconds=1)).astimezone(zone).date()
    return datetime.combine(day, wall_time(23, 59, 59), zone).astimezone(instant.tzinfo)
