"""`portal report sla`, as scripts call it."""

import json
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from portal.db import transaction
from tests.commands.running import run
from tests.documents.reading import text
from tests.factories import make_client, make_service

DAYS = ("--from", "2026-10-01", "--to", "2026-11-01")


@pytest.fixture(autouse=True)
def environment(live, settings, monkeypatch):
    """The commands make an app of their own, on the servers of the test."""
    monkeypatch.setenv("PORTAL_ENV", "test")
    monkeypatch.setenv("PORTAL_VAR", str(settings.var))
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("REDIS_URL", settings.redis_url)


@pytest.fixture
def service(live):
    service = make_service(client=make_client(code="Q1", name="Quarry"), status="active", name="Cloud Backup")
    with transaction():
        service.activated_at = service.monitored_from = datetime(2026, 9, 1, tzinfo=UTC)
    return service


def test_the_report_of_a_service_is_written_and_described_as_json(service, tmp_path):
    out = tmp_path / "report.pdf"
    answer = run("report", "sla", "--service", str(service.id), *DAYS, "--out", str(out), "--json")
    assert answer.exit_code == 0, answer.output
    said = json.loads(answer.output)
    pdf = out.read_bytes()
    assert (said["sha256"], said["bytes"]) == (sha256(pdf).hexdigest(), len(pdf))
    assert said["facts"]["services"][0]["name"] == "Cloud Backup"
    assert "Cloud Backup" in text(pdf)


def test_the_report_of_a_client_is_said_in_words(service, tmp_path):
    out = tmp_path / "report.pdf"
    answer = run("report", "sla", "--client", "Q1", *DAYS, "--out", str(out))
    assert answer.exit_code == 0 and "Quarry" in answer.output and str(out) in answer.output
    assert [path.name for path in tmp_path.iterdir()] == ["report.pdf"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((*DAYS,), "either a service or a client"),
        (("--client", "Q1", "--service", "1", *DAYS), "either a service or a client"),
        (("--client", "Q1", "--from", "2026-11-01", "--to", "2026-10-01"), "last day comes before"),
        (("--client", "NONE", *DAYS), "no such client"),
        (("--service", "999999", *DAYS), "no such service"),
        (("--client", "Q1", "--from", "2020-01-01", "--to", "2020-02-01"), "had no running service"),
    ],
)
def test_what_cannot_be_reported_is_refused_and_writes_nothing(service, tmp_path, words, said):
    answer = run("report", "sla", *words, "--out", str(tmp_path / "report.pdf"))
    assert answer.exit_code != 0
    assert said in f"{answer.output}{answer.exception}"
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_named(service, tmp_path):
    answer = run("report", "sla", "--client", "Q1", *DAYS, "--out", str(tmp_path / "none" / "report.pdf"))
    assert answer.exit_code == 1 and "cannot be written" in answer.output
