"""Charges over several pages: each page ends with the sum so far, and the next one begins with it.

What fits on a page is known only once it is set, so a long document is set twice: first with room for both sums on
every page, to see which line lands where, and then page by page with the sums in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from portal.documents.pages import page, styles
from portal.domain.billing.documents import InvoiceFacts, Line
from portal.domain.money import Money

FITS_ON_ONE_PAGE = 8


@dataclass(frozen=True, slots=True)
class Sheet:
    """The charges of one page, with the sums that come from the page before and go to the next one."""

    lines: tuple[Line, ...]
    brought: Money | None = None
    carried: Money | None = None


def invoice_page(facts: InvoiceFacts) -> str:
    """The HTML of an invoice with its charges cut into pages."""
    if len(facts.lines) <= FITS_ON_ONE_PAGE:
        return page("invoice", facts)
    from portal.documents import printer

    nothing = Money.zero(facts.total.currency)
    trial = page("invoice", facts, sheets=[Sheet(facts.lines, nothing, nothing)])
    places = printer.pages_of(trial, styles("invoice"), "line-")
    return page("invoice", facts, sheets=sheets(facts.lines, places))


def sheets(lines: Sequence[Line], places: Sequence[int]) -> list[Sheet]:
    """The lines by the page that each is on: 0, 0, 1, … With one page there is nothing to carry."""
    pages = [
        tuple(line for line, _ in group)
        for _, group in groupby(zip(lines, places, strict=True), key=lambda each: each[1])
    ]
    made: list[Sheet] = []
    for of_page in pages:
        brought = made[-1].carried if made else None
        subtotal = sum((line.amount for line in of_page), brought or Money.zero(of_page[0].amount.currency))
        is_last = len(made) + 1 == len(pages)
        made.append(Sheet(of_page, brought, None if is_last else subtotal))
    return made
