"""How late is late, when to remind, and what a balance runs to. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import NamedTuple

from portal.domain.money import Money
from portal.domain.words import EntryKind

MOST_STEPS = 10
LATEST_STEP = 365


class Band(NamedTuple):
    """Days past due from `low` to `high`, both included; none is open-ended."""

    key: str
    label: str
    low: int | None
    high: int | None

    def holds(self, days_late: int) -> bool:
        return (self.low is None or days_late >= self.low) and (self.high is None or days_late <= self.high)


BANDS = (
    Band("not_due", "Not due", None, 0),
    Band("days_30", "1–30 days", 1, 30),
    Band("days_60", "31–60 days", 31, 60),
    Band("days_90", "61–90 days", 61, 90),
    Band("older", "Over 90 days", 91, None),
)
OVERDUE = BANDS[1:]


def band_of(days_late: int) -> Band:
    """The band of an invoice that many days past its due date; on the due date it is not late."""
    return next(band for band in BANDS if band.holds(days_late))


def steps_of(text: str) -> tuple[int, ...]:
    """Reminder steps as a setting says them, "7, 14, 30": days after the due date, rising. Raises ValueError."""
    steps = tuple(sorted({int(part) for part in text.replace(";", ",").split(",") if part.strip()}))
    if len(steps) > MOST_STEPS or any(not 1 <= step <= LATEST_STEP for step in steps):
        raise ValueError(f"At most {MOST_STEPS} steps, each from 1 to {LATEST_STEP} days.")
    return steps


def step_due(days_late: int, steps: Sequence[int], reached: int) -> int | None:
    """The step to remind at now, if any: of several that have come, only the most urgent.

    reached: the highest step of this invoice so far, 0 for none. A lower one is never gone back to.
    """
    come = max((step for step in steps if step <= days_late), default=0)
    return come if come > reached else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of an account: what moved the balance, when, by how much. Charges are above zero."""

    kind: EntryKind
    on: date
    number: str
    note: str
    invoice_id: int | None
    amount: Money

    @property
    def words(self) -> str:
        """“Invoice INV-7”, “Payment by card, R-1”, “Void: INV-7”."""
        if self.kind is EntryKind.VOID:
            return f"Void: {self.number}"
        if self.kind in (EntryKind.INVOICE, EntryKind.CREDIT_NOTE):
            return f"{self.kind.label} {self.number}"
        by = f" by {self.note}" if self.note else ""
        return f"{self.kind.label}{by}{', ' + self.number if self.number else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An entry with the balance after it."""

    entry: Entry
    balance: Money

    @property
    def charge(self) -> Money | None:
        return self.entry.amount if self.entry.amount.minor >= 0 else None

    @property
    def credit(self) -> Money | None:
        return -self.entry.amount if self.entry.amount.minor < 0 else None


def rows_from(opening: Money, entries: Iterable[Entry]) -> Iterator[Row]:
    """The entries in their order, each with the running balance."""
    known = list(entries)
    balances = accumulate((entry.amount for entry in known), initial=opening)
    next(balances)
    return (Row(entry=entry, balance=balance) for entry, balance in zip(known, balances, strict=True))
