"""The clock of demos and checks: shifted by an offset that stands in the database, so that all processes share it.

Only with PORTAL_TEST_CLOCK=1, which production refuses. Time goes on from where it was set.
"""

import re
import time
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import has_app_context
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.db import db
from portal.domain.errors import Invalid

# A page asks for the time dozens of times; a process hears of another one's change this much later.
REMEMBERED_S = 0.05
STEPS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}

_remembered = (float("-inf"), timedelta())


class ClockOffset(db.Model):
    """The one row: how far the portal's clock is ahead of the system's."""

    __tablename__ = "clock_offset"
    __table_args__ = (sa.CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    ahead: Mapped[timedelta] = mapped_column(sa.Interval)


def now() -> datetime:
    """The shifted time; outside of an app there is no database to ask, and nothing is shifted."""
    return clock.system_time() + (ahead() if has_app_context() else timedelta())


def ahead() -> timedelta:
    """The offset, read on a connection of its own so that it is never an older snapshot's."""
    global _remembered
    read_at, offset = _remembered
    if time.monotonic() - read_at > REMEMBERED_S:
        with db.engine.engine.connect() as connection:
            offset = connection.scalar(sa.select(ClockOffset.ahead)) or timedelta()
        _remembered = (time.monotonic(), offset)
    return offset


def set_to(instant: datetime) -> None:
    """Go on from `instant`."""
    _shift(instant - clock.system_time())


def advance(step: timedelta) -> None:
    """Leap ahead."""
    stored = db.session.scalar(sa.select(ClockOffset.ahead).with_for_update()) or timedelta()
    _shift(stored + step)


def clear() -> None:
    """Go by the system's clock again."""
    _shift(timedelta())


def _shift(offset: timedelta) -> None:
    global _remembered
    row = insert(ClockOffset).values(id=1, ahead=offset)
    db.session.execute(row.on_conflict_do_update(index_elements=["id"], set_={"ahead": offset}))
    _remembered = (float("-inf"), timedelta())


def instant_of(text: str) -> datetime:
    """`2026-11-20`, `2026-11-20T09:00` (both in the company's time zone) or with an offset. Raises Invalid."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(f"“{text}” is no instant; write it like 2026-11-20T09:00.") from None
    return given if given.tzinfo else given.replace(tzinfo=clock.company_zone())


def step_of(text: str) -> timedelta:
    """`3d`, `1w`, `2h30m`. Raises Invalid."""
    if not re.fullmatch(r"(\d{1,6}[wdhms])+", text):
        raise Invalid(f"“{text}” is no step; write it like 3d or 2h30m.")
    parts = re.findall(r"(\d+)([wdhms])", text)
    return sum((timedelta(**{STEPS[unit]: int(count)}) for count, unit in parts), timedelta())
