"""Taking in a book of business: all of it, or nothing and every reason why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.db import batch_lock, db, lock
from portal.domain.errors import DomainError
from portal.domain.events import BookImported, ImportRequested
from portal.domain.imports import queries, sources
from portal.domain.imports.checking import Book, check
from portal.domain.imports.desk import Desk, Tally
from portal.domain.imports.models import ImportRun
from portal.domain.imports.reading import Fault
from portal.domain.imports.writers.catalogue import write_calendars, write_policies, write_products
from portal.domain.imports.writers.downtime import write_maintenance
from portal.domain.imports.writers.incidents import write_incidents
from portal.domain.imports.writers.people import write_clients, write_contacts, write_staff
from portal.domain.imports.writers.scores import write_scores
from portal.domain.imports.writers.services import write_services
from portal.domain.words import JobState
from portal.signals import send

WRITERS: Mapping[str, Callable[[Desk], None]] = {
    "staff": write_staff,
    "calendars": write_calendars,
    "sla_policies": write_policies,
    "products": write_products,
    "clients": write_clients,
    "contacts": write_contacts,
    "services": write_services,
    "incidents": write_incidents,
    "maintenance": write_maintenance,
}
"""In the order in which files refer to one another."""


UNFINISHED = "The portal could not finish this import; the admins see why. Your files may well be in order."


@dataclass(frozen=True)
class Report:
    """What an import did, file by file, or why it did nothing."""

    files: Mapping[str, Tally]
    faults: Sequence[Fault] = field(default_factory=list)

    @property
    def changed_something(self) -> bool:
        return any(tally.created or tally.updated for tally in self.files.values())

    def as_json(self) -> dict[str, Any]:
        """As in the contract: {"files": {"clients": {"created": 240, …}}, "faults": [{"file": …, "row": …}]}."""
        return {
            "files": {name: asdict(tally) for name, tally in self.files.items()},
            "faults": [asdict(fault) for fault in self.faults],
        }


class BookRefused(DomainError):
    """The book has faults, and nothing of it was taken in; `report` names them all."""

    status = 422

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(f"Nothing was imported: {len(report.faults)} faults.")


def load(
    files: Mapping[str, bytes], *, source: str, is_dry_run: bool = False, by: int | None = None, at: datetime
) -> Report:
    """Take in these files (name without .csv → bytes), and keep a record if they change anything.

    source: where they came from, in words. Raises BookRefused.
    """
    report = _take_in(files, is_dry_run, by, at)
    if report.changed_something and not is_dry_run:
        run = ImportRun(filename=source[:200], requested_by_id=by, requested_at=at)
        db.session.add(run)
        _settle(run, JobState.DONE, report, at)
        _say(run, report, by, at)
    return report


def request(
    *, filename: str, archive: bytes, is_dry_run: bool, by: int | None = None, at: datetime
) -> ImportRun:
    """Have a zip taken in by a worker. Raises Invalid when it holds no book."""
    sources.unzip(archive)
    run = ImportRun(
        filename=filename[:200], archive=archive, is_dry_run=is_dry_run, requested_by_id=by, requested_at=at
    )
    db.session.add(run)
    db.session.flush()
    send(ImportRequested(import_id=run.id), by=by, at=at)
    return run


def start(*, import_id: int) -> bool:
    """Show that a worker has it; False when there is nothing left to take in."""
    run = lock(ImportRun, import_id)
    if run.archive is None:
        return False
    run.state, run.progress = JobState.RUNNING, 50
    return True


def carry_out(*, import_id: int, at: datetime) -> None:
    """Take in the zip of a requested import, once. Raises BookRefused, and then nothing is written."""
    run = lock(ImportRun, import_id)
    if run.archive is None:
        return
    report = _take_in(sources.unzip(run.archive), run.is_dry_run, run.requested_by_id, at)
    _settle(run, JobState.DONE, report, at)
    if report.changed_something and not run.is_dry_run:
        _say(run, report, run.requested_by_id, at)


def refuse(*, import_id: int, report: Report, at: datetime) -> None:
    """Keep the faults for which a requested import was refused."""
    _settle(lock(ImportRun, import_id), JobState.FAILED, report, at)


def give_up(*, import_id: int, at: datetime) -> None:
    """Say that no try came to an end. The zip is kept, for the retry that an admin may order."""
    run = lock(ImportRun, import_id)
    run.state, run.finished_at = JobState.FAILED, at
    run.result = Report({}, [Fault("", 0, "", UNFINISHED)]).as_json()


def _take_in(files: Mapping[str, bytes], is_dry_run: bool, by: int | None, at: datetime) -> Report:
    """A dry run does the work too, and then undoes it: its figures are those of the real one."""
    batch_lock("import")
    book = check(files, queries.stored())
    if book.faults:
        raise BookRefused(Report({name: Tally() for name in book.rows}, book.faults))
    if not is_dry_run:
        return _write(book, by, at)
    rehearsal = db.session.begin_nested()
    try:
        return _write(book, by, at)
    finally:
        rehearsal.rollback()


def _write(book: Book, by: int | None, at: datetime) -> Report:
    desk = Desk(book.rows, by, at, clock.today())
    for name in book.rows:
        WRITERS[name](desk)
    write_scores(desk)
    if desk.faults:
        raise BookRefused(Report({name: Tally() for name in book.rows}, desk.faults))
    db.session.flush()
    # Without it PostgreSQL takes the tables for empty until it looks by itself, and joins them row by row.
    db.session.execute(sa.text("ANALYZE clients, client_services, incidents, outages, maintenance_windows"))
    return Report(desk.tallies)


def _settle(run: ImportRun, state: JobState, report: Report, at: datetime) -> None:
    """The uploaded file has done its duty; what is kept is the report."""
    run.state, run.progress, run.finished_at = state, 100, at
    run.result, run.archive = report.as_json(), None
    db.session.flush()


def _say(run: ImportRun, report: Report, by: int | None, at: datetime) -> None:
    send(BookImported(import_id=run.id, files=report.as_json()["files"]), by=by, at=at)
