"""Rule book 4: the revenue of the months to come, month by month, beside a walk over its days."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import billing, lifecycle
from portal.domain.billing.projection_rules import Change, Running, Why, changes, projected
from portal.domain.errors import Refused
from portal.domain.metrics import Scope
from portal.domain.money import Money
from portal.domain.periods import Cycle, add_months
from portal.domain.prices import monthly_cost_of
from portal.domain.pricing.models import PriceChange
from portal.domain.renewals.rules import renewal_price
from tests.factories import make_client, make_product, make_service

TODAY = date(2026, 11, 20)
DECEMBER = date(2026, 12, 1)


def usd(minor):
    return Money(minor, "USD")


def service(**facts):
    return Running(**{"price": usd(10_000), "cycle": Cycle.MONTHLY, "start_date": date(2026, 1, 1)} | facts)


def ahead(running, until=date(2028, 1, 1)):
    return list(changes(running, today=TODAY, until=until))


def test_a_service_without_an_end_goes_on():
    assert ahead(service()) == []


def test_a_term_that_ends_without_auto_renewal_drops_out():
    end = date(2027, 3, 1)
    assert ahead(service(end_date=end)) == [Change(end, Why.ENDS, usd(-10_000))]


def test_a_scheduled_cancellation_drops_out_and_nothing_renews_before():
    running = service(
        end_date=date(2027, 1, 1),
        renewal_date=date(2027, 1, 1),
        renews=True,
        cancel_on=date(2027, 2, 1),
        uplift_percent=Decimal("2.5"),
    )
    assert ahead(running) == [Change(date(2027, 2, 1), Why.CANCELS, usd(-10_000))]


def test_auto_renewals_carry_on_at_the_renewal_price_term_after_term():
    day = date(2027, 1, 1)
    running = service(
        end_date=day, renewal_date=day, renews=True, term_months=6, uplift_percent=Decimal("2.5")
    )
    assert ahead(running) == [
        Change(day, Why.RENEWS, usd(250)),
        Change(date(2027, 7, 1), Why.RENEWS, usd(256)),
    ]


def test_a_planned_price_counts_from_its_day():
    running = service(planned=((date(2027, 2, 10), usd(12_000)), (date(2027, 5, 1), usd(9_000))))
    assert ahead(running) == [
        Change(date(2027, 2, 10), Why.CHANGES, usd(2_000)),
        Change(date(2027, 5, 1), Why.CHANGES, usd(-3_000)),
    ]


def test_what_is_late_happens_tomorrow():
    assert ahead(service(end_date=date(2026, 11, 1))) == [
        Change(TODAY + timedelta(1), Why.ENDS, usd(-10_000))
    ]


def test_a_month_earns_by_the_days_of_what_ends_within_it():
    """Ends on 11 Dec: ten of the 31 days."""
    (month,) = projected(usd(10_000), ahead(service(end_date=date(2026, 12, 11))), first=DECEMBER, months=1)
    assert month.revenue == usd(3_226) and (month.opening, month.closing) == (usd(10_000), usd(0))


DAYS = st.dates(date(2026, 10, 1), date(2028, 6, 1))


@st.composite
def running_services(draw):
    end = draw(st.none() | DAYS)
    planned = draw(st.lists(st.tuples(DAYS, st.integers(0, 500_000).map(usd)), max_size=2))
    return service(
        price=usd(draw(st.integers(1, 500_000))),
        cycle=draw(st.sampled_from([each for each in Cycle if each is not Cycle.ONE_TIME])),
        start_date=date(2024, 1, draw(st.integers(1, 31))),
        end_date=end,
        renewal_date=end,
        renews=draw(st.booleans()),
        cancel_on=draw(st.none() | DAYS),
        term_months=draw(st.integers(1, 24)),
        base=draw(st.none() | st.integers(1, 500_000).map(usd)),
        uplift_percent=draw(st.decimals(0, 20, places=2)),
        planned=tuple(sorted(planned, key=lambda step: step[0])),
    )


@settings(max_examples=60)
@given(st.lists(running_services(), max_size=4), st.integers(1, 15))
def test_the_projection_is_what_a_walk_over_the_days_finds(running, months):
    until = add_months(DECEMBER, months)
    now = sum((each.monthly for each in running), usd(0))
    expected = by_day(running, months)
    steps = [change for each in running for change in changes(each, today=TODAY, until=until)]
    found = list(projected(now, steps, first=DECEMBER, months=months))
    for month in found:
        assert month.revenue == expected[month.first]
    assert [month.closing for month in found[:-1]] == [month.opening for month in found[1:]]


def by_day(running, months):
    """Each day's monthly cost over the days of its month, added up."""
    exact, day, prices = {}, TODAY, {id(each): each.price for each in running}
    over, renewals = set(), {id(each): each.renewal_date for each in running}
    while day < add_months(DECEMBER, months):
        if day > TODAY:
            for each in running:
                _live_through(each, day, prices, over, renewals)
        first = day.replace(day=1)
        of_days = (add_months(first, 1) - first).days
        for each in running:
            if id(each) not in over:
                cost = monthly_cost_of(prices[id(each)], each.cycle).minor
                exact[first] = exact.get(first, 0) + Fraction(cost, of_days)
        day += timedelta(days=1)
    firsts = (add_months(DECEMBER, number) for number in range(months))
    return {first: Money.rounded(Fraction(exact.get(first, 0)), "USD") for first in firsts}


def _live_through(each, day, prices, over, renewals):
    """One day of one service, as the calendar would take it."""
    if each.cancel_on is not None:
        if each.cancel_on <= day:
            over.add(id(each))
    elif not each.renews and each.end_date is not None and each.end_date <= day:
        over.add(id(each))
    due = [
        (on, 1, price)
        for on, price in each.planned
        if on <= day and (on == day or day == TODAY + timedelta(1))
    ]
    on = renewals[id(each)]
    while each.renews and each.cancel_on is None and on is not None and on <= day:
        due.append((on, 0, None))
        is_on_anchor = add_months(on, 0, each.start_date.day) == on
        on = add_months(on, each.term_months, each.start_date.day if is_on_anchor else on.day)
        renewals[id(each)] = on
    for _, _, price in sorted(due, key=lambda step: step[:2]):
        prices[id(each)] = _renewed(each, prices[id(each)]) if price is None else price


def _renewed(each, price):
    return renewal_price(current=price, base=each.base, uplift_percent=each.uplift_percent).price


@pytest.fixture
def book(session, clock):
    product = make_product(cycle_price_minor=100_000, uplift_percent=Decimal("2.5"), term_months=12)
    client = make_client()
    facts = {"status": "active", "client": client, "product": product, "start_date": date(2026, 1, 1)}
    make_service(**facts, auto_renewal=True)
    leaving = make_service(**facts, auto_renewal=True)
    make_service(**facts)
    make_service(**facts | {"start_date": date(2025, 1, 1)})
    make_service(**facts | {"status": "suspended"})
    make_service(**facts | {"status": "pending"})
    dearer = make_service(
        status="active",
        client=client,
        product=make_product(term_months=0, billing_cycle="annually", cycle_price_minor=1_200_000),
    )
    make_service(
        status="active",
        client=make_client(currency="JPY"),
        product=make_product(currency="JPY", term_months=0),
    )
    with transaction():
        lifecycle.cancel(
            service_id=leaving.id,
            effective_on=date(2026, 12, 16),
            reason="gone",
            by=None,
            at=portal_clock.now(),
        )
        db.session.add(
            PriceChange(
                client_service_id=dearer.id,
                effective_on=date(2027, 2, 1),
                whole_price_minor=2_400_000,
                cycle_price_minor=2_400_000,
                requested_at=portal_clock.now(),
            )
        )
    return client


def test_the_book_month_by_month(book):
    """100 000 renews on 1 Jan at +2.5 %, one ends then, one is cancelled on 16 Dec, one doubles on 1 Feb."""
    months = billing.projection(3)["USD"]
    assert [each.revenue.minor for each in months] == [300_000 + 48_387, 202_500, 302_500]
    assert [each.closing.minor for each in months] == [300_000, 202_500, 302_500]
    assert [each.opening.minor for each in months] == [400_000, 300_000, 202_500]


def test_currencies_are_never_added_up(book):
    found = billing.projection(1)
    assert list(found) == ["USD", "JPY"] and found["JPY"][0].revenue == Money(100_000, "JPY")


def test_a_part_of_the_business_alone(book):
    assert billing.projection(3, scope=Scope(client=book.code)).keys() == {"USD"}
    assert billing.projection(3, scope=Scope(client="NOBODY")) == {}


@pytest.mark.parametrize("months", [0, -1, 61])
def test_a_projection_has_a_sensible_number_of_months(session, clock, months):
    with pytest.raises(Refused):
        billing.projection(months)
