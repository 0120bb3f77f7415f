"""The geometry of charts: heights from 0 to 1 with the words beside them. The drawing is a macro."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from portal.documents.formats import say_date, say_length, say_month
from portal.domain.reports.facts import DayFacts, MonthFacts
from portal.domain.reports.measures import Uptime, Verdict

MOST_DAYS = 62
STEPS_MIN = (5, 10, 15, 30, 60, 120, 240, 480, 720, 1440, 2880, 7200, 14400)
LABEL_EVERY_DAYS = 5
LABELS_OF_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """`is_over`: below the target. An empty label leaves room for its neighbours'."""

    height: float
    label: str
    is_over: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """`ticks`: (height, words) of the lines behind the bars."""

    title: str
    words: str
    bars: list[Bar]
    ticks: list[tuple[float, str]]


def state_of(uptime: Uptime) -> str:
    """The colour of a day: up, brief (down, but within the target), down, none (nothing measured)."""
    if not uptime.measured:
        return "none"
    if not uptime.down:
        return "up"
    return "brief" if uptime.verdict is Verdict.MET else "down"


def days_by_state(days: Sequence[DayFacts]) -> list[tuple[str, list[DayFacts]]]:
    """(state, its days) of a month, for each state that occurs."""
    found: dict[str, list[DayFacts]] = {}
    for day in days:
        found.setdefault(state_of(day.uptime), []).append(day)
    return list(found.items())


def downtime_chart(months: Sequence[MonthFacts]) -> Chart | None:
    """Time down by day, or by month when there are too many days; None when there was none."""
    days = [day for month in months for day in month.days]
    if not any(day.uptime.down for day in days):
        return None
    if len(days) <= MOST_DAYS:
        return _chart("Time down by day", days, [_day_label(day) for day in days], _worst_day(days))
    every = -(-len(months) // LABELS_OF_MONTHS)
    labels = [say_month(each.first) if n % every == 0 else "" for n, each in enumerate(months)]
    return _chart("Time down by month", months, labels, _worst_month(months))


def _chart(title: str, parts: Sequence[DayFacts | MonthFacts], labels: list[str], words: str) -> Chart:
    top, ticks = _scale(max(part.uptime.down for part in parts))
    bars = [
        Bar(part.uptime.down / top, label, part.uptime.verdict is Verdict.MISSED)
        for part, label in zip(parts, labels, strict=True)
    ]
    return Chart(title, words, bars, ticks)


def _scale(largest: timedelta) -> tuple[timedelta, list[tuple[float, str]]]:
    """The top of the axis and two to four lines at round lengths of time."""
    step = next((s for s in STEPS_MIN if largest <= timedelta(minutes=4 * s)), STEPS_MIN[-1])
    lines = max(2, -(-largest // timedelta(minutes=step)))
    top = timedelta(minutes=step * lines)
    every = -(-lines // 4)
    return top, [(n / lines, say_length(timedelta(minutes=n * step))) for n in range(0, lines + 1, every)]


def _day_label(day: DayFacts) -> str:
    return str(day.day.day) if day.day.day == 1 or day.day.day % LABEL_EVERY_DAYS == 0 else ""


def _worst_day(days: Sequence[DayFacts]) -> str:
    worst = max(days, key=lambda each: each.uptime.down)
    return f"most on {say_date(worst.day)}, {say_length(worst.uptime.down)}"


def _worst_month(months: Sequence[MonthFacts]) -> str:
    worst = max(months, key=lambda each: each.uptime.down)
    return f"most in {say_month(worst.first)}, {say_length(worst.uptime.down)}"
