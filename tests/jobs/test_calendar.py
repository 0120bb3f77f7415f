"""Each slot of the calendar is run once; what was missed is made up for once, and somebody is told."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from rq.utils import import_attribute
from sqlalchemy.orm import Session

from portal import clock as portal_clock
from portal import runs
from portal.db import db, transaction
from portal.domain.errors import Refused
from portal.jobs import ring, schedule, worker
from portal.jobs.queues import QUEUES, waiting
from portal.jobs.schedule import CALENDAR, Entry, last_slot, slots_between
from portal.outbox import EventRecord
from portal.runs import PeriodicRun, RunState
from tests.clock import TestClock
from tests.jobs.conftest import ended

Fork = Callable[[Callable[[], object]], int]

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
calls: list[datetime] = []


def noted(slot: datetime) -> None:
    """A function of the calendar."""
    calls.append(slot)


def failing(slot: datetime) -> None:
    raise RuntimeError("The numbers do not add up.")


def hanging(slot: datetime) -> None:
    with transaction():
        db.session.execute(sa.text("INSERT INTO effects (subject_id, what) VALUES (1, 'begun')"))
    time.sleep(30)


@pytest.fixture
def calendar(reacting: None, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> dict[str, Entry]:
    """A calendar with one entry at 03:00, first seen on the day before."""
    entries = {"bill": Entry("0 3 * * *", f"{__name__}:noted", queue="billing")}
    monkeypatch.setattr(worker, "CALENDAR", entries)
    monkeypatch.setattr(schedule, "CALENDAR", entries)
    calls.clear()
    clock.set(NOON - timedelta(days=1))
    worker.tick()
    return entries


def states(name: str = "bill") -> list[tuple[str, RunState]]:
    """Day, hour and state of each slot after the first, which is the baseline."""
    with transaction() as session:
        found = session.scalars(sa.select(PeriodicRun).filter_by(name=name).order_by(PeriodicRun.slot)).all()
        return [(f"{run.slot:%d %H:%M}", run.state) for run in found if run.state is not RunState.BASELINE]


def kinds_recorded() -> list[str]:
    with transaction() as session:
        return list(session.scalars(sa.select(EventRecord.kind).order_by(EventRecord.id)))


def run_what_waits() -> None:
    """What the workers of all queues would do."""
    with transaction():
        found = [(run.name, run.slot.isoformat()) for run in runs.waiting_runs()]
    for name, slot in found:
        worker.run_periodic(name, slot)


# --- slots


@pytest.mark.parametrize("name", CALENDAR)
def test_each_entry_names_a_function_and_a_queue_that_exist(name: str) -> None:
    entry = CALENDAR[name]
    assert callable(import_attribute(entry.function.replace(":", ".")))
    assert entry.queue in QUEUES
    assert last_slot(entry.cron, NOON) <= NOON


def in_vienna(*wall: int) -> datetime:
    return datetime(*wall, tzinfo=ZoneInfo("Europe/Vienna"))  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("cron", "after", "upto", "slots"),
    [
        ("0 3 * * *", (2026, 11, 20, 3, 0), (2026, 11, 21, 3, 0), ["21 02:00"]),
        # 29 March 2026 has no 02:30 in Vienna: the run moves on to 03:00.
        ("30 2 * * *", (2026, 3, 28, 12), (2026, 3, 30, 12), ["29 01:00", "30 00:30"]),
        # 25 October 2026 has 02:30 twice: it is run at the first.
        ("30 2 * * *", (2026, 10, 24, 12), (2026, 10, 26, 12), ["25 00:30", "26 01:30"]),
        ("0 */6 * * *", (2026, 3, 28, 22), (2026, 3, 29, 13), ["28 23:00", "29 04:00", "29 10:00"]),
        ("0 8 1 * *", (2026, 10, 2), (2026, 12, 2), ["01 07:00", "01 07:00"]),
    ],
)
def test_slots_go_by_the_wall_clock_of_the_company(
    monkeypatch: pytest.MonkeyPatch,
    cron: str,
    after: tuple[int, ...],
    upto: tuple[int, ...],
    slots: list[str],
) -> None:
    monkeypatch.setattr(portal_clock, "_company_zone", ZoneInfo("Europe/Vienna"))
    found = list(slots_between(cron, in_vienna(*after), in_vienna(*upto)))
    assert [f"{slot:%d %H:%M}" for slot in found] == slots
    assert last_slot(cron, in_vienna(*upto)) == found[-1]


def test_a_minute_entry_runs_sixty_times_in_the_hour_that_comes_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(portal_clock, "_company_zone", ZoneInfo("Europe/Vienna"))
    found = list(slots_between("* * * * *", in_vienna(2026, 10, 25, 1, 59), in_vienna(2026, 10, 25, 3, 0)))
    assert len(found) == len(set(found)) == 121


# --- ticks


@pytest.mark.usefixtures("calendar")
def test_nothing_is_made_up_for_from_before_the_first_sight_of_an_entry(clock: TestClock) -> None:
    assert states() == []
    assert kinds_recorded() == []


@pytest.mark.usefixtures("calendar")
def test_a_slot_that_has_come_is_put_on_its_queue_and_run_once(clock: TestClock) -> None:
    clock.set(datetime(2026, 11, 20, 3, 0, 2, tzinfo=UTC))
    worker.tick()
    worker.tick()
    assert waiting(ring.client(), "billing") == ["run-bill-20261120T0300"]
    run_what_waits()
    worker.run_periodic("bill", "2026-11-20T03:00:00+00:00")
    worker.tick()
    assert calls == [datetime(2026, 11, 20, 3, tzinfo=UTC)]
    assert states() == [("20 03:00", RunState.DONE)]
    assert kinds_recorded() == []


@pytest.mark.usefixtures("calendar")
def test_two_ticks_at_once_enter_one_slot(clock: TestClock, in_child: Fork) -> None:
    clock.set(NOON)
    assert [ended(child) for child in [in_child(worker.tick), in_child(worker.tick)]] == [0, 0]
    assert states() == [("20 03:00", RunState.DUE)]
    assert kinds_recorded() == ["periodic_run_missed"]


@pytest.mark.usefixtures("calendar")
def test_of_four_missed_slots_the_last_one_is_run_and_the_rest_is_told(
    clock: TestClock, live: Session
) -> None:
    clock.set(NOON + timedelta(days=3))
    worker.tick()
    run_what_waits()
    worker.tick()
    assert calls == [datetime(2026, 11, 23, 3, tzinfo=UTC)]
    event = live.scalars(sa.select(EventRecord)).one()
    assert event.kind == "periodic_run_missed"
    assert (event.payload["name"], event.payload["missed"]) == ("bill", 4)


def test_a_slot_that_is_a_few_minutes_late_alarms_nobody(
    calendar: dict[str, Entry], clock: TestClock
) -> None:
    calendar["sweep"] = Entry("* * * * *", f"{__name__}:noted")
    worker.tick()
    clock.advance(minutes=4)
    worker.tick()
    assert len(states("sweep")) == 1
    assert kinds_recorded() == []


@pytest.mark.usefixtures("calendar")
def test_a_clock_that_was_put_back_repeats_no_slot(clock: TestClock) -> None:
    clock.set(NOON)
    worker.tick()
    run_what_waits()
    clock.set(NOON - timedelta(days=2))
    worker.tick()
    clock.set(NOON)
    worker.tick()
    run_what_waits()
    assert calls == [datetime(2026, 11, 20, 3, tzinfo=UTC)]
    assert states() == [("20 03:00", RunState.DONE)]


# --- runs


def test_a_run_that_fails_is_tried_three_times_and_then_told_once(
    calendar: dict[str, Entry], clock: TestClock
) -> None:
    calendar["bill"] = Entry("0 3 * * *", f"{__name__}:failing", queue="billing")
    clock.set(datetime(2026, 11, 20, 3, tzinfo=UTC))
    for tries in range(runs.TRIES):
        assert states() == ([] if tries == 0 else [("20 03:00", RunState.DUE)])
        worker.tick()
        run_what_waits()
    assert states() == [("20 03:00", RunState.FAILED)]
    clock.advance(days=1)
    for _ in range(runs.TRIES):
        worker.tick()
        run_what_waits()
    assert states()[1] == ("21 03:00", RunState.FAILED)
    assert kinds_recorded() == ["periodic_run_failed"]
    with transaction():
        assert [run.error for run in runs.late_runs(clock.instant)] == [
            "RuntimeError: The numbers do not add up."
        ]


def test_a_failed_run_can_be_run_again(calendar: dict[str, Entry], clock: TestClock) -> None:
    calendar["bill"] = Entry("0 3 * * *", f"{__name__}:failing", queue="billing")
    clock.set(datetime(2026, 11, 20, 3, tzinfo=UTC))
    for _ in range(runs.TRIES):
        worker.tick()
        run_what_waits()
    calendar["bill"] = Entry("0 3 * * *", f"{__name__}:noted", queue="billing")
    with transaction() as session:
        run_id = session.scalars(sa.select(PeriodicRun.id).filter_by(state=RunState.FAILED)).one()
        runs.run_again(run_id, by=4, at=clock.instant)
    worker.tick()
    run_what_waits()
    assert states() == [("20 03:00", RunState.DONE)]
    assert kinds_recorded()[-1] == "periodic_run_repeated"
    with pytest.raises(Refused), transaction():
        runs.run_again(run_id, by=4, at=clock.instant)


def test_a_run_whose_worker_was_killed_is_taken_up_and_a_living_one_is_left_alone(
    calendar: dict[str, Entry], clock: TestClock, in_child: Fork
) -> None:
    calendar["bill"] = Entry("0 3 * * *", f"{__name__}:hanging", queue="billing")
    clock.set(datetime(2026, 11, 20, 3, tzinfo=UTC))
    worker.tick()
    child = in_child(lambda: worker.run_periodic("bill", "2026-11-20T03:00:00+00:00"))
    wait_for(lambda: states() == [("20 03:00", RunState.RUNNING)])
    with transaction():
        assert runs.waiting_runs() == []
    calendar["bill"] = Entry("0 3 * * *", f"{__name__}:noted", queue="billing")
    worker.run_periodic("bill", "2026-11-20T03:00:00+00:00")
    assert calls == []
    os.kill(child, 9)
    ended(child)
    wait_for(lambda: calls or run_what_waits())
    assert states() == [("20 03:00", RunState.DONE)]


def wait_for(condition: Callable[[], object], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.05)


@pytest.mark.usefixtures("calendar")
def test_an_overdue_run_and_a_calendar_that_stands_still_are_seen(clock: TestClock) -> None:
    clock.set(datetime(2026, 11, 20, 3, 0, tzinfo=UTC))
    worker.tick()
    with transaction():
        assert runs.late_runs(clock.instant) == []
        assert not runs.calendar_stands_still(clock.instant)
    clock.advance(minutes=6)
    with transaction():
        assert [run.name for run in runs.late_runs(clock.instant)] == ["bill"]
        assert runs.calendar_stands_still(clock.instant)


@pytest.mark.usefixtures("calendar")
def test_old_runs_are_forgotten(clock: TestClock) -> None:
    clock.set(NOON)
    worker.tick()
    worker.tidy_runs(NOON + timedelta(days=62))
    assert states() == []
