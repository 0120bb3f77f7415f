"""The surroundings of a command: an app of its own, on the servers of the test."""

import pytest

from portal import clock


@pytest.fixture
def environment(live, settings, monkeypatch):
    monkeypatch.setenv("PORTAL_ENV", "test")
    monkeypatch.setenv("PORTAL_VAR", str(settings.var))
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("REDIS_URL", settings.redis_url)
    monkeypatch.setattr(clock, "_source", clock.system_time)
