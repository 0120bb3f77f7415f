"""Price changes whose day has come: by the calendar, and right after a bulk change was confirmed."""

from datetime import date, datetime

from portal import clock
from portal.clock import now
from portal.db import transaction
from portal.domain.pricing import carrying
from portal.outbox import Recorded


def change_prices(as_of: date) -> None:
    """Everything that is planned up to that day, a page of services in each commit."""
    more = True
    while more:
        with transaction():
            more = carrying.carry_out(as_of=as_of, at=now())


def change_prices_on_schedule(slot: datetime) -> None:
    change_prices(clock.today())


def work_through_prices(event: Recorded) -> None:
    """One turn in one delivery: what is left asks for the next delivery itself."""
    carrying.work(batch_id=event.subject_id, at=now())
