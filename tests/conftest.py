"""What every test can ask for. The servers are ours: they are started for the run and stopped after it."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade

from portal import create_app
from portal.embedded import Servers
from portal.settings import Settings

MIGRATIONS = Path(__file__).parent.parent / "migrations"


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """An empty PostgreSQL and an empty Valkey in a short folder that PostgreSQL's own account can reach."""
    folder = Path(tempfile.mkdtemp(prefix="portal-test-", dir="/tmp"))
    folder.chmod(0o755)
    with Servers(folder, durable=False) as servers:
        yield servers
    shutil.rmtree(folder)


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
