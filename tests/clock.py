"""The portal's clock in the hand of a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from portal import clock


class TestClock:
    """Stands still until it is moved."""

    __test__ = False

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    @contextmanager
    def in_charge(self) -> Iterator[None]:
        before = clock._source
        clock.use(lambda: self.instant)
        try:
            yield
        finally:
            clock.use(before)

    def set(self, when: date | datetime) -> None:
        """A date means noon UTC of that day."""
        self.instant = (
            when if isinstance(when, datetime) else datetime(when.year, when.month, when.day, 12, tzinfo=UTC)
        )

    def advance(self, **delta: float) -> None:
        self.instant += timedelta(**delta)
