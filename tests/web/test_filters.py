"""How money, time and numbers read."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from portal.domain.lifecycle.rules import ProvisioningStatus, Status
from portal.domain.money import Money
from portal.web.filters import Formats, health_colour, initials, label, status_colour
from tests.clock import TestClock

US, GERMAN = Formats("en_US"), Formats("de_DE")


@pytest.mark.parametrize(
    ("formats", "amount", "text"),
    [
        (US, Money(123450, "USD"), "1,234.50 USD"),
        (US, Money(-5, "USD"), "-0.05 USD"),
        (US, Money(1234, "JPY"), "1,234 JPY"),
        (US, Money(1234, "KWD"), "1.234 KWD"),
        (GERMAN, Money(123450, "EUR"), "1.234,50 EUR"),
    ],
)
def test_money_has_the_separators_of_the_place_and_the_digits_of_the_currency(
    formats: Formats, amount: Money, text: str
) -> None:
    assert formats.money(amount).replace("\u00a0", " ") == text


def test_minor_units_need_their_currency() -> None:
    assert US.money(Decimal(1999), "USD") == US.money(Money(1999, "USD"))  # a sum of BIGINT is NUMERIC
    with pytest.raises(ValueError, match="currency"):
        US.money(1999)


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (Fraction(99996, 100000), "99.99 %"),
        (Fraction(1), "100.00 %"),
        (0.98769, "98.76 %"),
        (Decimal("0.999999"), "99.99 %"),
        (Fraction(-5, 1000), "-0.50 %"),
        (None, "n/a"),
    ],
)
def test_a_share_is_cut_and_never_rounded_up(share: Fraction | None, text: str) -> None:
    assert US.percent(share).replace("\u00a0", " ") == text


def test_unknown_is_not_zero() -> None:
    assert US.money(None) == US.number(None) == US.percent(None) == "n/a"


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 12, 3), "in 13 days (3 Dec 2026)"),
        (date(2026, 11, 20), "today (20 Nov 2026)"),
        (date(2026, 11, 21), "tomorrow (21 Nov 2026)"),
        (date(2026, 11, 10), "10 days ago (10 Nov 2026)"),
        (date(2027, 11, 20), "20 Nov 2027"),
    ],
)
def test_a_near_day_says_how_far_it_is(clock: TestClock, inside: None, day: date, text: str) -> None:
    assert text in US.day(day)


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=12), "12 min ago"),
        (timedelta(hours=-3), "in 3 h"),
        (timedelta(days=2), "2 d ago"),
        (timedelta(days=30), "21 Oct 2026"),
    ],
)
def test_an_instant_says_how_long_ago_and_when_exactly(
    clock: TestClock, inside: None, ago: timedelta, text: str
) -> None:
    shown = US.when(datetime(2026, 11, 20, 12, tzinfo=UTC) - ago)
    assert f">{text}</time>" in shown and 'title="' in shown and "UTC" in shown


@pytest.mark.parametrize(
    ("status", "colour"),
    list(zip(Status, ("blue", "green", "amber", "grey", "grey"), strict=True)),
)
def test_a_status_has_one_colour_everywhere(status: Status, colour: str) -> None:
    assert status_colour(status) == colour


def test_a_set_up_that_is_completed_is_a_success_and_a_service_that_is_completed_is_over() -> None:
    assert status_colour(ProvisioningStatus.COMPLETED) == "green"
    assert status_colour(Status.COMPLETED) == "grey"


@pytest.mark.parametrize(
    ("score", "colour"),
    [
        (100, "green"),
        (80, "green"),
        (79, "lime"),
        (60, "lime"),
        (59, "amber"),
        (40, "amber"),
        (39, "red"),
        (0, "red"),
    ],
)
def test_health_turns_at_80_60_and_40(score: int, colour: str) -> None:
    assert health_colour(score) == colour
    assert health_colour(None) == "grey"


def test_people_and_words_are_written_for_people() -> None:
    assert (initials("Ana Maria Berg"), initials("Tom"), initials("")) == ("AB", "T", "")
    assert (label("partly_paid"), label(None), label(Status.ACTIVE)) == ("Partly paid", "–", "Active")
