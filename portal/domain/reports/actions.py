"""Asking for a report, and what becomes of it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal import clock
from portal.db import db, fetch, lock
from portal.domain.clients.models import Client
from portal.domain.errors import Refused
from portal.domain.events import SlaReportRequested
from portal.domain.periods import Period
from portal.domain.reports.facts import SlaReportFacts
from portal.domain.reports.models import SlaReport
from portal.domain.reports.reading import facts, reportable
from portal.domain.reports.rules import check_period
from portal.domain.words import JobState
from portal.signals import send

UNDER_WAY = (JobState.WAITING, JobState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A file that was made, and the figures that it was made from."""

    file_key: str
    sha256: str
    size_bytes: int
    facts: Any


def request(
    *,
    client_id: int,
    service_id: int | None = None,
    start: date,
    end: date,
    by: int | None = None,
    at: datetime,
) -> SlaReport:
    """Ask for a report over [start, end). While the same one is still being made, that is the answer.

    Raises Invalid for the period, NotFound, Refused when there is nothing to report or far too much.
    """
    period = check_period(start, end, today=clock.today())
    reportable(client=fetch(Client, client_id), service_id=service_id, period=period)
    asked = {
        "client_id": client_id,
        "client_service_id": service_id,
        "period_start": period.start,
        "period_end": period.end,
    }
    row = insert(SlaReport).values(
        **asked, state=JobState.WAITING, requested_by_id=by, requested_at=at, error=""
    )
    report_id = db.session.scalar(row.on_conflict_do_nothing().returning(SlaReport.id))
    if report_id is None:
        same = sa.select(SlaReport).filter_by(**asked).where(SlaReport.state.in_(UNDER_WAY))
        return db.session.scalars(same).one()
    send(SlaReportRequested(report_id=report_id), by=by, at=at)
    return fetch(SlaReport, report_id)


def begin(*, report_id: int, at: datetime) -> SlaReportFacts | None:
    """The facts to print; None when it is made already, or when a rule refuses it (the report says which)."""
    report = lock(SlaReport, report_id)
    if report.state is JobState.DONE:
        return None
    try:
        found = facts(
            client_id=report.client_id,
            service_id=report.client_service_id,
            period=Period(report.period_start, report.period_end),
            at=at,
        )
    except Refused as refusal:
        fail(report_id=report_id, reason=refusal.message, at=at)
        return None
    # One that failed before shows so until it is done: by now the same report may be under way again.
    if report.state is JobState.WAITING:
        report.state = JobState.RUNNING
    return found


def finish(*, report_id: int, printed: Printed, at: datetime) -> None:
    report = lock(SlaReport, report_id)
    report.state, report.finished_at, report.error = JobState.DONE, at, ""
    report.file_key, report.sha256 = printed.file_key, printed.sha256
    report.size_bytes, report.facts = printed.size_bytes, printed.facts


def fail(*, report_id: int, reason: str, at: datetime) -> None:
    """It was not made, and a person may read why. One that is done stays so."""
    report = lock(SlaReport, report_id)
    if report.state is not JobState.DONE:
        report.state, report.finished_at, report.error = JobState.FAILED, at, reason
