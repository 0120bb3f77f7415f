"""The next turn of a bulk action."""

from portal.clock import now
from portal.domain import bulk
from portal.outbox import Recorded


def work_through_bulk(event: Recorded) -> None:
    """One chunk in one delivery: what is left asks for the next delivery itself."""
    bulk.work(bulk_id=event.subject_id, at=now())
