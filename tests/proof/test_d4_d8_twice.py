"""D4 and D8: the same job at the same time, the same calendar from two schedulers."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from portal import clock, runs
from portal.db import db, transaction
from portal.domain import lifecycle
from portal.jobs import schedule, worker
from portal.jobs.schedule import CALENDAR, Entry
from portal.runs import RunState
from tests import kills
from tests.clock import TestClock
from tests.jobs.test_kills import people, sell
from tests.proof.side_by_side import at_once

pytestmark = pytest.mark.usefixtures("live", "quiet_bell")

TRIALS = 20
SERVICES = 50
DAYS = 30
AWAY = timedelta(hours=6)
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
RUN_LOG = "CREATE TABLE run_log (name text, slot timestamptz)"


def test_the_same_drain_at_the_same_time(sized, say):
    """Each trial: fifty services are activated, then two workers drain the same queues, begun at the same moment."""
    users = people()
    sell(SERVICES * sized(TRIALS), users[0])
    with transaction() as session:
        ids = list(session.scalars(sa.text("SELECT id FROM client_services ORDER BY id")))

    def drain_both(number: int) -> None:
        for queue in ("billing", "notices"):
            worker.drain(queue)

    for trial in range(sized(TRIALS)):
        with transaction():
            for service_id in ids[trial * SERVICES : (trial + 1) * SERVICES]:
                lifecycle.activate(service_id=service_id, by=None, at=clock.now())
        at_once(drain_both, 2)

    found = {
        "schedules": kills.lost_and_doubled(kills.SCHEDULES),
        "notices": kills.lost_and_doubled(kills.NOTICES),
    }
    say(f"{sized(TRIALS)} trials, {len(ids)} services; (lost, doubled): {found}")
    assert set(found.values()) == {(0, 0)}
    assert kills.pending("billing", "notices") == 0


@pytest.fixture
def logged_calendar(monkeypatch):
    """The portal's crons; each run leaves a row, in a table that takes any number of them."""
    kills.execute(RUN_LOG)
    for name, entry in CALENDAR.items():
        monkeypatch.setitem(CALENDAR, name, Entry(entry.cron, f"{__name__}:log_{name}", entry.queue))
        monkeypatch.setitem(globals(), f"log_{name}", logger_of(name))
    # No worker is up here: a scheduler that has put a run runs it itself, at the same time as the other one.
    monkeypatch.setattr(worker, "put_run", lambda name, slot: worker.run_periodic(name, slot.isoformat()))
    yield
    db.session.remove()
    kills.execute("DROP TABLE run_log")


def logger_of(name: str):
    def log(slot: datetime) -> None:
        with transaction() as session:
            row = sa.text("INSERT INTO run_log (name, slot) VALUES (:name, :slot)")
            session.execute(row, {"name": name, "slot": slot})

    return log


def test_the_same_run_at_the_same_time(logged_calendar, sized, say):
    for trial in range(sized(TRIALS)):
        slot = BEGIN + timedelta(minutes=trial)
        with transaction():
            runs.enter("billing_run", slot, state=RunState.DUE)
        at_once(lambda number, slot=slot: worker.run_periodic("billing_run", slot.isoformat()), 2)
    logged = kills.wrong("SELECT slot, count(*) FROM run_log GROUP BY slot")
    say(f"{len(logged)} runs asked for twice at once, ran {[count for _, count in logged]} times")
    assert [count for _, count in logged] == [1] * sized(TRIALS)


def test_two_schedulers_for_thirty_days_and_then_none_for_six_hours(logged_calendar, sized, say):
    minutes = sized(DAYS * 24 * 60)
    end = BEGIN + timedelta(minutes=minutes)

    def tick_each_minute(number: int) -> None:
        hand = TestClock(BEGIN)
        with hand.in_charge():
            for _ in range(minutes + 1):
                worker.tick()
                hand.advance(minutes=1)

    at_once(tick_each_minute, 2)
    expected = {
        (name, slot)
        for name, entry in CALENDAR.items()
        for slot in schedule.slots_between(entry.cron, BEGIN, end)
    }
    logged = [(name, slot) for name, slot in kills.wrong("SELECT name, slot FROM run_log")]
    say(
        f"{minutes} minutes, two schedulers: {len(expected)} slots, {len(logged)} runs, {len(set(logged))} distinct"
    )
    assert set(logged) == expected
    assert len(logged) == len(expected)

    back = end + AWAY
    hand = TestClock(back)
    with hand.in_charge():
        at_once(lambda number: worker.tick(), 2)
    made_up = kills.wrong(f"SELECT name, slot FROM run_log WHERE slot > '{end.isoformat()}'")
    missed = {name: list(schedule.slots_between(entry.cron, end, back)) for name, entry in CALENDAR.items()}
    alerts = kills.wrong(
        "SELECT payload->>'name', payload->>'missed' FROM events WHERE kind = 'periodic_run_missed'"
    )
    say(f"six hours without: {len(made_up)} runs made up, alerts {sorted(alerts)}")
    assert sorted(made_up) == sorted((name, slots[-1]) for name, slots in missed.items() if slots)
    assert {name for name, _ in alerts} == {name for name, slots in missed.items() if slots}
    assert len(alerts) == len(made_up)
