"""Rule book 9: every act is a movement, named by what the client's day amounts to."""

from collections import defaultdict
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import lifecycle
from portal.domain.lifecycle import ClientService, Status
from portal.domain.lifecycle.terms import set_price
from portal.domain.metrics import actions as ledger
from portal.domain.metrics.models import MrrMovement
from portal.domain.money import Money
from portal.domain.words import Movement
from tests.factories import make_client, make_product, make_service

TODAY = date(2026, 11, 20)
pytestmark = pytest.mark.usefixtures("session", "clock")


def act(verb, **facts):
    with transaction():
        return verb(**facts, by=None, at=portal_clock.now())


def cancel(service, **facts):
    facts = {"effective_on": portal_clock.today(), "reason": "gone"} | facts
    return act(lifecycle.cancel, service_id=service.id, **facts)


def reprice(service, minor):
    with transaction():
        before = service.monthly_cost_minor
        set_price(service, Money(minor, service.currency))
        ledger.repriced(service=service, before_minor=before, on=portal_clock.today())


def rows(client=None, on=None):
    """[(kind, amount)] in the order in which they were written."""
    found = sa.select(MrrMovement.kind, MrrMovement.amount_minor).order_by(MrrMovement.id)
    if client is not None:
        found = found.where(MrrMovement.client_id == client.id)
    if on is not None:
        found = found.where(MrrMovement.on_date == on)
    return [tuple(each) for each in db.session.execute(found)]


def running(**facts):
    """An active service that has been so since before today."""
    return make_service(status="active", **facts)


@pytest.fixture
def client():
    return make_client()


def tomorrow(clock):
    clock.advance(days=1)
    return portal_clock.today()


def test_the_first_service_of_a_client_is_new_and_further_ones_of_that_day_too(client):
    running(client=client)
    running(client=client)
    assert rows() == [(Movement.NEW, 100_000), (Movement.NEW, 100_000)]


def test_a_further_service_on_another_day_expands(client, clock):
    running(client=client)
    day = tomorrow(clock)
    running(client=client)
    assert rows(on=day) == [(Movement.EXPANSION, 100_000)]


def test_one_service_for_a_dearer_one_on_one_day_is_an_expansion_by_the_difference(client, clock):
    old = running(client=client)
    day = tomorrow(clock)
    cancel(old)
    assert rows(on=day) == [(Movement.CHURN, -100_000)]
    running(client=client, cycle_price_minor=150_000)
    assert rows(on=day) == [(Movement.EXPANSION, -100_000), (Movement.EXPANSION, 150_000)]


def test_one_service_for_one_of_the_same_price_is_no_change(client, clock):
    old = running(client=client)
    day = tomorrow(clock)
    running(client=client)
    cancel(old)
    assert {kind for kind, _ in rows(on=day)} == {Movement.EXPANSION}
    assert sum(amount for _, amount in rows(on=day)) == 0


def test_two_last_services_that_end_on_one_day_are_churn_together(client, clock):
    first, second = running(client=client), running(client=client)
    day = tomorrow(clock)
    cancel(first)
    assert rows(on=day) == [(Movement.CONTRACTION, -100_000)]
    cancel(second)
    assert rows(on=day) == [(Movement.CHURN, -100_000), (Movement.CHURN, -100_000)]


@pytest.mark.parametrize(
    ("price", "kind", "amount"),
    [(130_000, Movement.EXPANSION, 30_000), (70_000, Movement.CONTRACTION, -30_000)],
)
def test_a_change_of_price_is_a_movement(client, clock, price, kind, amount):
    service = running(client=client)
    day = tomorrow(clock)
    reprice(service, price)
    assert rows(on=day) == [(kind, amount)]


def test_a_service_that_does_not_count_yet_may_change_its_price_unseen(client):
    service = make_service(client=client)
    reprice(service, 1)
    assert rows() == []


def test_a_suspended_service_changes_its_price_within_what_is_paused(client, clock):
    service = make_service(status="suspended", client=client)
    day = tomorrow(clock)
    reprice(service, 70_000)
    assert rows(on=day) == [(Movement.CONTRACTION, -30_000), (Movement.RESUMED, 30_000)]
    act(lifecycle.resume, service_id=service.id)
    assert sum(amount for _, amount in rows()) == 70_000


def test_a_pause_is_no_loss_and_its_end_no_gain(client, clock):
    service = running(client=client)
    paused_on = tomorrow(clock)
    act(lifecycle.suspend, service_id=service.id, reason="unpaid")
    resumed_on = tomorrow(clock)
    act(lifecycle.resume, service_id=service.id)
    assert rows(on=paused_on) == [(Movement.PAUSED, -100_000)]
    assert rows(on=resumed_on) == [(Movement.RESUMED, 100_000)]


def test_a_pause_that_ends_on_its_day_nets_to_nothing(client, clock):
    service = running(client=client)
    day = tomorrow(clock)
    act(lifecycle.suspend, service_id=service.id, reason="unpaid")
    act(lifecycle.resume, service_id=service.id)
    assert rows(on=day) == [(Movement.PAUSED, -100_000), (Movement.PAUSED, 100_000)]


def test_a_paused_service_that_is_cancelled_is_lost_not_resumed(client, clock):
    service = make_service(status="suspended", client=client)
    day = tomorrow(clock)
    cancel(service)
    assert rows(on=day) == [(Movement.RESUMED, 100_000), (Movement.CHURN, -100_000)]


def test_a_client_with_a_paused_service_left_is_not_lost(client, clock):
    paused, other = make_service(status="suspended", client=client), running(client=client)
    day = tomorrow(clock)
    cancel(other)
    assert rows(on=day) == [(Movement.CONTRACTION, -100_000)]
    assert paused.status is Status.SUSPENDED


@pytest.mark.parametrize("status", ["active", "suspended"])
def test_a_transfer_of_the_only_service_is_neither_churn_nor_new(client, clock, status):
    service, other = make_service(status=status, client=client), make_client()
    day = tomorrow(clock)
    act(lifecycle.transfer, service_id=service.id, client_id=other.id, effective_on=day)
    moved = [(kind, amount) for kind, amount in rows(on=day) if kind is Movement.TRANSFER]
    assert moved == [(Movement.TRANSFER, -100_000), (Movement.TRANSFER, 100_000)]
    assert sum(amount for _, amount in rows(client)) == 0
    assert sum(amount for _, amount in rows(other)) == (100_000 if status == "active" else 0)


def test_who_was_given_a_service_expands_with_the_next(client, clock):
    service, other = running(client=client), make_client()
    day = tomorrow(clock)
    act(lifecycle.transfer, service_id=service.id, client_id=other.id, effective_on=day)
    running(client=other)
    assert rows(other) == [(Movement.TRANSFER, 100_000), (Movement.EXPANSION, 100_000)]


def test_who_gave_all_away_and_buys_again_is_reactivated(client, clock):
    service = running(client=client)
    tomorrow(clock)
    act(
        lifecycle.transfer,
        service_id=service.id,
        client_id=make_client().id,
        effective_on=portal_clock.today(),
    )
    day = tomorrow(clock)
    running(client=client)
    assert rows(client, on=day) == [(Movement.REACTIVATION, 100_000)]


def test_a_cancellation_dated_back_moves_the_day_on_which_it_is_made(client, clock):
    """Last month's figures were read by somebody: they stay. The money goes back by a credit note."""
    service = running(client=client)
    clock.set(date(2026, 12, 10))
    cancel(service, effective_on=TODAY)
    assert rows(on=date(2026, 12, 10)) == [(Movement.CHURN, -100_000)]
    assert rows(on=TODAY) == [(Movement.NEW, 100_000)]


def test_a_scheduled_cancellation_counts_until_its_day(client, clock):
    service = running(client=client)
    cancel(service, effective_on=date(2026, 12, 1))
    assert rows() == [(Movement.NEW, 100_000)]
    clock.set(date(2026, 12, 1))
    with transaction():
        lifecycle.carry_out_cancellations(as_of=date(2026, 12, 1), at=portal_clock.now())
    assert rows(on=date(2026, 12, 1)) == [(Movement.CHURN, -100_000)]


def test_a_renewal_at_a_higher_price_expands(client, clock):
    service = running(client=client, auto_renewal=True, start_date=date(2025, 11, 21))
    day = tomorrow(clock)
    assert service.renewal_date == day
    act(lifecycle.renew, service_id=service.id, months=12, cycle_price=Money(102_500, "USD"))
    assert rows(on=day) == [(Movement.EXPANSION, 2_500)]


def test_work_that_is_billed_once_is_no_recurring_revenue(client):
    make_service(
        status="active", client=client, product=make_product(billing_cycle="one-time", term_months=0)
    )
    assert rows() == []


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["activate", "suspend", "resume", "cancel", "reprice", "transfer", "renew"]),
        st.integers(0, 5),
        st.integers(0, 40),
        st.integers(1, 9),
    ),
    max_size=14,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_opening_and_movements_are_the_closing_of_every_month_and_client(clock, steps):
    """Promise M9, beside a book of every month's end that is kept by looking at the services themselves."""
    clock.set(TODAY)
    clients = [make_client() for _ in range(2)]
    services, closings = [], {}
    for step, which, days, size in steps:
        for _ in range(days):
            if portal_clock.today().day == 1:
                closings[portal_clock.today()] = standing(clients)
            clock.advance(days=1)
        _take(step, services, clients[which % 2], clients[size % 2], which, size)
    closings[portal_clock.today() + timedelta(1)] = standing(clients)
    for day, seen in closings.items():
        assert from_ledger(clients, before=day) == seen


def standing(clients):
    """Active monthly cost of each client, by a loop over the services."""
    found = dict.fromkeys([client.id for client in clients], 0)
    for each in db.session.scalars(sa.select(ClientService)):
        if each.status is Status.ACTIVE and each.client_id in found:
            found[each.client_id] += each.monthly_cost_minor
    return found


def from_ledger(clients, before):
    found = dict.fromkeys([client.id for client in clients], 0)
    for each in db.session.scalars(sa.select(MrrMovement).where(MrrMovement.on_date < before)):
        if each.client_id in found:
            found[each.client_id] += each.amount_minor
    assert names_follow_the_rule(clients)
    return found


def names_follow_the_rule(clients):
    """Told again by a loop over days: gains and losses by what the client has, pauses left in."""
    for client in clients:
        days, total, ever = defaultdict(list), 0, False
        for each in db.session.scalars(sa.select(MrrMovement).where(MrrMovement.client_id == client.id)):
            days[each.on_date].append(each)
        for _, its in sorted(days.items()):
            total += sum(each.amount_minor for each in its if each.kind is Movement.TRANSFER)
            changes = [each for each in its if each.kind.value in GAINS | LOSSES]
            net = sum(each.amount_minor for each in changes)
            expected = "expansion" if net == 0 else _gain(total, ever) if net > 0 else _loss(total + net)
            assert {each.kind.value for each in changes} <= {expected}
            ever = ever or total > 0 or total + net > 0
            total += net
    return True


GAINS, LOSSES = {"new", "expansion", "reactivation"}, {"contraction", "churn"}


def _gain(before, ever):
    return "expansion" if before else "reactivation" if ever else "new"


def _loss(after):
    return "contraction" if after else "churn"


def _take(step, services, client, other, which, size):
    if step == "activate" or not services:
        services.append(running(client=client, cycle_price_minor=size * 1000))
        return
    service = services[which % len(services)]
    wanted = {"resume": Status.SUSPENDED}.get(step, Status.ACTIVE)
    if service.status is not wanted and not (step in ("cancel", "reprice") and service.status in COUNTED):
        return
    if step == "transfer" and other.id != service.client_id:
        act(
            lifecycle.transfer,
            service_id=service.id,
            client_id=other.id,
            effective_on=portal_clock.today(),
        )
    elif step in DOINGS:
        DOINGS[step](service, size)


COUNTED = (Status.ACTIVE, Status.SUSPENDED)
DOINGS = {
    "suspend": lambda service, size: act(lifecycle.suspend, service_id=service.id, reason="unpaid"),
    "resume": lambda service, size: act(lifecycle.resume, service_id=service.id),
    "cancel": lambda service, size: cancel(service),
    "reprice": lambda service, size: reprice(service, size * 1000),
    "renew": lambda service, size: act(lifecycle.renew, service_id=service.id, months=size),
}
