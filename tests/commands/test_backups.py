"""A backup holds everything, a restored copy is the same portal, and what is damaged or in use is refused."""

import json
import tarfile
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from portal import backups, runs, storage
from portal import clock as portal_clock
from portal.db import db, transaction
from portal.jobs import batches
from portal.jobs.backups import check_backup
from portal.jobs.worker import drain_all
from portal.outbox import EventRecord
from portal.vitals import vitals
from tests.commands.running import run
from tests.factories import Cast, make_service


@pytest.fixture
def books(environment, settings, app, tmp_path, monkeypatch):
    """A service that was activated, billed and suspended, and a report; kept in a folder of its own."""
    monkeypatch.setenv("REPORTS_URL", str(tmp_path / "reports"))
    Cast.assemble()
    make_service(status="active")
    make_service(status="suspended")
    drain_all()
    batches.bill(portal_clock.today())
    storage.Folder(tmp_path / "reports").put("sla/1-abc.pdf", b"%PDF-1.7 a report")


@pytest.fixture
def elsewhere(books, settings, tmp_path, monkeypatch):
    """Another, empty portal: `elsewhere()` moves the commands there and gives its database."""
    other = make_url(settings.database_url).set(database="portal_elsewhere")
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS portal_elsewhere WITH (FORCE)")
        connection.exec_driver_sql("CREATE DATABASE portal_elsewhere")
    engine = sa.create_engine(other)

    def move() -> sa.Engine:
        monkeypatch.setenv("DATABASE_URL", other.render_as_string(hide_password=False))
        monkeypatch.setenv("REPORTS_URL", str(tmp_path / "other-reports"))
        return engine

    yield move
    engine.dispose()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("DROP DATABASE portal_elsewhere WITH (FORCE)")


def contents(engine: sa.Engine) -> dict[str, tuple[int, str]]:
    """(rows, their digest) of every table."""
    digest = "SELECT count(*), md5(string_agg(row::text, '|' ORDER BY row::text)) FROM {} AS row"
    with engine.connect() as connection:
        return {
            table.name: tuple(connection.execute(sa.text(digest.format(table.name))).one())
            for table in db.metadata.sorted_tables
        }


def test_a_restored_copy_is_the_same_portal(elsewhere, tmp_path):
    file, before = str(tmp_path / "portal.backup"), contents(db.engine)
    assert before["invoices"][0] == 1 and before["notices"][0] > 0
    assert run("backup", file).exit_code == 0
    engine = elsewhere()
    restored = run("restore", file, "--json")
    assert restored.exit_code == 0, restored.output
    assert contents(engine) == before
    assert json.loads(restored.output)["rows"] == {name: rows for name, (rows, _) in before.items()}
    assert (tmp_path / "other-reports/sla/1-abc.pdf").read_bytes() == b"%PDF-1.7 a report"
    assert run("invariants").exit_code == 0


def test_the_copy_goes_on_where_the_backup_stood(elsewhere, tmp_path):
    file = str(tmp_path / "portal.backup")
    run("backup", file)
    engine = elsewhere()
    run("restore", file)
    later = "2027-06-01"
    assert json.loads(run("bill", "--as-of", later, "--json").output)["invoices"] == 1
    with engine.connect() as connection:
        numbers = connection.scalars(sa.text("SELECT number FROM invoices ORDER BY id")).all()
        assert numbers == ["INV-000001", "INV-000002"]
        with pytest.raises(sa.exc.DBAPIError, match="cannot be deleted"):
            connection.execute(sa.text("DELETE FROM invoices"))


def test_a_portal_in_use_is_not_overwritten_unless_forced(books, tmp_path, settings):
    file, before = str(tmp_path / "portal.backup"), contents(db.engine)
    run("backup", file)
    refused = run("restore", file)
    assert "This database is in use" in str(refused.exception)
    assert contents(db.engine).keys() == before.keys()
    assert contents(db.engine)["invoices"] == before["invoices"]


def test_force_puts_the_portal_back_to_the_backup(elsewhere, tmp_path):
    file, before = str(tmp_path / "portal.backup"), contents(db.engine)
    run("backup", file)
    engine = elsewhere()
    run("restore", file)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE client_services SET name = 'spoilt'"))
    assert run("restore", file, "--force").exit_code == 0
    assert contents(engine) == before


def test_nothing_is_restored_under_running_workers(books, tmp_path):
    run("backup", str(tmp_path / "portal.backup"))
    with transaction():
        runs.beat("here-1", queue="billing", pid=1, host="here")
    refused = run("restore", str(tmp_path / "portal.backup"), "--force")
    assert "Workers of this portal are running" in str(refused.exception)


@pytest.mark.parametrize("harm", ["cut", "damaged", "foreign"])
def test_a_bad_file_is_refused_before_anything_is_touched(books, tmp_path, harm):
    file = tmp_path / "portal.backup"
    run("backup", str(file))
    before, content = contents(db.engine), file.read_bytes()
    with tarfile.open(file) as archive:
        inside = archive.getmember("tables/events.copy.gz").offset_data + 30
    bad = {
        "cut": content[: len(content) // 2],
        "damaged": content[:inside] + bytes([content[inside] ^ 1]) + content[inside + 1 :],
        "foreign": b"PGDMP" + content[5:],
    }
    file.write_bytes(bad[harm])
    refused = run("restore", str(file), "--force")
    assert isinstance(refused.exception, backups.BadBackup)
    assert contents(db.engine) == before


def test_a_backup_is_for_its_owners_eyes_and_has_no_secret_key(books, tmp_path, settings):
    file = tmp_path / "portal.backup"
    run("backup", str(file))
    assert file.stat().st_mode & 0o077 == 0
    assert settings.secret_key.encode() not in file.read_bytes()


def backup_is_well() -> bool:
    with transaction():
        (vital,) = [each for each in vitals(portal_clock.now(), []) if each.name == "backup"]
    return vital.is_well


def test_a_portal_is_well_for_26_hours_after_its_first_event_and_each_backup(clock, cast):
    assert backup_is_well()
    clock.advance(hours=26)
    assert backup_is_well()
    clock.advance(minutes=1)
    assert not backup_is_well()
    with transaction():
        backups.note(size_bytes=1, rows=1, at=portal_clock.now())
    assert backup_is_well()
    clock.advance(hours=27)
    assert not backup_is_well()


def overdue_events() -> int:
    kind = sa.select(sa.func.count()).select_from(EventRecord).where(EventRecord.kind == "backup_overdue")
    return int(db.session.scalar(kind) or 0)


def test_admins_are_told_once_a_day_while_the_backup_is_overdue(clock, cast):
    check_backup(portal_clock.now())
    assert overdue_events() == 0
    clock.advance(hours=30)
    slot = portal_clock.now()
    check_backup(slot)
    check_backup(slot)
    assert overdue_events() == 1
    drain_all()
    told = db.session.execute(sa.text("SELECT user_id, title FROM notices WHERE channel = 'in_app'")).all()
    assert told == [(cast.adi.id, "No backup was made for 30 hours")]
    clock.advance(days=1)
    check_backup(slot + timedelta(days=1))
    assert overdue_events() == 2
