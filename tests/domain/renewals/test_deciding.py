"""Decisions: approved now or for the day, denied without a fee, taken back, run on in grace."""

from datetime import date, timedelta

import pytest

from portal.domain import lifecycle, renewals
from portal.domain.errors import Invalid, Refused, StaleVersion
from portal.domain.invariants import check_all
from portal.domain.lifecycle import Status
from portal.domain.money import Money
from portal.domain.words import RenewalDecision
from portal.jobs import batches
from tests.domain.renewals.desk import act, deliver, fresh, lines, running, terms, told
from tests.factories import Cast, make_service

pytestmark = pytest.mark.usefixtures("session")
START, ENDS, SOON = date(2026, 1, 15), date(2027, 1, 15), date(2026, 12, 20)


def usd(minor):
    return Money(minor, "USD")


@pytest.fixture
def service_id(clock):
    return running(clock, START, today=SOON, auto_renewal=False)


def test_approved_ahead_it_stays_on_its_term_until_the_day(service_id):
    act(renewals.approve, service_id=service_id, cycle_price=usd(95_000), months=24)
    service = fresh(service_id)
    assert service.renewal_decision is RenewalDecision.APPROVED
    assert (service.end_date, service.cycle_price_minor, terms(service_id)) == (ENDS, 100_000, [])
    (event,) = told("renewal_approved", service_id)
    assert (event["term_start"], event["months"], event["cycle_price_minor"]) == ("2027-01-15", 24, 95_000)


def test_approved_in_grace_it_renews_at_once_from_the_old_end(service_id, clock):
    clock.set(ENDS + timedelta(days=12))
    act(renewals.approve, service_id=service_id)
    assert terms(service_id) == [(ENDS, date(2028, 1, 15), 100_000)]


def test_a_price_that_is_another_one_by_now_approves_nothing(service_id):
    with pytest.raises(StaleVersion):
        act(renewals.approve, service_id=service_id, seen_price=usd(99_999))
    assert fresh(service_id).renewal_decision is RenewalDecision.UNDECIDED


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"months": 121}, "months"),
        ({"months": -1}, "months"),
        ({"cycle_price": Money(1, "EUR")}, "cycle_price"),
    ],
)
def test_what_cannot_be_agreed_is_said_at_the_field(service_id, facts, field):
    with pytest.raises(Invalid) as refused:
        act(renewals.approve, service_id=service_id, **facts)
    assert set(refused.value.faults) == {field}


def test_the_term_that_a_person_saw_is_approved_or_none(service_id, clock):
    clock.set(ENDS)
    for _ in range(2):
        act(renewals.approve, service_id=service_id, term_start=ENDS)
    assert len(terms(service_id)) == 1


def test_what_is_approved_is_not_renewed_by_hand_at_another_price(service_id):
    act(renewals.approve, service_id=service_id, cycle_price=usd(95_000))
    with pytest.raises(Refused, match="approved"):
        act(lifecycle.renew, service_id=service_id, months=12)


def test_denied_it_is_cancelled_at_its_end_without_a_fee_and_billed_up_to_it(clock):
    service_id = running(clock, START, today=SOON)
    batches.bill(SOON)
    act(renewals.deny, service_id=service_id, reason="too dear")
    service = fresh(service_id)
    assert (service.renewal_decision, service.auto_renewal, service.cancel_on) == (
        RenewalDecision.DENIED,
        False,
        ENDS,
    )
    assert (service.cancellation_fee_minor, service.renewal_denied_reason) == (0, "too dear")
    assert told("renewal_denied", service_id)[0]["reason"] == "too dear"
    clock.set(ENDS)
    batches.renew(ENDS)
    batches.cancel_due(ENDS)
    deliver()
    batches.bill(ENDS)
    assert fresh(service_id).status is Status.CANCELLED
    assert lines(service_id, date(2026, 12, 15)) == [(date(2026, 12, 15), ENDS, 100_000)]


def test_denied_in_grace_it_ends_today(service_id, clock):
    clock.set(ENDS + timedelta(days=3))
    act(renewals.deny, service_id=service_id, reason="gone")
    assert fresh(service_id).status is Status.CANCELLED


def test_a_denial_needs_a_reason(service_id):
    with pytest.raises(Invalid) as refused:
        act(renewals.deny, service_id=service_id, reason=" ")
    assert "reason" in refused.value.faults


@pytest.mark.parametrize("was_automatic", [True, False])
def test_a_withdrawn_denial_leaves_it_as_it_was(clock, was_automatic):
    service_id = running(clock, START, today=SOON, auto_renewal=was_automatic)
    act(renewals.deny, service_id=service_id, reason="a mistake")
    act(renewals.withdraw_denial, service_id=service_id)
    service = fresh(service_id)
    assert (service.auto_renewal, service.renewal_decision) == (was_automatic, RenewalDecision.UNDECIDED)
    assert (service.cancel_on, service.renewal_denied_at, service.renewal_denied_reason) == (None, None, "")
    with pytest.raises(Refused, match="not denied"):
        act(renewals.withdraw_denial, service_id=service_id)


def test_a_denied_or_cancelled_one_cannot_be_approved(clock):
    denied, leaving = (running(clock, START, today=SOON) for _ in range(2))
    act(renewals.deny, service_id=denied, reason="no")
    act(lifecycle.cancel, service_id=leaving, effective_on=ENDS, reason="moves")
    for service_id, why in ((denied, "Withdraw the denial"), (leaving, "withdraw the cancellation")):
        with pytest.raises(Refused, match=why):
            act(renewals.approve, service_id=service_id)


def test_in_grace_it_runs_and_is_billed_and_is_then_completed(service_id, clock):
    last = ENDS + timedelta(days=30)
    for day in (SOON, ENDS, last - timedelta(days=1)):
        clock.set(day)
        assert batches.end_grace(day).done == 0
        batches.bill(day)
    assert fresh(service_id).status is Status.ACTIVE
    clock.set(last)
    assert batches.end_grace(last).done == 1
    deliver()
    batches.bill(last)
    assert fresh(service_id).status is Status.COMPLETED
    assert lines(service_id, ENDS)[0][:2] == (ENDS, date(2027, 2, 15))
    assert not [each for each in check_all() if each.violations]


def test_an_extended_grace_moves_no_end_and_is_lived_out(service_id, clock):
    clock.set(ENDS + timedelta(days=20))
    act(renewals.extend_grace, service_id=service_id, days=15, reason="they are still talking")
    first, last = ENDS + timedelta(days=30), ENDS + timedelta(days=45)
    clock.set(first)
    assert batches.end_grace(first).done == 0
    assert fresh(service_id).end_date == ENDS
    clock.set(last)
    assert batches.end_grace(last).done == 1


def test_a_grace_cannot_be_extended_before_it_begins_nor_without_a_reason(service_id, clock):
    with pytest.raises(Refused, match="no grace"):
        act(renewals.extend_grace, service_id=service_id, days=5, reason="why not")
    clock.set(ENDS)
    with pytest.raises(Invalid) as refused:
        act(renewals.extend_grace, service_id=service_id, days=0, reason="")
    assert set(refused.value.faults) == {"days", "reason"}


def test_what_renews_by_itself_is_not_completed_before_the_run_has_seen_it(clock):
    service_id = running(clock, START, today=ENDS + timedelta(days=40))
    today = ENDS + timedelta(days=40)
    assert batches.end_grace(today).done == 0
    assert batches.renew(today).renewed == 1
    assert batches.end_grace(today).done == 0
    assert fresh(service_id).status is Status.ACTIVE


def test_renewed_in_grace_no_day_is_billed_twice_or_not_at_all(service_id, clock):
    for day in (SOON, ENDS, ENDS + timedelta(days=20)):
        clock.set(day)
        batches.bill(day)
    act(renewals.approve, service_id=service_id, cycle_price=usd(120_000))
    deliver()
    clock.set(date(2027, 4, 20))
    batches.bill(date(2027, 4, 20))
    assert lines(service_id, ENDS) == [
        (ENDS, date(2027, 2, 15), 100_000),
        (date(2027, 2, 15), date(2027, 3, 15), 120_000),
        (date(2027, 3, 15), date(2027, 4, 15), 120_000),
        (date(2027, 4, 15), date(2027, 5, 15), 120_000),
    ]
    assert not [each for each in check_all() if each.violations]


def test_a_note_keeps_the_talk_and_the_next_one(service_id):
    act(renewals.note, service_id=service_id, text="wants ten seats less", next_contact_on=date(2026, 12, 28))
    (event,) = told("renewal_noted", service_id)
    assert event["note"] == "wants ten seats less"
    with pytest.raises(Invalid):
        act(renewals.note, service_id=service_id, text="  ")


@pytest.mark.parametrize("verb", ["approve", "deny", "withdraw_denial", "extend_grace", "note"])
def test_what_has_ended_is_not_decided_on(clock, verb):
    clock.set(START)
    service_id = make_service(status="cancelled").id
    facts = {"deny": {"reason": "x"}, "extend_grace": {"days": 1, "reason": "x"}, "note": {"text": "x"}}
    with pytest.raises(Refused, match="no term to decide on"):
        act(getattr(renewals, verb), service_id=service_id, **facts.get(verb, {}))


def test_who_decided_stands_on_the_record(service_id):
    ana = Cast.assemble().ana
    act(renewals.approve, service_id=service_id, who=ana.id)
    assert told("renewal_approved", service_id)
