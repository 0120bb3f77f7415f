"""Price, quantity and discount of a service: when they change, and what billing makes of it (rule book 2 and 4)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import billing, company, lifecycle
from portal.domain.audits.documents import DOCUMENTS
from portal.domain.audits.time import TIME
from portal.domain.billing import running
from portal.domain.billing.models import Invoice, InvoiceLine, RecurringBilling
from portal.domain.errors import Invalid, Refused, StaleVersion
from portal.domain.invariants import check_all
from portal.domain.lifecycle import ClientService
from portal.domain.metrics.models import MrrMovement
from portal.domain.money import Money
from portal.domain.pricing import actions as pricing
from portal.domain.pricing import queries
from portal.domain.pricing.models import PriceChange
from portal.domain.pricing.rules import Change
from portal.domain.words import InvoiceKind, LineKind, PriceState
from portal.jobs.billing import adjust_recurring_billing
from portal.jobs.prices import change_prices
from portal.jobs.worker import drain_all
from portal.outbox import EventRecord, Recorded
from tests.factories import make_client, make_product, make_service

START = date(2026, 3, 1)
pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(autouse=True)
def at_the_start(clock):
    clock.set(START)
    return clock


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def act(verb, **facts):
    with transaction():
        result = verb(**facts, by=None, at=portal_clock.now())
    drain_all()
    return result


def change(service, on, **wanted):
    return act(pricing.change, service_id=service.id, change=Change(**wanted), effective_on=on)


def run(clock, on):
    clock.set(on)
    with transaction():
        running.run(as_of=on, at=portal_clock.now())


def come(clock, on):
    """The night before that day's billing run: the calendar carries out what is planned."""
    clock.set(on)
    change_prices(on)
    drain_all()


def active(**facts):
    service = make_service(status="active", start_date=START, **({"cycle_price_minor": 31_000} | facts))
    drain_all()
    return service


def lines(*kinds):
    rows = db.session.scalars(sa.select(InvoiceLine).order_by(InvoiceLine.id))
    return [(each.period_start, each.period_end, each.amount_minor) for each in rows if each.kind in kinds]


def billed():
    return lines(LineKind.RECURRING)


def credited():
    return lines(LineKind.CREDIT)


def mrr(service):
    movements = sa.select(MrrMovement).filter_by(client_service_id=service.id).order_by(MrrMovement.id)
    return [(str(each.kind), each.amount_minor) for each in db.session.scalars(movements)]


def day(month, number):
    return date(2026, month, number)


def test_inside_a_billed_period_the_rest_is_credited_and_charged_anew(clock):
    service = active()
    run(clock, START)
    clock.set(day(3, 11))
    change(service, day(3, 11), cycle_price=usd("620.00"))
    assert credited() == [(day(3, 11), day(4, 1), -21_000)]
    assert billed()[1:] == [(day(3, 11), day(4, 1), 42_000)]
    words = db.session.scalars(sa.select(InvoiceLine.description).order_by(InvoiceLine.id.desc())).first()
    assert words == f"{service.name} – 21 of 31 days"
    run(clock, day(4, 1))
    assert billed()[-1] == (day(4, 1), day(5, 1), 62_000)


def test_on_a_boundary_that_is_not_billed_yet_there_is_neither_credit_nor_charge(clock):
    service = active()
    run(clock, START)
    change(service, day(4, 1), cycle_price=usd("620.00"))
    come(clock, day(4, 1))
    run(clock, day(4, 1))
    assert credited() == []
    assert [amount for _, _, amount in billed()] == [31_000, 62_000]


def test_a_planned_change_waits_for_its_day(clock):
    service = active()
    change(service, day(4, 1), cycle_price=usd("620.00"))
    come(clock, day(3, 31))
    assert service.cycle_price_minor == 31_000 and mrr(service) == [("new", 31_000)]
    come(clock, day(4, 1))
    assert service.cycle_price_minor == 62_000
    assert sorted(mrr(service)) == [("expansion", 31_000), ("new", 31_000)]


def test_seats_in_mid_period_keep_their_unit_price_and_discount(clock):
    """10 × 31.00 less 10 % = 279.00; two more seats for 21 of 31 days."""
    service = active(quantity=10, unit_price_minor=3_100, cycle_price_minor=None)
    act(billing.set_discount, service_id=service.id, percent=Decimal(10), effective_on=START)
    run(clock, START)
    clock.set(day(3, 11))
    act(billing.change_quantity, service_id=service.id, quantity=12, effective_on=day(3, 11))
    assert (service.quantity, service.unit_price_minor, service.cycle_price_minor) == (12, 3_100, 33_480)
    assert credited() == [(day(3, 11), day(4, 1), -18_900)]
    assert billed()[-1] == (day(3, 11), day(4, 1), 22_680)


def test_planned_changes_do_not_undo_one_another(clock):
    service = active(quantity=10, unit_price_minor=1_000, cycle_price_minor=None)
    change(service, day(6, 1), unit_price=usd("12.00"))
    change(service, day(4, 1), quantity=20)
    assert [step.after.cycle_price for step in queries.timetable(service)] == [usd("200.00"), usd("240.00")]
    for on in (day(4, 1), day(6, 1)):
        come(clock, on)
    assert (service.quantity, service.cycle_price_minor) == (20, 24_000)


def test_when_the_day_of_a_discount_comes_the_price_changes_back_by_itself(clock):
    service = active()
    act(
        billing.set_discount,
        service_id=service.id,
        percent=Decimal("12.5"),
        until=day(5, 1),
        effective_on=START,
    )
    assert (service.cycle_price_minor, service.undiscounted_minor) == (27_125, 31_000)
    for on in (START, day(4, 1), day(5, 1)):
        come(clock, on)
        run(clock, on)
    assert [amount for _, _, amount in billed()] == [27_125, 27_125, 31_000]
    assert (service.cycle_price_minor, service.discount_until) == (31_000, None)
    assert sum(amount for _, amount in mrr(service)) == service.monthly_cost_minor


def test_the_end_of_a_discount_leaves_a_later_one_alone(clock):
    service = active()
    act(billing.set_discount, service_id=service.id, percent=Decimal(10), until=day(5, 1), effective_on=START)
    come(clock, day(4, 1))
    longer = {"amount": usd("100.00"), "until": day(7, 1), "effective_on": day(4, 1)}
    act(billing.set_discount, service_id=service.id, **longer)
    come(clock, day(5, 1))
    assert service.cycle_price_minor == 21_000
    come(clock, day(7, 1))
    assert service.cycle_price_minor == 31_000


def test_a_discount_never_makes_a_price_negative_and_a_free_service_is_billed_nothing(clock):
    service = active()
    run(clock, START)
    clock.set(day(3, 11))
    act(
        billing.set_discount,
        service_id=service.id,
        amount=usd("999.00"),
        until=day(4, 11),
        effective_on=day(3, 11),
    )
    assert service.cycle_price_minor == 0 and credited()[0][2] == -21_000
    run(clock, day(4, 1))
    come(clock, day(4, 11))
    run(clock, day(4, 11))
    assert billed()[1:] == [(day(4, 11), day(5, 11), 31_000)]


def test_a_price_named_as_a_whole_ends_the_discount():
    service = active()
    act(billing.set_discount, service_id=service.id, percent=Decimal(50), effective_on=START)
    act(billing.change_price, service_id=service.id, cycle_price=usd("300.00"), effective_on=START)
    assert (service.cycle_price_minor, service.undiscounted_minor) == (30_000, None)


def test_a_withdrawn_change_never_happens_and_a_discount_takes_its_end_along(clock):
    service = active()
    facts = {"percent": Decimal(10), "until": day(6, 1), "effective_on": day(4, 1)}
    planned = act(billing.set_discount, service_id=service.id, **facts)
    assert len(queries.planned(service.id)) == 2
    act(billing.withdraw_price_change, change_id=planned.id)
    come(clock, day(6, 1))
    assert service.cycle_price_minor == 31_000 and queries.planned(service.id) == []
    kinds = db.session.scalars(sa.select(EventRecord.kind).filter_by(subject_id=service.id)).all()
    assert "price_change_withdrawn" in kinds and "price_changed" not in kinds


def test_what_has_taken_effect_is_not_withdrawn():
    service = active()
    done = change(service, START, cycle_price=usd("1.00"))
    with pytest.raises(Refused):
        act(billing.withdraw_price_change, change_id=done.id)


CATCH_UPS = {
    "the run was down": (("change", day(3, 16)), ("change", day(4, 16)), ("run", day(5, 2))),
    "both were down": (("run", day(5, 2)), ("change", day(5, 2))),
    "the calendar was down": (("run", START), ("run", day(4, 1)), ("run", day(5, 1)), ("change", day(5, 2))),
    "nothing was down": (
        ("run", START), ("change", day(3, 16)), ("run", day(4, 1)), ("change", day(4, 16)), ("run", day(5, 1)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("order", CATCH_UPS)
def test_each_day_is_billed_at_the_price_in_force_whatever_was_down_when(clock, order):
    """310.00 from 1 March, 620.00 from 16 March, 300.00 from 16 April: 15 + 16 days, 15 + 15 days, a month."""
    service = active()
    change(service, day(3, 16), cycle_price=usd("620.00"))
    change(service, day(4, 16), cycle_price=usd("300.00"))
    for what, on in CATCH_UPS[order]:
        (run if what == "run" else come)(clock, on)
    net = sum(amount for _, _, amount in billed() + credited())
    assert net == 15_000 + 32_000 + 31_000 + 15_000 + 30_000
    assert [(each.name, each.examples) for each in check_all((*DOCUMENTS, *TIME)) if each.violations] == []


def test_a_second_change_on_the_same_day_replaces_the_first(clock):
    service = active()
    run(clock, START)
    clock.set(day(3, 11))
    change(service, day(3, 11), cycle_price=usd("620.00"))
    change(service, day(3, 11), cycle_price=usd("930.00"))
    assert credited() == [(day(3, 11), day(4, 1), -21_000), (day(3, 11), day(4, 1), -42_000)]
    assert billed()[-1] == (day(3, 11), day(4, 1), 63_000)


def test_an_event_that_comes_again_changes_nothing(clock):
    service = active()
    run(clock, START)
    clock.set(day(3, 11))
    change(service, day(3, 11), cycle_price=usd("620.00"))
    before = billed(), credited()
    event = db.session.scalars(sa.select(EventRecord).filter_by(kind="price_changed")).one()
    facts = ("kind", "subject_type", "subject_id", "occurred_at", "actor_id", "payload")
    told = Recorded(delivery_id=1, event_id=event.id, **{name: getattr(event, name) for name in facts})
    with transaction():
        adjust_recurring_billing(told)
    assert (billed(), credited()) == before


def test_a_suspended_service_changes_its_price_for_the_time_after(clock):
    service = active()
    run(clock, START)
    clock.set(day(3, 11))
    act(lifecycle.suspend, service_id=service.id, reason="unpaid")
    change(service, day(3, 11), cycle_price=usd("620.00"))
    assert len(credited()) == 1 and sum(amount for _, amount in mrr(service)) == 0
    clock.set(day(3, 22))
    act(lifecycle.resume, service_id=service.id)
    run(clock, day(3, 22))
    assert billed()[-1] == (day(3, 22), day(4, 1), 20_000)
    assert sum(amount for _, amount in mrr(service)) == service.monthly_cost_minor == 62_000


def test_a_pending_service_just_changes_its_terms():
    service = make_service(start_date=START, cycle_price_minor=31_000, provisioned=True)
    change(service, START, cycle_price=usd("620.00"))
    assert (service.cycle_price_minor, mrr(service)) == (62_000, [])
    act(lifecycle.activate, service_id=service.id)
    schedule = db.session.scalars(sa.select(RecurringBilling)).one()
    assert schedule.amount_minor == 62_000


def test_a_price_changed_before_the_schedule_was_made_holds_from_its_day_only(clock):
    service = make_service(status="active", start_date=START, cycle_price_minor=31_000)
    clock.set(day(3, 16))
    with transaction():
        pricing.change(
            service_id=service.id, change=Change(cycle_price=usd("620.00")), effective_on=day(3, 16),
            at=portal_clock.now(),
        )  # fmt: skip
    drain_all()
    run(clock, day(3, 16))
    assert billed() == [(START, day(3, 16), 15_000), (day(3, 16), day(4, 1), 32_000)]


def test_a_service_that_is_not_prorated_takes_its_price_from_the_next_boundary(clock):
    service = active(prorate=False)
    run(clock, START)
    clock.set(day(3, 11))
    change(service, day(3, 11), cycle_price=usd("620.00"))
    run(clock, day(4, 1))
    assert credited() == [] and [amount for _, _, amount in billed()] == [31_000, 62_000]


def test_after_a_transfer_each_client_is_credited_and_charged_for_its_own_days(clock):
    """Carried out late: effective on the 11th, handed over on the 21st, carried out on the 25th."""
    service = active()
    old, new = service.client_id, make_client(billing_day=15)
    run(clock, START)
    change(service, day(3, 11), cycle_price=usd("620.00"))
    clock.set(day(3, 21))
    act(lifecycle.transfer, service_id=service.id, client_id=new.id, effective_on=day(3, 21))
    run(clock, day(3, 21))
    come(clock, day(3, 25))
    by_client = dict(
        db.session.execute(
            sa.select(Invoice.client_id, sa.func.sum(Invoice.subtotal_minor)).group_by(Invoice.client_id)
        ).all()
    )
    assert by_client[old] == 10_000 + 20_000
    assert by_client[new.id] == round(62_000 * 25 / 31)


def test_a_renewal_of_a_term_to_come_keeps_its_price_planned(clock):
    service = active(product=make_product(uplift_percent=10, term_months=2))
    act(lifecycle.renew, service_id=service.id, months=2)
    assert service.cycle_price_minor == 31_000
    assert [step.after.cycle_price for step in queries.timetable(service)] == [usd("1000.00")]
    change(service, START, cycle_price=usd("620.00"))
    for on in (START, day(4, 1), day(5, 1)):
        come(clock, on)
        run(clock, on)
    assert [amount for _, _, amount in billed()] == [62_000, 62_000, 100_000]


def test_a_renewal_is_agreed_on_what_the_service_costs_by_then():
    product = make_product(cycle_price_minor=100, uplift_percent=10, term_months=2)
    service = active(product=product)
    change(service, day(4, 1), cycle_price=usd("400.00"))
    act(lifecycle.renew, service_id=service.id, months=2)
    assert [step.after.cycle_price for step in queries.timetable(service)] == [usd("400.00"), usd("440.00")]


def test_a_change_beyond_a_renewal_stays_planned(clock):
    service = active(product=make_product(cycle_price_minor=100, term_months=2))
    change(service, day(7, 1), cycle_price=usd("400.00"))
    clock.set(day(5, 1))
    act(lifecycle.renew, service_id=service.id, months=12)
    assert [step.after.cycle_price for step in queries.timetable(service)] == [usd("400.00")]


def test_what_was_planned_for_a_service_that_has_ended_is_dropped(clock):
    service = active()
    planned = change(service, day(5, 1), cycle_price=usd("400.00"))
    act(lifecycle.cancel, service_id=service.id, effective_on=START, reason="gone")
    come(clock, day(5, 1))
    assert (planned.state, service.cycle_price_minor) == (PriceState.WITHDRAWN, 31_000)


def test_a_price_planned_for_days_before_the_end_holds_on_them_although_nothing_ran_in_between(clock):
    service = active()
    run(clock, START)
    change(service, day(4, 1), cycle_price=usd("620.00"))
    act(lifecycle.cancel, service_id=service.id, effective_on=day(4, 16), reason="gone")
    clock.set(day(6, 1))
    with transaction():
        lifecycle.carry_out_cancellations(as_of=day(6, 1), at=portal_clock.now())
    drain_all()
    come(clock, day(6, 1))
    run(clock, day(6, 1))
    assert billed() == [(START, day(4, 1), 31_000), (day(4, 1), day(4, 16), 31_000)]


def test_the_contract_value_follows():
    service = active()
    change(service, START, cycle_price=usd("620.00"))
    assert service.total_contract_value_minor == 12 * 62_000


def test_drafts_wait_for_approval_like_any_other(clock):
    with transaction():
        company.change(values={"approve_runs": True}, by=None, at=portal_clock.now())
    service = active()
    run(clock, START)
    clock.set(day(3, 11))
    change(service, day(3, 11), cycle_price=usd("620.00"))
    kinds = db.session.execute(sa.select(Invoice.kind, Invoice.number).order_by(Invoice.id)).all()
    assert [tuple(each) for each in kinds] == [
        (InvoiceKind.INVOICE, None), (InvoiceKind.CREDIT_NOTE, None), (InvoiceKind.INVOICE, None),
    ]  # fmt: skip


BAD = {
    "yesterday": ({"quantity": 2}, START - timedelta(days=1), "effective_on"),
    "far ahead": ({"quantity": 2}, START + timedelta(days=4000), "effective_on"),
    "no seat": ({"quantity": -1}, START, "quantity"),
    "too many": ({"quantity": 10_000_000}, START, "quantity"),
    "below zero": ({"cycle_price": Money(-1, "USD")}, START, "cycle_price"),
    "another currency": ({"unit_price": Money(1, "EUR")}, START, "unit_price"),
    "too large": ({"unit_price": Money(10**15, "USD"), "quantity": 10}, START, "unit_price"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_is_refused_at_its_field(case):
    wanted, on, field = BAD[case]
    service = active()
    with pytest.raises(Invalid) as refusal:
        change(service, on, **wanted)
    assert list(refusal.value.faults) == [field]
    assert db.session.scalar(sa.select(sa.func.count(PriceChange.id))) == 0


@pytest.mark.parametrize(
    "facts",
    [
        {"percent": Decimal(0)}, {"percent": Decimal(101)}, {"percent": Decimal(5), "amount": Money(1, "USD")},
        {"amount": Money(0, "USD")}, {"amount": Money(5, "EUR")}, {"percent": Decimal(5), "until": START},
    ],
)  # fmt: skip
def test_a_discount_that_is_none_is_refused(facts):
    service = active()
    with pytest.raises(Invalid):
        act(billing.set_discount, service_id=service.id, effective_on=START, **facts)


def test_the_same_price_an_ended_service_and_work_that_is_billed_are_refused(clock):
    same, ended = active(), make_service(status="cancelled")
    once = active(product=make_product(billing_cycle="one-time", term_months=0))
    for service, price in ((same, "310.00"), (ended, "1.00"), (once, "1.00")):
        with pytest.raises(Refused):
            change(service, START, cycle_price=usd(price))
    act(lifecycle.cancel, service_id=same.id, effective_on=day(4, 1), reason="gone")
    with pytest.raises(Invalid, match="cancelled"):
        change(same, day(4, 1), cycle_price=usd("1.00"))


def test_a_price_that_changed_since_it_was_shown_changes_nothing():
    service = active()
    with pytest.raises(StaleVersion):
        act(
            pricing.change, service_id=service.id, change=Change(quantity=2), effective_on=START,
            seen_price=usd("300.00"),
        )  # fmt: skip
    assert db.session.get_one(ClientService, service.id).quantity == 1
