"""Where the parts of a chart stand: columns over months, in whole units of its view box. The template draws them.

Every column says its own figure, so that the picture and the table beside it cannot tell two stories.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from babel.numbers import format_compact_decimal

from portal.domain.money import Money
from portal.web.filters import formats

WIDTH, HEIGHT = 1080, 260
LEFT, RIGHT, TOP, BOTTOM = 64, 8, 12, 28
MOST_TICKS = 5
WIDEST_COLUMN = 56


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a column: its kind is its colour; a negative amount hangs below zero."""

    kind: str
    name: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Column:
    label: str
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Bar:
    kind: str
    x: int
    y: int
    width: int
    height: int
    words: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A word at a place on one of the axes."""

    at: int
    words: str


@dataclass(frozen=True)
class Chart:
    """`legend`: (kind, name) of what is in it, in the order of the columns."""

    bars: Sequence[Bar]
    ticks: Sequence[Mark]
    labels: Sequence[Mark]
    zero: int
    legend: Sequence[tuple[str, str]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT


def columns(given: Sequence[Column]) -> Chart:
    """One column each, in their order; gains pile up from zero, losses down from it. All in one currency."""
    heights = [_reach(column) for column in given]
    low, high = min((low for low, _ in heights), default=0), max((high for _, high in heights), default=0)
    axis = _Axis(low, high)
    slot = (WIDTH - LEFT - RIGHT) // max(len(given), 1)
    bars = [bar for at, column in enumerate(given) for bar in _bars(column, LEFT + at * slot, slot, axis)]
    named = {part.kind: part.name for column in given for part in column.parts if part.amount}
    currency = next((part.amount.currency for column in given for part in column.parts), "USD")
    every = -(-len(given) // 12)
    return Chart(
        bars=bars,
        ticks=[Mark(axis.y(value), _compact(Money(value, currency))) for value in axis.ticks],
        labels=[
            Mark(LEFT + at * slot + slot // 2, column.label)
            for at, column in enumerate(given)
            if (len(given) - 1 - at) % every == 0
        ],
        zero=axis.y(0),
        legend=list(named.items()),
    )


class _Axis:
    """From the lowest to the highest value, both on a tick; whole minor units."""

    def __init__(self, low: int, high: int) -> None:
        self.step = _nice_step(max(high - low, 1))
        self.low = low // self.step * self.step
        self.high = max(-(-high // self.step) * self.step, self.low + self.step)

    @property
    def ticks(self) -> list[int]:
        return list(range(self.low, self.high + 1, self.step))

    def y(self, value: int) -> int:
        return TOP + (self.high - value) * (HEIGHT - TOP - BOTTOM) // (self.high - self.low)


def _nice_step(span: int) -> int:
    """1, 2 or 5 times a power of ten, so that at most MOST_TICKS steps make the span."""
    size = 1
    while True:
        for step in (size, 2 * size, 5 * size):
            if step * MOST_TICKS >= span:
                return step
        size *= 10


def _reach(column: Column) -> tuple[int, int]:
    minors = [part.amount.minor for part in column.parts]
    return sum(each for each in minors if each < 0), sum(each for each in minors if each > 0)


def _bars(column: Column, left: int, slot: int, axis: _Axis) -> list[Bar]:
    width = min(slot * 2 // 3, WIDEST_COLUMN)
    x, up, down, found = left + (slot - width) // 2, 0, 0, []
    for part in column.parts:
        minor = part.amount.minor
        start = up if minor > 0 else down
        top, bottom = axis.y(max(start, start + minor)), axis.y(min(start, start + minor))
        if minor > 0:
            up += minor
        else:
            down += minor
        if minor:
            words = f"{column.label}: {part.name} {formats().money(part.amount)}"
            found.append(Bar(part.kind, x, top, width, max(bottom - top, 1), words))
    return found


def _compact(amount: Money) -> str:
    return format_compact_decimal(amount.amount, fraction_digits=1, locale=formats().locale)
