"""Charges over several pages: heads repeat, and the sums are carried from page to page."""

from itertools import pairwise

import pytest

from portal import documents
from portal.documents.carrying import sheets
from portal.domain.money import Money
from tests.documents import facts
from tests.documents.reading import pages_of


def test_each_page_begins_with_what_the_one_before_ended_with():
    lines = facts.invoice(amounts=(100, 20, 3)).lines
    first, second, third = sheets(lines, [0, 1, 2])
    assert (first.brought, first.carried) == (None, Money(100, "USD"))
    assert (second.brought, second.carried) == (Money(100, "USD"), Money(120, "USD"))
    assert (third.brought, third.carried) == (Money(120, "USD"), None)


def test_one_page_carries_nothing():
    (only,) = sheets(facts.invoice(amounts=(1, 2)).lines, [0, 0])
    assert (only.brought, only.carried, len(only.lines)) == (None, None, 2)


@pytest.mark.parametrize("currency", ["EUR", "JPY"])
def test_eighty_lines_say_on_each_page_what_they_come_to(currency):
    amounts = tuple(range(10_001, 10_081))
    printed = pages_of(documents.render("invoice", facts.invoice(amounts=amounts, currency=currency)))
    assert 3 <= len(printed) <= 6
    assert all("Description" in page for page in printed[:-1])
    assert "Brought forward" not in printed[0] and "Carried forward" not in printed[-1]
    for before, after in pairwise(printed):
        carried = before.partition("Carried forward")[2].split()[0]
        assert carried in after.partition("Brought forward")[2]
    for number in range(1, 81):
        assert sum(page.count(f"Managed IT {number}, ") for page in printed) == 1
