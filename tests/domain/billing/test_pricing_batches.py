"""One price change for many services: what is proposed is what happens, and one bad service stops nobody."""

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import lifecycle
from portal.domain.errors import Invalid, Refused
from portal.domain.metrics.models import MrrMovement
from portal.domain.money import Money
from portal.domain.pricing import actions as pricing
from portal.domain.pricing import batches, listing
from portal.domain.pricing.batches import Wanted
from portal.domain.pricing.models import PriceBatch, PriceChange
from portal.domain.pricing.rules import Change
from portal.domain.words import PriceState
from portal.jobs.prices import change_prices
from portal.jobs.worker import drain_all
from tests.factories import make_client, make_product, make_service

START = date(2026, 3, 1)
LATER = date(2026, 4, 1)
pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(autouse=True)
def at_the_start(clock):
    clock.set(START)
    return clock


def act(verb, **facts):
    with transaction():
        result = verb(**facts, by=None, at=portal_clock.now())
    drain_all()
    return result


def active(client, **facts):
    service = make_service(status="active", client=client, start_date=START, **facts)
    drain_all()
    return service


def proposed(**wanted):
    return act(batches.propose, wanted=Wanted(**({"percent": Decimal(5), "effective_on": LATER} | wanted)))


def lines(batch):
    rows = sa.select(PriceChange).filter_by(batch_id=batch.id).order_by(PriceChange.client_service_id)
    return [
        (each.cycle_price_before_minor, each.cycle_price_minor, str(each.state))
        for each in db.session.scalars(rows.execution_options(populate_existing=True))
    ]


def come(clock, on):
    clock.set(on)
    change_prices(on)
    drain_all()


CASES = {
    "percent": ({"percent": Decimal("2.5")}, 10_000, 10_250),
    "half a cent goes up": ({"percent": Decimal("0.5")}, 10_100, 10_151),
    "down": ({"percent": Decimal(-10)}, 9_999, 8_999),
    "amount": ({"percent": None, "amount": Money(550, "USD")}, 10_000, 10_550),
    "amount off, never below nothing": ({"percent": None, "amount": Money(-20_000, "USD")}, 10_000, 0),
    "rounded to ten cents": ({"percent": Decimal(3), "round_to_minor": 10}, 9_999, 10_300),
    "rounded to a whole": ({"percent": Decimal(3), "round_to_minor": 100}, 9_999, 10_300),
    "rounded to five": ({"percent": Decimal(1), "round_to_minor": 500}, 10_000, 10_000),
}


@pytest.mark.parametrize("case", CASES)
def test_a_price_is_raised_and_rounded_as_asked_for(clock, case):
    wanted, before, after = CASES[case]
    client = make_client()
    service = active(client, cycle_price_minor=before)
    batch = proposed(client_id=client.id, **wanted)
    state = "proposed" if after != before else "skipped"
    assert lines(batch) == [(before, after, state)]
    if after != before:
        act(batches.confirm, batch_id=batch.id)
        come(clock, LATER)
        assert (service.cycle_price_minor, batch.state) == (after, PriceState.DONE)


def test_a_discount_stays_and_the_price_below_it_is_raised(clock):
    client = make_client()
    service = active(client, cycle_price_minor=10_000)
    act(
        pricing.set_discount, service_id=service.id, percent=Decimal(10), until=date(2026, 6, 1),
        effective_on=START,
    )  # fmt: skip
    batch = proposed(client_id=client.id, percent=Decimal(20))
    assert lines(batch) == [(9_000, 10_800, "proposed")]
    act(batches.confirm, batch_id=batch.id)
    for on in (LATER, date(2026, 6, 1)):
        come(clock, on)
    assert service.cycle_price_minor == 12_000


def test_what_is_left_out_says_why():
    client = make_client()
    active(client, cycle_price_minor=0)
    active(client, product=make_product(billing_cycle="one-time", term_months=0))
    leaving = active(client)
    act(lifecycle.cancel, service_id=leaving.id, effective_on=START.replace(day=20), reason="gone")
    batch = proposed(client_id=client.id)
    notes = db.session.scalars(
        sa.select(PriceChange.note).filter_by(batch_id=batch.id).order_by(PriceChange.id)
    )
    assert notes.all() == [
        "It is free of charge.", "One-time work: it is billed already.", "It is cancelled on 2026-03-20.",
    ]  # fmt: skip
    with pytest.raises(Refused):
        act(batches.confirm, batch_id=batch.id)


def test_an_amount_concerns_one_currency_and_a_chosen_service_that_ended_is_left_out():
    dollars, euros = make_client(), make_client(currency="EUR")
    services = [active(dollars), active(euros), make_service(status="cancelled", client=dollars)]
    chosen = sa.select(lifecycle.ClientService.id).where(
        lifecycle.ClientService.id.in_([each.id for each in services])
    )
    batch = proposed(chosen=chosen, percent=None, amount=Money(100, "USD"))
    assert [state for _, _, state in lines(batch)] == ["proposed", "skipped", "skipped"]


def test_each_on_its_own_next_boundary(clock):
    client = make_client()
    first = active(client)
    clock.set(date(2026, 3, 10))
    second = make_service(status="active", client=client, start_date=date(2026, 3, 10))
    drain_all()
    batch = proposed(client_id=client.id, effective_on=None)
    days = dict(db.session.execute(sa.select(PriceChange.client_service_id, PriceChange.effective_on)).all())
    assert days == {first.id: date(2026, 4, 1), second.id: date(2026, 3, 10)}
    act(batches.confirm, batch_id=batch.id)
    assert (second.cycle_price_minor, first.cycle_price_minor) == (105_000, 100_000)


def test_the_overview_adds_up_what_the_ledger_will_say(clock):
    client = make_client()
    for price in (10_000, 20_000):
        active(client, cycle_price_minor=price)
    batch = proposed(client_id=client.id)
    foreseen = listing.overview(batch.id).monthly
    act(batches.confirm, batch_id=batch.id)
    come(clock, LATER)
    moved = db.session.scalar(sa.select(sa.func.sum(MrrMovement.amount_minor)).filter_by(on_date=LATER))
    assert foreseen == [Money(1_500, "USD")] and moved == 1_500


def test_a_service_that_changed_since_it_was_shown_is_left_out():
    client = make_client()
    changed = active(client)
    active(client)
    batch = proposed(client_id=client.id)
    act(pricing.change, service_id=changed.id, change=Change(quantity=2), effective_on=START)
    act(batches.confirm, batch_id=batch.id)
    assert [state for _, _, state in lines(batch)] == ["skipped", "planned"]


def test_confirming_twice_is_once_and_a_withdrawn_one_is_not_confirmed():
    client = make_client()
    active(client)
    batch = proposed(client_id=client.id)
    for _ in range(2):
        act(batches.confirm, batch_id=batch.id)
    assert act(batches.undo, batch_id=batch.id) == 1
    with pytest.raises(Refused):
        act(batches.confirm, batch_id=batch.id)
    with pytest.raises(Refused):
        act(batches.undo, batch_id=batch.id)


def test_undo_leaves_what_has_taken_effect(clock):
    client = make_client()
    first = active(client)
    clock.set(date(2026, 3, 10))
    second = make_service(status="active", client=client, start_date=date(2026, 3, 10))
    drain_all()
    batch = proposed(client_id=client.id, effective_on=None)
    act(batches.confirm, batch_id=batch.id)
    assert act(batches.undo, batch_id=batch.id) == 1
    come(clock, LATER)
    assert (first.cycle_price_minor, second.cycle_price_minor) == (100_000, 105_000)


def test_one_bad_service_fails_with_its_reason_and_the_others_are_done(clock, session):
    client = make_client()
    good, bad, other = (active(client) for _ in range(3))
    batch = proposed(client_id=client.id)
    act(batches.confirm, batch_id=batch.id)
    check = "ALTER TABLE client_services ADD CONSTRAINT poison CHECK (id <> {} OR cycle_price_minor = 100000)"
    session.execute(sa.text(check.format(bad.id)))
    come(clock, LATER)
    assert [state for _, _, state in lines(batch)] == ["done", "failed", "done"]
    assert [each.cycle_price_minor for each in (good, bad, other)] == [105_000, 100_000, 105_000]
    failed = db.session.scalars(sa.select(PriceChange).filter_by(state=PriceState.FAILED)).one()
    assert "poison" in failed.note
    assert db.session.get_one(PriceBatch, batch.id).state is PriceState.DONE


def test_the_calendar_may_come_twice(clock):
    client = make_client()
    service = active(client)
    batch = proposed(client_id=client.id)
    act(batches.confirm, batch_id=batch.id)
    for _ in range(2):
        come(clock, LATER)
    assert service.cycle_price_minor == 105_000


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"client_id": None}, "product_id"),
        ({"percent": None}, "value"),
        ({"percent": Decimal(0)}, "value"),
        ({"percent": Decimal(-101)}, "value"),
        ({"amount": Money(1, "USD")}, "value"),
        ({"round_to_minor": 7}, "rounding"),
        ({"effective_on": date(2026, 2, 28)}, "effective_on"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(wanted, field):
    with pytest.raises(Invalid) as refusal:
        proposed(**({"client_id": active(make_client()).client_id} | wanted))
    assert list(refusal.value.faults) == [field]
