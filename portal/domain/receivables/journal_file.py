"""Journal lines as the file of a batch. The same lines give the same bytes."""

import csv
from collections.abc import Iterable
from io import StringIO

from portal.domain.money import Money
from portal.domain.receivables.journal import Line
from portal.domain.wording import without_formula

HEADINGS = (
    "batch", "line", "date", "kind", "entry", "number", "client_code", "client", "account", "text", "debit",
    "credit", "currency",
)  # fmt: skip


def as_csv(batch: int, lines: Iterable[Line]) -> bytes:
    """UTF-8 with a byte order mark, lines end as RFC 4180 says; amounts with the decimals of their currency.

    `entry` is the same on all lines of one entry, which balance.
    """
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(HEADINGS)
    for place, line in enumerate(lines, start=1):
        writer.writerow([batch, place, *_cells(line)])
    return file.getvalue().encode("utf-8-sig")


def _cells(line: Line) -> list[str]:
    booking, nothing = line.booking, Money.zero(line.amount.currency)
    texts = (booking.number, booking.client_code, booking.client, line.account, line.words)
    return [
        booking.on.isoformat(),
        booking.kind.value,
        f"{booking.kind.value}-{booking.source_id}",
        *(without_formula(text) for text in texts),
        str(max(line.amount, nothing).amount),
        str(max(-line.amount, nothing).amount),
        line.amount.currency,
    ]
