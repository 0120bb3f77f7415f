"""What every test can ask for. The servers are ours: they are started for the run and stopped after it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy.orm import Session

from portal import create_app
from portal.db import db
from portal.domain.staff import passwords
from portal.embedded import Servers
from portal.settings import Settings
from tests.browsing import Browser
from tests.clock import TestClock
from tests.factories import Cast

# A busy machine is no fault of the code: properties are about results, the bench is about time.
hypothesis.settings.register_profile("portal", deadline=None, derandomize=True)
hypothesis.settings.load_profile("portal")

MIGRATIONS = Path(__file__).parent.parent / "migrations"


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """An empty PostgreSQL and an empty Valkey in a short folder that PostgreSQL's own account can reach."""
    stop_what_killed_runs_left()
    folder = Path(tempfile.mkdtemp(prefix="portal-test-", dir="/tmp"))
    folder.chmod(0o755)
    with Servers(folder, durable=False) as servers:
        yield servers
    shutil.rmtree(folder, ignore_errors=True)


def stop_what_killed_runs_left() -> None:
    for lock in Path("/tmp").glob("portal-test-*/users.lock"):
        if lock.stat().st_uid == os.geteuid() and Servers(lock.parent).stop_unless_used():
            shutil.rmtree(lock.parent, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> None:
    """Tests hash hundreds of passwords; what one costs in earnest is a test of its own."""
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(scope="session")
def settings(servers: Servers) -> Settings:
    return servers.fill(Settings.from_env({"PORTAL_ENV": "test", "PORTAL_VAR": str(servers.var)}))


@pytest.fixture(scope="session")
def app(settings: Settings) -> Flask:
    """The portal on an empty, migrated database."""
    app = create_app(settings)
    with app.app_context():
        upgrade(directory=str(MIGRATIONS))
    return app


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A database that forgets everything after the test."""
    with forgetting(app) as session:
        yield session


@contextmanager
def forgetting(app: Flask) -> Iterator[Session]:
    """A database that forgets everything after the block.

    Every session of the test joins one outer transaction by savepoints, so commits and signals are real. For what
    needs several connections (races, workers, kills) there is `live`.
    """
    with app.app_context():
        engine = db.engine
        connection = engine.connect()
        outer = connection.begin()
        db.session.configure(join_transaction_mode="create_savepoint")
        db.engines[None] = connection
        try:
            yield db.session
        finally:
            db.session.remove()
            outer.rollback()
            connection.close()
            db.engines[None] = engine
            db.session.configure(join_transaction_mode="conditional_savepoint")


@pytest.fixture
def live(app: Flask) -> Iterator[Session]:
    """The database itself, with real commits; emptied after the test."""
    with app.app_context():
        yield db.session
        db.session.remove()
        empty_the_database()


def empty_the_database() -> None:
    """TRUNCATE everything; the append-only guard of the events stands aside for it."""
    tables = ", ".join(table.name for table in db.metadata.sorted_tables)
    with db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE events DISABLE TRIGGER USER")
        connection.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
        connection.exec_driver_sql("ALTER TABLE events ENABLE TRIGGER USER")


@pytest.fixture
def clock() -> Iterator[TestClock]:
    """The portal's clock in the hand of the test; it stands at noon UTC of 20 Nov 2026."""
    hand = TestClock(datetime(2026, 11, 20, 12, tzinfo=UTC))
    with hand.in_charge():
        yield hand


@pytest.fixture
def cast(session: Session) -> Cast:
    """Ana (account manager), Tom (technician), Fay (finance), Adi (admin), Vic (viewer)."""
    return Cast.assemble()


@pytest.fixture
def browser(app: Flask, session: Session) -> Browser:
    """Nobody yet: `browser.sign_in(cast.ana)`. Every page that it gets is checked."""
    return Browser(app)
