"""The minute's look at the SLA clocks."""

from datetime import date, datetime

from portal import clock
from portal.clock import now
from portal.db import transaction
from portal.domain import sla
from portal.domain.sla.breaches import Swept


def sweep(as_of: date) -> Swept:
    with transaction():
        return sla.sweep(as_of=clock.moment_of(as_of), at=now())


def sweep_on_schedule(slot: datetime) -> None:
    sweep(clock.today())
