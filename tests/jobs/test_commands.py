"""The commands around the ledger and the clock."""

import json
from datetime import UTC, datetime, timedelta

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from portal import clock, movable_clock, outbox
from portal.cli import COMMANDS
from portal.cli import commands as portal
from portal.db import transaction
from portal.domain.errors import Invalid, Refused
from portal.jobs import listeners, ring
from portal.jobs.queues import waiting
from portal.settings import Settings
from tests.jobs import reactions
from tests.jobs.reactions import effects, suspend

pytestmark = pytest.mark.usefixtures("reacting")


@pytest.fixture(autouse=True)
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands make an app of their own; what that sets for the whole process is put back."""
    monkeypatch.setattr(listeners, "REACTIONS", reactions.REACTIONS)
    monkeypatch.setenv("PORTAL_ENV", "test")
    monkeypatch.setenv("PORTAL_VAR", str(settings.var))
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("REDIS_URL", settings.redis_url)
    monkeypatch.setattr(clock, "_source", clock.system_time)
    monkeypatch.setattr(movable_clock, "_remembered", (float("-inf"), timedelta()))


def run(*words: str) -> Result:
    return CliRunner().invoke(portal, words)


def test_drain_delivers_everything_and_says_how_much() -> None:
    suspend(1, 2, reason="tell")
    assert json.loads(run("drain", "--dry-run", "--json").output) == {"due": 2}
    done = run("drain", "--json")
    assert (done.exit_code, json.loads(done.output)) == (0, {"done": 4, "failed": 0, "lost": 0})
    assert effects("resumed") == [1, 2]


def test_drain_ends_with_1_when_something_failed() -> None:
    suspend(1)
    suspend(2, reason="bounce")
    done = run("drain")
    assert (done.exit_code, done.output) == (1, "1 done, 1 failed, 0 lost.\n")


def test_sweep_rings_for_what_is_due() -> None:
    assert run("sweep").output == "Due: nothing.\n"
    suspend(1)
    ring.client().flushall()
    assert json.loads(run("sweep", "--dry-run", "--json").output) == {"queues": ["billing"]}
    assert waiting(ring.client(), "billing") == []
    assert run("sweep").output == "Due: billing.\n"
    assert len(waiting(ring.client(), "billing")) == 1


def test_a_worker_of_an_unknown_queue_is_refused() -> None:
    assert run("worker", "nowhere").exit_code == 2


@pytest.mark.parametrize("words", [["set", "2030-01-01"], ["advance", "3d"], ["clear"]])
def test_the_clock_does_not_move_without_the_setting(words: list[str]) -> None:
    refused = run("clock", *words)
    assert isinstance(refused.exception, Refused)


def test_the_clock_is_shared_runs_on_and_goes_back(monkeypatch: pytest.MonkeyPatch, live: Session) -> None:
    monkeypatch.setenv("PORTAL_TEST_CLOCK", "1")
    real = clock.system_time()
    assert run("clock", "set", "2030-01-01T09:00Z").output.startswith("2030-01-01T09:00:0")
    assert run("clock", "advance", "3d2h").output.startswith("2030-01-04T11:00:0")
    assert datetime(2030, 1, 4, 11, tzinfo=UTC) < clock.now() < datetime(2030, 1, 4, 11, 1, tzinfo=UTC)
    with transaction():
        assert live.scalar(sa.func.count(movable_clock.ClockOffset.id)) == 1
    assert run("clock", "clear").exit_code == 0
    assert real <= clock.now() < real + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("3d", timedelta(days=3)),
        ("1w2h30m", timedelta(days=7, hours=2, minutes=30)),
        ("90s", timedelta(seconds=90)),
    ],
)
def test_a_step_is_written_like_3d(text: str, step: timedelta) -> None:
    assert movable_clock.step_of(text) == step


@pytest.mark.parametrize("text", ["", "3", "d", "-3d", "3 days", "99999999d"])
def test_what_is_no_step_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="is no step"):
        movable_clock.step_of(text)


def test_an_instant_without_a_zone_is_on_the_companys_wall() -> None:
    assert movable_clock.instant_of("2026-11-20") == datetime(2026, 11, 20, tzinfo=clock.company_zone())
    with pytest.raises(Invalid, match="is no instant"):
        movable_clock.instant_of("tomorrow")


@pytest.mark.parametrize("name", ["worker", "scheduler", "sweep", "drain", "clock"])
def test_each_command_says_what_it_does(name: str) -> None:
    command = portal.get_command(click.Context(portal), name)
    assert name in COMMANDS
    assert command is not None
    assert command.get_short_help_str()


def test_counts_always_add_up() -> None:
    suspend(1, 2)
    suspend(3, reason="bounce")
    run("drain")
    suspend(4)
    assert outbox.counts() == outbox.Counts(created=4, pending=1, done=2, parked=1, given_up=0)
