"""The run: each due term once, however often and by how many; what does not renew says every reason."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
import sqlalchemy as sa

from portal.db import db, transaction
from portal.domain import lifecycle, renewals
from portal.domain.invariants import check_all
from portal.domain.lifecycle import ClientService, Status
from portal.domain.money import Money
from portal.domain.periods import Cycle
from portal.domain.pricing import actions as pricing
from portal.domain.pricing.models import PriceChange
from portal.domain.renewals.models import Renewal, RenewalCase
from portal.domain.renewals.together import REASON
from portal.domain.words import RenewalDecision
from portal.jobs import batches
from portal.outbox import EventRecord
from tests.domain.renewals.desk import act, deliver, fresh, lines, running, terms, told
from tests.factories import make_client, make_product, make_service

START, ENDS = date(2026, 1, 15), date(2027, 1, 15)
SMALL = {"client_service_id", "id", "renewed_at", "requested_at", "settled_at"}


def usd(minor):
    return Money(minor, "USD")


def violations():
    return [result for result in check_all() if result.violations]


@pytest.mark.usefixtures("session")
class TestOne:
    def test_on_its_day_it_renews_for_its_term_at_the_renewal_price(self, clock):
        product = make_product(uplift_percent=Decimal("2.5"), cycle_price_minor=10_000, term_months=12)
        service_id = running(clock, START, today=ENDS, product=product)

        report = batches.renew(ENDS)

        assert (report.renewed, report.held) == (1, [])
        assert terms(service_id) == [(ENDS, date(2028, 1, 15), 10_250)]
        service = fresh(service_id)
        assert (service.end_date, service.renewal_date) == (date(2028, 1, 15), date(2028, 1, 15))
        assert (service.cycle_price_minor, service.monthly_cost_minor) == (10_250, 10_250)
        assert (service.renewal_count, service.total_contract_value_minor) == (1, 12 * 10_250)

    def test_the_day_before_it_does_not(self, clock):
        service_id = running(clock, START, today=ENDS - timedelta(days=1))
        assert batches.renew(ENDS - timedelta(days=1)).renewed == 0
        assert terms(service_id) == []

    def test_five_times_in_a_row_renews_once(self, clock):
        service_id = running(clock, START, today=ENDS)
        assert [batches.renew(ENDS).renewed for _ in range(5)] == [1, 0, 0, 0, 0]
        assert len(terms(service_id)) == 1

    def test_terms_that_passed_unseen_are_all_renewed(self, clock):
        service_id = running(
            clock, START, today=date(2026, 5, 1), renewal_term_months=1, end_date=date(2026, 2, 15)
        )
        assert batches.renew(date(2026, 5, 1)).renewed == 3
        assert [start for start, _, _ in terms(service_id)] == [date(2026, month, 15) for month in (2, 3, 4)]

    def test_without_auto_renewal_it_waits_for_a_person(self, clock):
        service_id = running(clock, START, today=ENDS, auto_renewal=False)
        assert batches.renew(ENDS).renewed == 0
        assert terms(service_id) == []

    def test_an_approved_one_renews_at_the_agreed_price_for_the_agreed_months(self, clock):
        service_id = running(clock, START, today=date(2026, 12, 1), auto_renewal=False)
        act(renewals.approve, service_id=service_id, months=6, cycle_price=usd(90_000))
        assert batches.renew(ENDS - timedelta(days=1)).renewed == 0
        clock.set(ENDS)
        assert batches.renew(ENDS).renewed == 1
        assert terms(service_id) == [(ENDS, date(2027, 7, 15), 90_000)]
        assert fresh(service_id).renewal_decision is RenewalDecision.UNDECIDED

    def test_what_may_not_renew_is_held_with_every_reason_and_told_once(self, clock):
        client = make_client(overdue_limit_minor=0, payment_terms_days=0)
        service_id = running(clock, START, client=client)
        batches.bill(START)
        clock.set(ENDS)
        act(lifecycle.suspend, service_id=service_id, reason="unpaid")

        reports = [batches.renew(ENDS) for _ in range(3)]

        assert [report.renewed for report in reports] == [0, 0, 0]
        ((held_id, reasons),) = reports[-1].held
        assert held_id == service_id
        assert reasons[0] == "is suspended, not active"
        assert reasons[1].startswith("the client owes 1000.00 USD overdue")
        case = db.session.scalars(sa.select(RenewalCase)).one()
        assert (case.held_reasons, case.held_on) == (list(reasons), ENDS)
        assert len(told("renewal_held")) == 1

    def test_suspended_on_its_day_it_renews_after_it_is_resumed_from_the_old_end(self, clock):
        service_id = running(clock, START, today=ENDS)
        act(lifecycle.suspend, service_id=service_id, reason="holiday")
        batches.renew(ENDS)
        assert terms(service_id) == []
        clock.set(ENDS + timedelta(days=10))
        act(lifecycle.resume, service_id=service_id)
        batches.renew(ENDS + timedelta(days=10))
        assert terms(service_id) == [(ENDS, date(2028, 1, 15), 100_000)]

    def test_a_cancellation_on_the_day_of_the_renewal_goes_first(self, clock):
        service_id = running(clock, START, today=date(2026, 12, 1))
        act(lifecycle.cancel, service_id=service_id, effective_on=ENDS, reason="moves away")
        clock.set(ENDS)
        batches.renew(ENDS)
        batches.cancel_due(ENDS)
        deliver()
        batches.bill(ENDS)
        assert terms(service_id) == []
        assert fresh(service_id).status is Status.CANCELLED
        assert lines(service_id, ENDS) == []


@pytest.mark.parametrize(
    ("start", "cycle", "months", "end", "following"),
    [
        ("2024-02-29", Cycle.MONTHLY, 12, "2025-02-28", "2026-02-28"),
        ("2027-02-28", Cycle.ANNUALLY, 12, "2028-02-28", "2029-02-28"),
        ("2026-01-31", Cycle.MONTHLY, 1, "2026-02-28", "2026-03-31"),
        ("2026-01-31", Cycle.QUARTERLY, 3, "2026-04-30", "2026-07-31"),
        ("2026-01-15", Cycle.ANNUALLY, 12, "2027-01-15", "2028-01-15"),
    ],
)
def test_terms_follow_each_other_and_every_day_is_billed_once(
    session, clock, start, cycle, months, end, following
):
    start, end, following = map(date.fromisoformat, (start, end, following))
    product = make_product(billing_cycle=cycle, term_months=months, uplift_percent=Decimal(10))
    patient = make_client(overdue_limit_minor=10**9)
    service_id = running(clock, start, product=product, client=patient)
    for day in (start, end, following - timedelta(days=1)):
        clock.set(day)
        batches.renew(day)
        deliver()
        batches.bill(day)
    assert terms(service_id) == [(end, following, 110_000)]
    billed = lines(service_id, start)
    assert billed[0][0] == start
    assert all(one[1] == other[0] for one, other in pairwise(billed))
    assert {amount for first, _, amount in billed if first < end} == {100_000}
    assert {amount for first, _, amount in billed if first >= end} == {110_000}
    assert violations() == []


def test_after_a_transfer_the_new_client_is_billed_for_the_new_term(session, clock):
    service_id = running(clock, START, today=date(2026, 12, 15))
    batches.bill(date(2026, 12, 15))
    other = make_client()
    act(lifecycle.transfer, service_id=service_id, client_id=other.id, effective_on=date(2026, 12, 15))
    deliver()
    clock.set(ENDS)
    batches.renew(ENDS)
    deliver()
    batches.bill(ENDS)
    assert [line[:2] for line in lines(service_id, ENDS)] == [(ENDS, date(2027, 2, 15))]
    assert fresh(service_id).client_id == other.id
    assert violations() == []


def _everything(service_id):
    """The rows that a renewal leaves, without ids and instants."""

    def plain(row, *, but=SMALL):
        return {
            column.key: getattr(row, column.key) for column in row.__table__.columns if column.key not in but
        }

    of_it = {"client_service_id": service_id}
    service = plain(
        fresh(service_id), but={"id", "client_id", "product_id", "name", "last_renewed_at", "search"}
    )
    kept = [plain(row) for row in db.session.scalars(sa.select(Renewal).filter_by(**of_it))]
    prices = [plain(row) for row in db.session.scalars(sa.select(PriceChange).filter_by(**of_it))]
    said = sa.select(EventRecord.payload).filter_by(kind="service_renewed", subject_id=service_id)
    events = [
        {key: value for key, value in each.items() if key != "service_id"}
        for each in db.session.scalars(said)
    ]
    moved = db.session.execute(
        sa.text(
            "SELECT on_date, kind, amount_minor FROM mrr_movements WHERE client_service_id = :id ORDER BY id"
        ),
        {"id": service_id},
    )
    return service, kept, prices, events, [tuple(row) for row in moved]


@pytest.mark.parametrize(
    "facts", [{}, {"cycle_price_minor": 120_000}, {"quantity": 3}, {"setup_cost_minor": 5_000}]
)
def test_many_together_leave_what_one_alone_leaves(session, clock, facts):
    product = make_product(uplift_percent=Decimal("3.33"), cycle_price_minor=100_000)
    alone, together = (
        running(clock, START, product=product, client=make_client(), **facts) for _ in range(2)
    )
    clock.set(ENDS)
    act(lifecycle.renew, service_id=alone, months=12)
    batches.renew(ENDS)
    assert _everything(alone) == _everything(together)
    assert _everything(together)[2][0]["reason"] == REASON


def test_a_planned_price_is_met_before_the_new_term(session, clock):
    service_id = running(clock, START, today=date(2026, 12, 1))
    act(pricing.change_price, service_id=service_id, cycle_price=usd(200_000), effective_on=ENDS)
    clock.set(ENDS)
    assert batches.renew(ENDS).renewed == 1
    assert terms(service_id) == [(ENDS, date(2028, 1, 15), 200_000)]


def _many(count):
    client, product = make_client(), make_product(uplift_percent=Decimal(5))
    return [
        make_service(status="active", client=client, product=product, start_date=START, auto_renewal=True).id
        for _ in range(count)
    ]


def test_broken_ones_do_not_stop_the_rest(session, clock):
    clock.set(START)
    ids = _many(12)
    _break(ids[3], renewal_term_months=0)
    _break(ids[7], setup_cost_minor=2**63 - 1)
    clock.set(ENDS)

    report = batches.renew(ENDS)

    assert report.renewed == 10
    assert [service_id for service_id, _ in report.held] == [ids[3], ids[7]]
    assert all(reasons for _, reasons in report.held)
    _break(ids[3], renewal_term_months=12)
    _break(ids[7], setup_cost_minor=0)
    assert batches.renew(ENDS).renewed == 2


def _break(service_id, **columns):
    with transaction():
        db.session.execute(sa.update(ClientService).filter_by(id=service_id).values(columns))
    db.session.expire_all()


def test_four_at_once_renew_each_once(app, live, clock):
    clock.set(START)
    ids = _many(20)
    clock.set(ENDS)
    db.session.rollback()

    def one(_):
        with app.app_context():
            return batches.renew(ENDS).renewed

    with ThreadPoolExecutor(4) as pool:
        renewed = sum(pool.map(one, range(4)))
    assert renewed == 20
    assert sorted(db.session.scalars(sa.select(Renewal.client_service_id))) == ids


def test_a_preview_changes_nothing_and_says_what_the_run_does(session, clock):
    from portal.domain.renewals import running as renewing

    service_id = running(clock, START, today=ENDS)
    ((due, reasons),) = renewing.preview(ENDS)
    assert (due.service_id, due.starts, due.price, reasons) == (service_id, ENDS, usd(100_000), [])
    assert terms(service_id) == []


def test_the_answers_about_one_service(session, clock):
    product = make_product(uplift_percent=Decimal(10))
    service_id = running(clock, START, today=ENDS, product=product)
    assert renewals.eligibility(service_id=service_id) == []
    offer = renewals.price(service_id=service_id)
    assert (offer.price, offer.reason) == (usd(110_000), "uplift of 10 %")
