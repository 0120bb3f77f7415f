"""The only reads of the system clock.

`now()` is an aware UTC instant; `today()` is the date in the company's time zone, which business dates
(billing, renewal, review) go by. Tests and the simulator put another clock in with `use`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def system_time() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = system_time
_company_zone = ZoneInfo("UTC")


def now() -> datetime:
    """The instant, aware, in UTC."""
    return _source()


def today() -> date:
    """The business date: the date on the company's wall."""
    return now().astimezone(_company_zone).date()


def moment_of(day: date) -> datetime:
    """The instant up to which a batch looks that runs for this business day: now, or the end of another day."""
    if day == today():
        return now()
    midnight = datetime(day.year, day.month, day.day, tzinfo=_company_zone) + timedelta(days=1)
    return midnight.astimezone(UTC)


def company_zone() -> ZoneInfo:
    return _company_zone


def set_company_zone(name: str) -> None:
    """Called once, when the app is made."""
    global _company_zone
    _company_zone = ZoneInfo(name)


def use(source: Callable[[], datetime]) -> None:
    """Read the time from `source` from now on, in this process."""
    global _source
    _source = source


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Stand still at `instant` while the block runs."""
    before = _source
    use(lambda: instant)
    try:
        yield
    finally:
        use(before)
