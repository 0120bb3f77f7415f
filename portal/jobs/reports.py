"""Making the reports that were asked for: facts in a short transaction, the PDF with none open, then the result."""

from hashlib import sha256

import sqlalchemy as sa

from portal import documents, storage
from portal.clock import now
from portal.db import db
from portal.domain import reports
from portal.domain.reports import Printed
from portal.domain.reports.facts import SlaReportFacts, as_json
from portal.outbox import Delivery, EventRecord, Outside, Recorded

MAKE = "make_sla_report"
UNFINISHED = "The report could not be made. An administrator has been told and can start it again."


def _prepare(event: Recorded) -> SlaReportFacts | None:
    return reports.begin(report_id=event.subject_id, at=now())


def _perform(facts: SlaReportFacts, delivery_id: int) -> Printed:
    """The key names the content, so that a worker that comes late overwrites nobody else's file."""
    pdf = documents.render("sla_report", facts)
    digest = sha256(pdf).hexdigest()
    key = f"sla/{delivery_id}-{digest[:16]}.pdf"
    storage.reports().put(key, pdf)
    return Printed(file_key=key, sha256=digest, size_bytes=len(pdf), facts=as_json(facts))


def _settle(event: Recorded, printed: Printed) -> None:
    reports.finish(report_id=event.subject_id, printed=printed, at=now())


make_sla_report = Outside(prepare=_prepare, perform=_perform, settle=_settle)


def give_up_sla_report(event: Recorded) -> None:
    """The delivery of a report was parked: whoever waits for it is told so."""
    if event.payload["listener"] == MAKE:
        asked = (
            sa.select(EventRecord.subject_id)
            .join(Delivery)
            .where(Delivery.id == event.payload["delivery_id"])
        )
        reports.fail(report_id=db.session.scalars(asked).one(), reason=UNFINISHED, at=now())
