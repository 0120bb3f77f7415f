"""`portal import` and `portal demo`, as scripts call them."""

import json
from collections import Counter
from dataclasses import replace

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from portal import clock, demo
from portal.cli import commands as portal
from portal.db import db
from portal.domain import staff
from portal.domain.errors import Refused
from portal.domain.lifecycle.models import ClientService
from portal.domain.staff import Role, User
from portal.settings import Environment
from tests.books import BAD


@pytest.fixture(autouse=True)
def environment(live, settings, monkeypatch):
    """The commands make an app of their own, on the servers of the test."""
    monkeypatch.setenv("PORTAL_ENV", "test")
    monkeypatch.setenv("PORTAL_VAR", str(settings.var))
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("REDIS_URL", settings.redis_url)
    monkeypatch.setattr(clock, "_source", clock.system_time)


def run(*words: str) -> Result:
    return CliRunner().invoke(portal, words)


def users() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(User))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "staff.csv").write_text("email,name,role\ntom@msp.example,Tom,technician\n")
    return str(tmp_path)


def test_import_reports_each_file_as_json_and_the_same_again_changes_nothing(folder):
    first, second = run("import", folder, "--json"), run("import", folder, "--json")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert json.loads(first.output) == {
        "files": {"staff": {"created": 1, "updated": 0, "unchanged": 0}},
        "faults": [],
    }
    assert json.loads(second.output)["files"] == {"staff": {"created": 0, "updated": 0, "unchanged": 1}}


def test_a_dry_run_says_so_and_changes_nothing(folder):
    done = run("import", folder, "--dry-run")
    assert done.exit_code == 0
    assert "1 created" in done.output and "nothing was changed" in done.output
    assert users() == 0


def test_a_refused_book_ends_with_2_and_names_every_fault():
    refused = run("import", str(BAD), "--json")
    faults = json.loads(refused.output)["faults"]
    assert (refused.exit_code, len(faults), users()) == (2, 25, 0)
    assert {"file": "services.csv", "row": 4, "column": "start_date", "fault": "impossible date"} in faults
    assert "services.csv:4: start_date: impossible date" in run("import", str(BAD)).output


def test_a_folder_that_is_not_there_is_refused():
    assert run("import", "/nowhere").exit_code == 2


def test_the_demo_has_a_login_for_each_role_and_work_in_progress():
    shown = run("demo")
    assert shown.exit_code == 0, shown.output
    assert [line.partition(":")[0] for line in shown.output.splitlines()] == [role.label for role in Role]
    for email, role in demo.DEMO_LOGINS:
        user = db.session.scalars(sa.select(User).filter_by(email=email)).one()
        assert (user.role, user.has_demo_password) == (role, True)
        assert staff.passwords.is_right(demo.DEMO_PASSWORD, user.password_hash)
    pending = sa.select(ClientService.provisioning_status).filter_by(status="pending")
    found = Counter(db.session.scalars(pending))
    assert found == {"completed": 2, "in_progress": 5, "failed": 1, "pending": 58}

    again = run("demo")
    assert isinstance(again.exception, Refused) and "an empty one" in str(again.exception)


def test_the_demo_is_refused_in_production(app, monkeypatch, settings):
    monkeypatch.setitem(app.extensions, "settings", replace(settings, env=Environment.PRODUCTION))
    with pytest.raises(Refused, match="not loaded in production"):
        demo.load()
    assert users() == 0
