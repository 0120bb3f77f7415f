"""Scores: of all services every six hours, and of one right after it missed an SLA target."""

from datetime import date, datetime

from portal import clock
from portal.clock import now
from portal.db import batch_lock, transaction
from portal.domain import health
from portal.domain.health.scoring import Checked
from portal.outbox import Recorded


def check(as_of: date) -> Checked:
    """Page after page, each a commit of its own: a kill leaves some services to the next run, and none half done."""
    at, all_of_it = clock.moment_of(as_of), Checked()
    after: int | None = 0
    while after is not None:
        with transaction():
            batch_lock("health")
            page, after = health.run_page(after=after, at=at)
        all_of_it += page
    return all_of_it


def check_on_schedule(slot: datetime) -> None:
    check(clock.today())


def recalculate_service_health(event: Recorded) -> None:
    health.score(service_id=event.subject_id, at=now())
