"""A report that was asked for is made by the reports queue, whole, once."""

from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal import documents, outbox, storage
from portal.db import db, transaction
from portal.domain import reports
from portal.domain.reports import SlaReport
from portal.domain.words import JobState
from portal.jobs.queues import QUEUES
from portal.jobs.reports import UNFINISHED, give_up_sla_report
from portal.jobs.worker import drain_all
from portal.outbox import Delivery, Recorded
from tests.documents.reading import text
from tests.factories import make_client, make_service


@pytest.fixture(autouse=True)
def folder(app, tmp_path, monkeypatch) -> Path:
    monkeypatch.setitem(app.extensions, "settings", replace(app.extensions["settings"], reports=tmp_path))
    return tmp_path


@pytest.fixture
def report(session, clock) -> SlaReport:
    service = make_service(client=make_client(name="Quarry Dental"), status="active", name="Cloud Backup")
    with transaction():
        service.monitored_from = datetime(2026, 9, 1, tzinfo=UTC)
        asked = {"start": date(2026, 10, 1), "end": date(2026, 11, 1), "by": None, "at": portal_clock.now()}
        return reports.request(client_id=service.client_id, service_id=service.id, **asked)


def again(report: SlaReport) -> SlaReport:
    db.session.expire_all()
    return db.session.get_one(SlaReport, report.id)


def delivery() -> Delivery:
    return db.session.scalars(sa.select(Delivery).filter_by(listener="make_sla_report")).one()


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_report_is_made_stored_and_checked(report, folder):
    drain_all()
    made = again(report)
    assert made.state is JobState.DONE
    with storage.reports().open(made.file_key) as file:
        pdf = file.read()
    assert (sha256(pdf).hexdigest(), len(pdf)) == (made.sha256, made.size_bytes)
    assert "Cloud Backup" in text(pdf) and "100.00" in text(pdf)
    assert made.facts["services"][0]["uptime"] == {"measured": 31 * 86_400, "down": 0, "target": None}
    assert len(files(folder)) == 1


def test_a_report_that_is_delivered_twice_is_made_once(report, folder):
    drain_all()
    first = again(report).sha256
    with transaction():
        one = delivery()
        one.done_at, one.due_at, one.leased_at = None, one.created_at, None
    drain_all()
    assert (again(report).sha256, len(files(folder))) == (first, 1)


def test_nobody_sees_a_report_whose_printing_failed(report, folder, monkeypatch):
    monkeypatch.setattr(documents, "render", lambda *_: 1 / 0)
    drain_all()
    assert again(report).state is JobState.RUNNING
    assert again(report).file_key is None
    assert not files(folder)


def test_a_report_that_can_never_be_made_says_so_and_is_made_when_it_is_tried_again(report, monkeypatch):
    monkeypatch.setitem(QUEUES, "reports", replace(QUEUES["reports"], first_wait_s=0))
    with monkeypatch.context() as broken:
        broken.setattr(documents, "render", lambda *_: 1 / 0)
        drain_all()
    assert (again(report).state, again(report).error) == (JobState.FAILED, UNFINISHED)
    assert delivery().parked_at is not None
    with transaction():
        outbox.retry(delivery().id, by=None, at=portal_clock.now())
    drain_all()
    assert (again(report).state, again(report).error) == (JobState.DONE, "")


def test_another_delivery_that_is_parked_is_no_matter_of_reports(report):
    mail = {"delivery_id": delivery().id, "listener": "send_notice_email", "error": "x"}
    parked = Recorded(
        delivery_id=1,
        event_id=1,
        kind="delivery_parked",
        subject_type="delivery",
        subject_id=delivery().id,
        occurred_at=portal_clock.now(),
        actor_id=None,
        payload=mail,
    )
    with transaction():
        give_up_sla_report(parked)
    assert again(report).state is JobState.WAITING
    with transaction():
        give_up_sla_report(replace(parked, payload=mail | {"listener": "make_sla_report"}))
    assert again(report).state is JobState.FAILED


def test_reports_are_printed_in_a_queue_of_their_own_with_limits():
    spec = QUEUES["reports"]
    assert spec.memory_mb and spec.lease_s < spec.timeout_s
    assert "weasyprint" in spec.preload
