"""A requested import is taken in by a worker, while the page that asked for it looks on."""

import sqlalchemy as sa

from portal.clock import now
from portal.db import db, transaction
from portal.domain import imports
from portal.domain.imports import BookRefused
from portal.outbox import Delivery, EventRecord, Outside, Recorded

TAKE_IN = "import_book"


def start(event: Recorded) -> int | None:
    return event.subject_id if imports.start(import_id=event.subject_id) else None


def take_in(import_id: int, _delivery_id: int) -> None:
    """All of it in one commit together with its report, so that a second try finds it done."""
    try:
        with transaction():
            imports.carry_out(import_id=import_id, at=now())
    except BookRefused as refusal:
        with transaction():
            imports.refuse(import_id=import_id, report=refusal.report, at=now())


def settle(_event: Recorded, _result: None) -> None:
    """Nothing is left to write: the import's own row says what came of it."""


def give_up_import(event: Recorded) -> None:
    """The delivery of an import was parked: whoever waits for it is told so."""
    if event.payload["listener"] == TAKE_IN:
        asked = (
            sa.select(EventRecord.subject_id)
            .join(Delivery)
            .where(Delivery.id == event.payload["delivery_id"])
        )
        imports.give_up(import_id=db.session.scalars(asked).one(), at=now())


# Outside, because the page is to see "running" before the long transaction ends.
import_book = Outside(start, take_in, settle, lease_s=180)
