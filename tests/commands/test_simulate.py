"""`portal simulate`: three months of a small book in moments, with sound books at the end."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal import movable_clock
from portal import settings as portal_settings
from portal.db import db, transaction
from portal.domain import imports
from portal.jobs import simulation
from portal.jobs.schedule import CALENDAR
from portal.settings import Environment
from tests.books import SERVICE, sheet, small_book
from tests.commands.running import run

BEGIN = datetime(2026, 11, 20, 12, tzinfo=UTC)
WEEKLY = SERVICE | {
    "external_id": "S2",
    "billing_cycle": "weekly",
    "start_date": "2026-03-02",
    "end_date": "2027-03-02",
}
TO_COME = SERVICE | {
    "external_id": "S3",
    "status": "pending",
    "start_date": "2026-12-01",
    "end_date": "2027-12-01",
}


@pytest.fixture
def book(environment, monkeypatch):
    """Two services that run and one that is to start, on 20 Nov 2026."""
    monkeypatch.setattr(portal_clock, "_source", lambda: BEGIN)
    with transaction():
        files = small_book(services=sheet(SERVICE, WEEKLY, TO_COME))
        imports.load(files, source="test", by=None, at=BEGIN)


OF_MONEY = {"scheduled_cancellations", "price_changes", "billing_run"}
OTHERS = sorted(CALENDAR.keys() - OF_MONEY)


def simulated(*words):
    """What has nothing to do with money is left out, for the sake of time."""
    left_out = [word for name in OTHERS for word in ("--without", name)]
    done = run("simulate", "--json", *left_out, *words)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done, json.loads(done.output)


def test_three_months_bill_what_has_come_and_the_books_hold(book):
    done, facts = simulated("--months", "3")
    assert done.exit_code == 0
    assert [month["month"] for month in facts["months"]] == ["2026-11", "2026-12", "2027-01", "2027-02"]
    assert all(month["closing_minor"] == month["services_minor"] > 0 for month in facts["months"])
    assert not any(finding["violations"] for finding in facts["invariants"])
    periods = db.session.execute(
        sa.text("SELECT count(*), count(DISTINCT (client_service_id, period_start)) FROM invoice_lines")
    ).one()
    # Monthly on 30 Nov, 31 Dec, 31 Jan; weekly on the 13 Mondays from 23 Nov to 15 Feb.
    assert tuple(periods) == (3 + 13, 3 + 13)


def test_each_slot_of_a_day_is_run_once(book):
    days = list(simulation.live(1, without=OTHERS))
    assert len(days) == 31
    nights = sa.text(
        "SELECT count(*), count(DISTINCT slot) FROM periodic_runs WHERE name = 'billing_run' AND state = 'done'"
    )
    assert tuple(db.session.execute(nights).one()) == (30, 30)
    assert days[-1].until == datetime(2026, 12, 20, 23, 59, 59, tzinfo=UTC)


def test_with_acts_the_ledger_follows_what_people_do(book):
    done, facts = simulated("--months", "1", "--acts", "--seed", "7")
    assert done.exit_code == 0
    assert facts["acts"]["sell"] > 1 and facts["acts"]["activate"] >= facts["acts"]["sell"] - 1
    assert all(month["closing_minor"] == month["services_minor"] for month in facts["months"])


def test_the_agenda_of_a_day_goes_by_the_clock(clock):
    begin = BEGIN.replace(hour=23, minute=59, second=59)
    agenda = simulation.agenda(begin, begin + timedelta(days=1), with_acts=True)
    slots = [slot for slot, _ in agenda]
    assert slots == sorted(slots)
    assert {name for _, name in agenda} >= {"scheduled_cancellations", "billing_run", "sweep", ""}
    assert [name for _, name in agenda].count("sweep") == 1
    names = [name for _, name in agenda]
    assert names.index("scheduled_cancellations") < names.index("billing_run") < names.index("")
    assert set(names) - {""} <= CALENDAR.keys()


def test_it_is_refused_in_production(book, monkeypatch):
    given = portal_settings.Settings.from_env

    def in_production(*args):
        return replace(given(*args), env=Environment.PRODUCTION)

    monkeypatch.setattr(portal_settings.Settings, "from_env", in_production)
    done = run("simulate", "--months", "1")
    assert done.exit_code != 0
    assert "never in production" in str(done.exception)
    assert db.session.scalar(sa.text("SELECT count(*) FROM periodic_runs")) == 0
    assert movable_clock.ahead() == timedelta()
    assert portal_clock.today() == date(2026, 11, 20)
