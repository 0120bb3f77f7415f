"""What a preview shows is what is billed (promise M8); two people at once; the arithmetic of terms."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import company
from portal.domain.billing import running
from portal.domain.billing.models import InvoiceLine
from portal.domain.billing.price_preview import effect
from portal.domain.lifecycle import ClientService
from portal.domain.money import Money
from portal.domain.periods import Cycle
from portal.domain.pricing import actions as pricing
from portal.domain.pricing.rules import Change, Discount, Raise, Terms, applied, applied_in_turn
from portal.domain.words import LineKind
from portal.jobs.prices import change_prices
from portal.jobs.worker import drain_all
from tests.factories import make_client, make_product, make_service

START = date(2026, 1, 31)
CYCLES = [each for each in Cycle if each is not Cycle.ONE_TIME]
PRICES = st.integers(1, 5_000_00)
DISCOUNTS = st.builds(Discount, percent=st.integers(1, 100).map(Decimal))


def usd(minor: int) -> Money:
    return Money(minor, "USD")


CASES = st.fixed_dictionaries(
    {
        "cycle": st.sampled_from(CYCLES),
        "billing_day": st.none() | st.integers(1, 31),
        "old": PRICES,
        "days": st.integers(0, 400),
        "ahead": st.sampled_from([0, 0, 1, 9, 40]),
        "change": st.one_of(
            st.builds(Change, cycle_price=PRICES.map(usd)),
            st.builds(Change, quantity=st.integers(2, 50)),
            st.builds(
                Change, discount=DISCOUNTS, unit_price=PRICES.map(usd)
            ),
        ),
    }
)  # fmt: skip


@pytest.fixture
def months(session):
    """A run makes up for more than a year of weeks."""
    with transaction():
        company.change(values={"most_missed_periods": 120}, by=None, at=portal_clock.now())


@settings(max_examples=12)
@given(case=CASES)
def check_preview(clock, case):
    clock.set(START)
    client = make_client(billing_day=case["billing_day"])
    product = make_product(billing_cycle=case["cycle"])
    service = make_service(
        status="active", client=client, product=product, start_date=START, cycle_price_minor=case["old"]
    )
    drain_all()
    bill(clock, START + timedelta(case["days"]))
    on = portal_clock.today() + timedelta(case["ahead"])
    foreseen, monthly_before = effect(service, case["change"], on), service.monthly_cost_minor
    if foreseen.after == foreseen.before:
        return
    with transaction():
        pricing.change(service_id=service.id, change=case["change"], effective_on=on, at=portal_clock.now())
    drain_all()
    for _ in range(case["ahead"]):
        bill(clock, portal_clock.today() + timedelta(1))
    known = {line.id for line in lines(service) if line.period_start and line.period_start < on}
    made = [line for line in lines(service) if line.id not in known]
    credits = [-line.amount_minor for line in lines(service) if line.kind is LineKind.CREDIT]
    assert credits == [credit.amount.minor for credit in foreseen.credits]
    charges = [line.amount_minor for line in made if line.kind is LineKind.RECURRING]
    expected = [charge.amount.minor for charge in foreseen.charges]
    assert charges[: len(expected)] == expected
    if foreseen.first is not None:
        bill(clock, foreseen.first.period.start)
        first = [line for line in lines(service) if line.period_start == foreseen.first.period.start]
        assert foreseen.first.amount.minor in [line.amount_minor for line in first]
    assert service.monthly_cost_minor - monthly_before == foreseen.monthly.minor


def bill(clock, on):
    clock.set(on)
    change_prices(on)
    drain_all()
    with transaction():
        running.run(as_of=on, at=portal_clock.now())


def lines(service):
    rows = sa.select(InvoiceLine).filter_by(client_service_id=service.id).order_by(InvoiceLine.id)
    return db.session.scalars(rows).all()


def test_a_preview_is_what_is_billed(session, months, clock):
    check_preview(clock)


def test_two_changes_at_once_both_hold(app, live):
    """One changes the quantity, the other the price of one: neither overwrites the other."""
    services = [make_service(status="active", cycle_price_minor=1_000).id for _ in range(8)]
    drain_all()
    db.session.rollback()
    together = Barrier(2)
    wanted = (Change(quantity=3), Change(unit_price=usd(700)))

    def one_after_the_other(change: Change) -> None:
        with app.app_context():
            for service_id in services:
                together.wait(timeout=30)
                with transaction():
                    pricing.change(
                        service_id=service_id, change=change, effective_on=portal_clock.today(),
                        at=portal_clock.now(),
                    )  # fmt: skip

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one_after_the_other, wanted))
    drain_all()
    prices = db.session.execute(sa.select(ClientService.quantity, ClientService.cycle_price_minor)).all()
    assert [tuple(each) for each in prices] == [(3, 2_100)] * 8


def test_the_calendar_four_times_at_once_carries_out_each_change_once(app, live):
    services = [make_service(status="active", cycle_price_minor=1_000).id for _ in range(12)]
    tomorrow = portal_clock.today() + timedelta(1)
    for service_id in services:
        with transaction():
            pricing.change_price(
                service_id=service_id, cycle_price=usd(1_100), effective_on=tomorrow, at=portal_clock.now()
            )
    db.session.rollback()

    def carry_out(_: int) -> None:
        with app.app_context():
            change_prices(tomorrow)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(carry_out, range(4)))
    happened = sa.text("SELECT count(*), count(DISTINCT subject_id) FROM events WHERE kind = 'price_changed'")
    assert tuple(db.session.execute(happened).one()) == (12, 12)
    moved = sa.text("SELECT sum(amount_minor) FROM mrr_movements")
    assert db.session.scalar(moved) == 12 * 1_100


FOLDS = {
    "seats keep their price": (Terms(10, usd(1_000)), [Change(quantity=12)], usd(1_200)),
    "a whole that cannot be divided": (Terms(3, usd(10_000)), [Change(quantity=4)], usd(13_333)),
    "rounded once": (Terms(7, usd(6_993), Discount(Decimal("12.5"))), [Change(quantity=9)], usd(7_867)),
    "an amount off": (Terms(1, usd(1_000)), [Change(discount=Discount(amount=usd(250)))], usd(750)),
    "a discount goes on over seats": (
        Terms(10, usd(1_000)), [Change(discount=Discount(Decimal(10))), Change(quantity=20)], usd(1_800),
    ),
    "its own end": (
        Terms(1, usd(1_000), Discount(Decimal(10), until=START)), [Change(over=START)], usd(1_000),
    ),
    "the end of another": (
        Terms(1, usd(1_000), Discount(Decimal(10), until=START)), [Change(over=date(2026, 1, 1))], usd(900),
    ),
    "raised below a discount": (
        Terms(1, usd(1_000), Discount(Decimal(10))), [Change(raised=Raise(Decimal(5), None, 100))], usd(990),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FOLDS)
def test_terms_change_as_said(case):
    terms, changes, price = FOLDS[case]
    assert applied_in_turn(terms, changes).cycle_price == price


@given(
    full=st.integers(0, 10**9), quantity=st.integers(1, 1000), percent=st.integers(1, 100), new=st.integers(1, 1000)
)  # fmt: skip
def test_a_discount_is_rounded_once_and_changing_back_gives_the_old_price(full, quantity, percent, new):
    terms = Terms(quantity, usd(full * quantity), Discount(Decimal(percent)))
    there_and_back = applied(applied(terms, Change(quantity=new)), Change(quantity=quantity))
    assert there_and_back == terms
    exact = Decimal(full * quantity) * (100 - percent) / 100
    assert abs(Decimal(terms.cycle_price.minor) - exact) <= Decimal("0.5")
