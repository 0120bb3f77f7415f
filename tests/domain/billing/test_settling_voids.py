"""What becomes of the days on a document that is taken back: the next run bills them again, once."""

from datetime import date

import pytest

from portal import clock as portal_clock
from portal.db import transaction
from portal.domain import billing, company, lifecycle
from portal.domain.billing.freeing import billed_again
from portal.domain.errors import Refused
from portal.domain.words import InvoiceKind, InvoiceStatus, ScheduleStatus
from tests.domain.billing.settling import (
    START,
    act,
    active,
    billed,
    credit_of,
    documents,
    run,
    schedules,
    violated,
)
from tests.factories import make_client, make_product

pytestmark = pytest.mark.usefixtures("session")
FEBRUARY, MARCH, APRIL = date(2026, 2, 1), date(2026, 3, 1), date(2026, 4, 1)


@pytest.fixture(autouse=True)
def sound_books(session, clock):
    clock.set(START)
    yield
    assert violated() == {}


def void(document):
    return act(billing.void, invoice_id=document.id, reason="wrong")


def approve_first():
    with transaction():
        company.change(values={"approve_runs": True}, by=None, at=portal_clock.now())


def test_the_days_of_a_void_invoice_are_billed_again_at_their_price(clock):
    service = active(client=make_client(billing_day=1), cycle_price_minor=99_99, start_date=date(2026, 1, 12))
    run(clock, FEBRUARY)
    before = billed(service)
    (invoice,) = documents()
    foreseen = [(each.period.start, each.period.end, each.amount.minor) for each in billed_again(invoice)]
    assert foreseen == before
    void(invoice)
    assert billed(service) == []
    run(clock, FEBRUARY)
    run(clock, FEBRUARY)
    assert billed(service) == before
    run(clock, MARCH)
    assert [each[0] for each in billed(service)] == [date(2026, 1, 12), FEBRUARY, MARCH]


def test_a_month_in_the_middle_comes_back_alone(clock):
    service = active()
    for day in (START, FEBRUARY, MARCH):
        run(clock, day)
    before = billed(service)
    void(documents()[1])
    run(clock, MARCH)
    assert billed(service) == before
    assert [each.status for each in schedules(service)] == [ScheduleStatus.ACTIVE, ScheduleStatus.ENDED]


def test_the_setup_fee_comes_back_once(clock):
    service = active(product=make_product(cycle_price_minor=100_00, setup_fee_minor=50_00))
    run(clock, START)
    void(documents()[0])
    run(clock, START)
    run(clock, FEBRUARY)
    assert [each.total_minor for each in documents()] == [150_00, 150_00, 100_00]
    assert len(billed(service)) == 2


def test_one_time_work_comes_back_once(clock):
    service = active(product=make_product(billing_cycle="one-time", term_months=0))
    run(clock, START)
    void(documents()[0])
    run(clock, FEBRUARY)
    run(clock, MARCH)
    assert [each[2] for each in billed(service)] == [100_000]


def test_a_service_that_is_paused_since_is_billed_up_to_its_pause(clock):
    service = active(client=make_client(credit_on_suspend=False), cycle_price_minor=310_00)
    run(clock, START)
    clock.set(date(2026, 1, 11))
    act(lifecycle.suspend, service_id=service.id, reason="unpaid")
    void(documents()[0])
    run(clock, date(2026, 1, 12))
    assert billed(service) == [(START, date(2026, 1, 11), 100_00)]


def test_a_service_that_ends_before_the_next_run_is_billed_up_to_its_end(clock):
    service = active(cycle_price_minor=310_00)
    run(clock, START)
    void(documents()[0])
    clock.set(date(2026, 1, 11))
    cancel = {"service_id": service.id, "effective_on": date(2026, 1, 11), "reason": "gone"}
    act(lifecycle.cancel, **cancel)
    run(clock, FEBRUARY)
    assert billed(service) == [(START, date(2026, 1, 11), 100_00)]


def test_a_service_that_moves_before_the_next_run_is_billed_to_each_for_its_days(clock):
    service = active(cycle_price_minor=310_00)
    run(clock, START)
    old, new = service.client_id, make_client(billing_day=1)
    void(documents()[0])
    clock.set(date(2026, 1, 11))
    act(lifecycle.transfer, service_id=service.id, client_id=new.id, effective_on=date(2026, 1, 11))
    run(clock, date(2026, 1, 12))
    owed = {each.client_id: each.total_minor for each in documents() if each.status is not InvoiceStatus.VOID}
    assert owed == {old: 100_00, new.id: 210_00}


def test_an_invoice_with_a_credit_note_is_not_voided_before_its_note(clock):
    service = active(cycle_price_minor=310_00)
    run(clock, START)
    clock.set(date(2026, 1, 11))
    act(lifecycle.suspend, service_id=service.id, reason="unpaid")
    (invoice,), (note,) = documents(), documents(InvoiceKind.CREDIT_NOTE)
    with pytest.raises(Refused, match="Void or delete that one first"):
        void(invoice)
    void(note)
    assert credit_of(service.client_id) == 0
    void(invoice)
    run(clock, date(2026, 1, 12))
    assert billed(service) == [(START, date(2026, 1, 11), 100_00)]


def test_a_credit_whose_days_are_billed_again_has_to_stay(clock):
    with transaction():
        company.change(values={"apply_account_credit": False}, by=None, at=portal_clock.now())
    service = active(cycle_price_minor=310_00)
    run(clock, START)
    clock.set(date(2026, 1, 11))
    act(lifecycle.suspend, service_id=service.id, reason="unpaid")
    clock.set(date(2026, 1, 20))
    act(lifecycle.resume, service_id=service.id)
    for _ in range(2):
        with pytest.raises(Refused, match="billed again since"):
            void(documents(InvoiceKind.CREDIT_NOTE)[0])
        run(clock, date(2026, 1, 20))


def test_a_credit_that_was_spent_is_not_taken_back(clock):
    service = active(cycle_price_minor=310_00)
    run(clock, START)
    clock.set(date(2026, 1, 30))
    act(
        lifecycle.cancel,
        service_id=service.id,
        effective_on=date(2026, 1, 30),
        reason="gone",
        unused="deduct",
    )
    with pytest.raises(Refused, match="cannot be taken back"):
        void(documents(InvoiceKind.CREDIT_NOTE)[0])


def test_a_deleted_draft_leaves_no_gap_and_its_days_come_back(clock):
    approve_first()
    service = active()
    run(clock, START)
    act(billing.delete_draft, invoice_id=documents()[0].id)
    assert documents() == []
    run(clock, FEBRUARY)
    assert [each[0] for each in billed(service)] == [START, FEBRUARY]
    act(billing.issue, invoice_id=documents()[0].id)
    assert documents()[0].number == "INV-000001"


def test_a_deleted_draft_of_a_credit_note_gives_nothing_back(clock):
    service = active(cycle_price_minor=310_00)
    run(clock, START)
    approve_first()
    act(lifecycle.suspend, service_id=service.id, reason="unpaid")
    (note,) = documents(InvoiceKind.CREDIT_NOTE)
    act(billing.delete_draft, invoice_id=note.id)
    assert billed(service) == [(START, FEBRUARY, 310_00)]
    assert credit_of(service.client_id) == 0


@pytest.mark.parametrize("verb", [billing.void, billing.delete_draft])
def test_drafts_are_deleted_and_documents_voided(clock, verb):
    service = active()
    run(clock, START)
    approve_first()
    run(clock, FEBRUARY)
    issued, draft = documents()
    wrong, words = (draft, {"reason": "x"}) if verb is billing.void else (issued, {})
    with pytest.raises(Refused):
        act(verb, invoice_id=wrong.id, **words)
    assert len(billed(service)) == 2
