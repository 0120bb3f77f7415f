"""Rule book 5: price, eligibility, term, reminders and decisions."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.domain.errors import Invalid
from portal.domain.lifecycle.rules import Status
from portal.domain.money import Money
from portal.domain.periods import Cycle
from portal.domain.renewals.rules import (
    EligibilityFacts,
    base_price,
    decision_due_on,
    grace_ends_on,
    is_decision_overdue,
    next_term,
    reasons_against,
    reminder_due,
    renewal_price,
)

RENEWS_ON = date(2026, 12, 31)


def usd(text):
    return Money.of(text, "USD")


def day(text):
    return date.fromisoformat(text)


def price(current="100.00", base=None, percent="0", cap=None):
    return renewal_price(
        current=usd(current),
        base=base and usd(base),
        uplift_percent=Decimal(percent),
        uplift_cap_percent=cap and Decimal(cap),
    )


@pytest.mark.parametrize(
    ("facts", "renewed", "reason"),
    [
        ({"percent": "2.5"}, "102.50", "uplift of 2.5 %"),
        ({"percent": "2.5000"}, "102.50", "uplift of 2.5 %"),
        ({}, "100.00", "unchanged"),
        ({"base": "90.00"}, "100.00", "unchanged"),
        ({"base": "110.00"}, "110.00", "the product's base price"),
        ({"base": "110.00", "percent": "20"}, "120.00", "uplift of 20 %"),
        ({"base": "110.00", "percent": "5"}, "110.00", "the product's base price"),
        ({"percent": "20", "cap": "3"}, "103.00", "uplift of 3 %"),
        ({"percent": "2", "cap": "3"}, "102.00", "uplift of 2 %"),
        ({"percent": "-10"}, "100.00", "unchanged"),
        ({"current": "0.10", "percent": "5"}, "0.11", "uplift of 5 %"),
    ],
)
def test_a_price_rises_to_the_highest_and_says_why(facts, renewed, reason):
    answer = price(**facts)
    assert answer.price == usd(renewed)
    assert answer.reason == reason


@given(st.integers(0, 10**9), st.none() | st.integers(0, 10**9), st.decimals(0, 50, places=4))
def test_a_price_never_falls_by_itself(current, base, percent):
    answer = renewal_price(
        current=Money(current, "USD"),
        base=None if base is None else Money(base, "USD"),
        uplift_percent=percent,
    )
    assert answer.price >= Money(max(current, base or 0), "USD")


@pytest.mark.parametrize(
    ("product_cycle", "cycle", "quantity", "currency", "expected"),
    [
        (Cycle.MONTHLY, Cycle.MONTHLY, 1, "USD", "100.00"),
        (Cycle.MONTHLY, Cycle.ANNUALLY, 1, "USD", "1200.00"),
        (Cycle.QUARTERLY, Cycle.MONTHLY, 2, "USD", "66.67"),
        (Cycle.MONTHLY, Cycle.WEEKLY, 6, "USD", "138.46"),
        (Cycle.ONE_TIME, Cycle.ONE_TIME, 3, "USD", "300.00"),
        (Cycle.ONE_TIME, Cycle.MONTHLY, 1, "USD", None),
        (Cycle.MONTHLY, Cycle.ONE_TIME, 1, "USD", None),
        (Cycle.MONTHLY, Cycle.MONTHLY, 1, "EUR", None),
    ],
)
def test_the_base_price_is_compared_in_the_service_s_own_cycle_and_currency(
    product_cycle, cycle, quantity, currency, expected
):
    answer = base_price(
        product_price=usd("100.00"),
        product_cycle=product_cycle,
        cycle=cycle,
        quantity=quantity,
        currency=currency,
    )
    assert answer == (expected and usd(expected))


ELIGIBLE = EligibilityFacts(
    status=Status.ACTIVE,
    renewal_date=RENEWS_ON,
    is_denied=False,
    cancels_on=None,
    breaches_in_term=5,
    overdue=usd("500.00"),
    overdue_limit=usd("500.00"),
)


def test_a_service_without_a_reason_against_it_is_eligible():
    assert reasons_against(ELIGIBLE) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": Status.SUSPENDED}, "is suspended, not active"),
        ({"renewal_date": None}, "has no renewal date"),
        ({"is_denied": True}, "renewal was denied"),
        ({"cancels_on": date(2026, 12, 1)}, "is to be cancelled on 2026-12-01"),
        ({"breaches_in_term": 6}, "6 SLA breaches in this term, more than 5"),
        ({"overdue": usd("500.01")}, "the client owes 500.01 USD overdue, above its limit of 500.00 USD"),
    ],
)
def test_each_reason_is_enough(change, reason):
    assert reasons_against(replace(ELIGIBLE, **change)) == [reason]


def test_all_reasons_are_named_not_only_the_first():
    worst = replace(
        ELIGIBLE,
        status=Status.PENDING,
        renewal_date=None,
        is_denied=True,
        cancels_on=RENEWS_ON,
        breaches_in_term=9,
        overdue=usd("501.00"),
    )
    assert len(reasons_against(worst)) == 6


@pytest.mark.parametrize(
    ("start", "renewal", "months", "end"),
    [
        ("2025-01-15", "2026-01-15", 12, "2027-01-15"),
        ("2025-01-31", "2026-02-28", 1, "2026-03-31"),
        ("2024-02-29", "2025-02-28", 12, "2026-02-28"),
        ("2024-02-29", "2027-02-28", 12, "2028-02-29"),
        ("2025-01-11", "2026-02-01", 12, "2027-02-01"),
    ],
)
def test_a_term_starts_on_the_old_renewal_date_and_keeps_the_anchor_day(start, renewal, months, end):
    term = next_term(start_date=day(start), renewal_date=day(renewal), months=months)
    assert (term.start, term.end) == (day(renewal), day(end))


@given(st.dates(date(2020, 1, 1), date(2026, 1, 1)), st.lists(st.integers(1, 36), min_size=1, max_size=10))
def test_term_follows_term_without_a_day_lost_or_given_twice(start, terms):
    renewal = start
    for months in terms:
        term = next_term(start_date=start, renewal_date=renewal, months=months)
        assert term.start == renewal
        renewal = term.end
    assert renewal == next_term(start_date=start, renewal_date=start, months=sum(terms)).end


@pytest.mark.parametrize("months", [0, -12])
def test_a_term_has_at_least_one_month(months):
    with pytest.raises(Invalid) as refused:
        next_term(start_date=day("2025-01-15"), renewal_date=day("2026-01-15"), months=months)
    assert "months" in refused.value.faults


@pytest.mark.parametrize(
    ("days_before", "sent", "stage"),
    [
        (31, (), None),
        (30, (), 30),
        (30, (30,), None),
        (22, (), 30),
        (14, (30,), 14),
        (12, (30, 14), None),
        (7, (30, 14), 7),
        (3, (), 7),
        (3, (30, 14, 7), None),
        (0, (30, 14), 7),
        (-1, (), None),
        (10, (7,), None),
    ],
)
def test_a_reminder_is_made_up_if_late_and_only_the_most_urgent_goes_out(days_before, sent, stage):
    today = RENEWS_ON - timedelta(days=days_before)
    assert reminder_due(renewal_date=RENEWS_ON, today=today, sent=sent) == stage


@given(st.sets(st.integers(0, 40)))
def test_each_stage_goes_out_at_most_once_whatever_days_are_missed(days_off):
    sent = []
    for days_before in range(40, -1, -1):
        if days_before not in days_off:
            today = RENEWS_ON - timedelta(days=days_before)
            stage = reminder_due(renewal_date=RENEWS_ON, today=today, sent=sent)
            sent += [] if stage is None else [stage]
    assert sent == sorted(set(sent), reverse=True)
    assert (7 in sent) == any(days_before not in days_off for days_before in range(8))


def test_a_decision_is_due_the_notice_before_the_end_and_overdue_until_it_is_taken():
    due = decision_due_on(end_date=day("2026-12-31"), notice_days=60)
    assert due == day("2026-11-01")
    assert not is_decision_overdue(due_on=due, today=due, is_decided=False)
    assert is_decision_overdue(due_on=due, today=day("2026-11-02"), is_decided=False)
    assert not is_decision_overdue(due_on=due, today=day("2026-11-02"), is_decided=True)


def test_grace_runs_from_the_end():
    assert grace_ends_on(end_date=day("2026-12-31"), grace_days=30) == day("2027-01-30")
