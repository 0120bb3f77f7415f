"""Every command in every state, through the database (rule book 3)."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import lifecycle
from portal.domain.errors import DomainError, InvalidTransition, Refused, StaleVersion
from portal.domain.lifecycle import ClientService, Status
from portal.domain.metrics.models import MrrMovement
from portal.domain.money import Money
from portal.domain.renewals.models import Renewal
from portal.domain.words import Movement
from portal.outbox import EventRecord
from tests.factories import PATHS, make_client, make_product, make_service

TODAY = date(2026, 11, 20)
pytestmark = pytest.mark.usefixtures("session", "clock")


def act(verb, **facts):
    with transaction():
        return verb(**facts, by=None, at=portal_clock.now())


def kinds(service_id):
    rows = sa.select(EventRecord.kind).filter_by(subject_type="client_service", subject_id=service_id)
    return list(db.session.scalars(rows.order_by(EventRecord.id)))


def balance():
    return db.session.scalar(sa.select(sa.func.coalesce(sa.func.sum(MrrMovement.amount_minor), 0)))


VERBS = {
    "activate": lambda s: act(lifecycle.activate, service_id=s.id),
    "suspend": lambda s: act(lifecycle.suspend, service_id=s.id, reason="unpaid"),
    "resume": lambda s: act(lifecycle.resume, service_id=s.id),
    "cancel": lambda s: act(lifecycle.cancel, service_id=s.id, effective_on=TODAY, reason="gone"),
    "renew": lambda s: act(lifecycle.renew, service_id=s.id, months=12),
    "transfer": lambda s: act(
        lifecycle.transfer, service_id=s.id, client_id=make_client().id, effective_on=TODAY
    ),
}
OUTCOMES = {
    #             activate    suspend      resume    cancel       renew      transfer
    "pending":   ("active",    None,        None,     "cancelled", None,      "pending"),
    "active":    ("again",     "suspended", "again",  "cancelled", "active",  "active"),
    "suspended": (None,        "again",     "active", "cancelled", None,      "suspended"),
    "cancelled": (None,        None,        None,     "again",     None,      None),
    "completed": (None,        None,        None,     None,        None,      None),
}  # fmt: skip


@pytest.mark.parametrize("state", OUTCOMES)
@pytest.mark.parametrize("verb", VERBS)
def test_every_command_in_every_state(state, verb):
    service = make_service(status=state, provisioned=True)
    expected = OUTCOMES[state][list(VERBS).index(verb)]
    before = kinds(service.id), service.version, balance()
    if expected is None:
        with pytest.raises(InvalidTransition) as refusal:
            VERBS[verb](service)
        assert refusal.value.command == verb and refusal.value.state.startswith(state)
    else:
        VERBS[verb](service)
    after = db.session.get_one(ClientService, service.id)
    if expected in (None, "again"):
        assert after.status == state
        assert (kinds(service.id), after.version, balance()) == before
        assert bool(after.already_done_message) == (expected == "again")
    else:
        assert after.status == expected
        assert len(kinds(service.id)) == len(before[0]) + 1


@pytest.mark.parametrize("state", PATHS)
def test_mrr_is_the_sum_over_active_services(state):
    service = make_service(status=state)
    counted = service.monthly_cost_minor if service.status is Status.ACTIVE else 0
    assert balance() == counted


def test_activation_before_provisioning_needs_an_override():
    service = make_service()
    with pytest.raises(InvalidTransition):
        act(lifecycle.activate, service_id=service.id)
    act(lifecycle.activate, service_id=service.id, override_reason="client is waiting")
    assert db.session.get_one(ClientService, service.id).status is Status.ACTIVE


def test_a_coming_cancellation_is_scheduled_and_can_be_moved_and_withdrawn():
    service = make_service(status="active")
    day = TODAY + timedelta(days=30)
    act(lifecycle.cancel, service_id=service.id, effective_on=day, reason="gone")
    assert (service.status, service.cancel_on) == (Status.ACTIVE, day)
    act(lifecycle.cancel, service_id=service.id, effective_on=day + timedelta(days=1), reason="gone later")
    assert service.cancel_on == day + timedelta(days=1)
    act(lifecycle.withdraw_cancellation, service_id=service.id)
    assert (service.cancel_on, service.cancellation_fee_minor, service.cancellation_reason) == (
        None,
        None,
        "",
    )
    assert kinds(service.id)[-3:] == [
        "cancellation_scheduled",
        "cancellation_scheduled",
        "cancellation_withdrawn",
    ]


def test_the_daily_job_carries_out_what_is_due_once(clock):
    service = make_service(status="active")
    act(lifecycle.cancel, service_id=service.id, effective_on=TODAY + timedelta(days=3), reason="gone")
    assert act(lifecycle.carry_out_cancellations, as_of=TODAY + timedelta(days=2)).done == 0
    clock.advance(days=3)
    assert act(lifecycle.carry_out_cancellations, as_of=TODAY + timedelta(days=3)).done == 1
    assert act(lifecycle.carry_out_cancellations, as_of=TODAY + timedelta(days=3)).done == 0
    assert db.session.get_one(ClientService, service.id).status is Status.CANCELLED
    assert balance() == 0


def test_the_fee_is_half_of_what_remains():
    product = make_product(cycle_price_minor=250_000)
    service = make_service(status="active", product=product, start_date=TODAY)
    assert lifecycle.fee_preview(service, TODAY).fee == Money.of("15000.00", "USD")


def test_a_fee_that_changed_since_it_was_shown_cancels_nothing():
    service = make_service(status="active")
    with pytest.raises(StaleVersion):
        act(
            lifecycle.cancel,
            service_id=service.id,
            effective_on=TODAY,
            reason="gone",
            seen_fee=Money.of("1.00", "USD"),
        )
    assert db.session.get_one(ClientService, service.id).status is Status.ACTIVE


def test_only_the_right_person_dates_back_or_waives(cast):
    service = make_service(status="active", start_date=TODAY - timedelta(days=40))
    facts = {"service_id": service.id, "reason": "gone", "at": portal_clock.now()}
    yesterday, free = TODAY - timedelta(days=1), Money.of("0.00", "USD")
    for who in (cast.ana, cast.tom):
        for more in (
            {"effective_on": yesterday},
            {"effective_on": TODAY, "fee": free, "fee_reason": "kindness"},
        ):
            with pytest.raises(Refused), transaction():
                lifecycle.cancel(**facts, **more, by=who.id)
    with transaction():
        lifecycle.cancel(**facts, effective_on=yesterday, fee=free, fee_reason="kindness", by=cast.adi.id)
    assert service.cancellation_fee_minor == 0


def test_a_renewal_opens_the_term_where_the_old_one_ends():
    service = make_service(status="active", start_date=date(2025, 12, 31), auto_renewal=True)
    old_end = service.end_date
    act(lifecycle.renew, service_id=service.id, months=2)
    assert (service.end_date, service.renewal_date) == (date(2027, 2, 28), date(2027, 2, 28))
    act(lifecycle.renew, service_id=service.id, months=12, term_start=old_end)
    assert service.renewal_count == 1 and "already" in service.already_done_message
    assert db.session.scalar(sa.select(sa.func.count(Renewal.id))) == 1


def test_a_transfer_moves_the_mrr_and_nets_to_nothing():
    service = make_service(status="active")
    other = make_client()
    act(lifecycle.transfer, service_id=service.id, client_id=other.id, effective_on=TODAY)
    moved = db.session.scalars(sa.select(MrrMovement).filter_by(kind=Movement.TRANSFER)).all()
    assert sum(each.amount_minor for each in moved) == 0 and {each.client_id for each in moved} >= {other.id}


@pytest.mark.parametrize("facts", [{"currency": "EUR"}, {"is_active": False}])
def test_a_transfer_to_a_client_that_cannot_take_it_is_refused(facts):
    service = make_service(status="active")
    with pytest.raises(Refused):
        act(lifecycle.transfer, service_id=service.id, client_id=make_client(**facts).id, effective_on=TODAY)


def test_losing_one_of_two_is_contraction_losing_the_last_is_churn_coming_back_reactivation(clock):
    client = make_client()
    first = make_service(status="active", client=client)
    clock.advance(days=1)
    second = make_service(status="active", client=client)
    for service in (first, second):
        clock.advance(days=1)
        act(lifecycle.cancel, service_id=service.id, effective_on=portal_clock.today(), reason="gone")
    clock.advance(days=1)
    make_service(status="active", client=client)
    kinds = db.session.scalars(sa.select(MrrMovement.kind).order_by(MrrMovement.id)).all()
    assert kinds == [
        Movement.NEW, Movement.EXPANSION, Movement.CONTRACTION, Movement.CHURN, Movement.REACTIVATION
    ]  # fmt: skip


def test_a_stale_form_shows_both_values():
    service = make_service(status="active", name="Backup")
    act(lifecycle.edit, service_id=service.id, version=service.version, changes={"notes": "theirs"})
    with pytest.raises(StaleVersion) as refusal:
        act(lifecycle.edit, service_id=service.id, version=1, changes={"notes": "mine"})
    assert refusal.value.theirs == {"notes": ("mine", "theirs")}


@pytest.mark.parametrize(
    "facts",
    [
        {"cycle_price_minor": -1},
        {"quantity": 0},
        {"end_date": TODAY},
        {"currency": "EUR"},
    ],
)
def test_a_sale_that_cannot_be_is_refused_by_field(facts):
    with pytest.raises(DomainError):
        make_service(start_date=TODAY, **facts)


def test_a_yearly_price_is_the_truth_and_the_month_follows():
    product = make_product(billing_cycle="annually", cycle_price_minor=200_000)
    service = make_service(product=product)
    assert (service.cycle_price_minor, service.monthly_cost_minor) == (200_000, 16_667)
    weekly = make_service(product=product, billing_cycle="weekly", monthly_cost_minor=60_000)
    assert weekly.cycle_price_minor == 13_846
