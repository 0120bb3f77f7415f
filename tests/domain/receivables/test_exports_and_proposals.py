"""Exports to the ledger come once and stay; proposals to suspend are a list, and a person's decision."""

import csv
from datetime import date, timedelta
from io import StringIO

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import company, receivables
from portal.domain.errors import Invalid, Refused
from portal.domain.periods import Period
from portal.domain.receivables import exporting, proposals
from portal.domain.receivables.models import ExportBatch, ExportedEntry
from portal.outbox import EventRecord
from tests.domain.receivables.making import act, advance, bill, credit, pay, refund, void
from tests.factories import make_client, make_product, make_service

pytestmark = pytest.mark.usefixtures("session")
START = date(2026, 1, 10)
JANUARY = Period(date(2026, 1, 1), date(2026, 2, 1))
FEBRUARY = Period(date(2026, 2, 1), date(2026, 3, 1))


@pytest.fixture(autouse=True)
def at_the_start(clock):
    clock.set(START)
    return clock


@pytest.fixture
def client():
    return make_client(name="Acme")


def export(period):
    return act(receivables.export, period=period)


def lines(batch):
    return list(csv.DictReader(StringIO(batch.content.decode("utf-8-sig"))))


def settings(**values):
    with transaction():
        company.change(values=values, by=None, at=portal_clock.now())


def kinds(batch):
    return [line["entry"].rpartition("-")[0] for line in lines(batch) if line["account"] == "1200"]


def test_a_batch_holds_every_entry_of_the_period_and_each_balances(client):
    invoice = bill(client, 10_000, 5_555, rate=23)
    pay(invoice, 4_000)
    credit(invoice, 1_000)
    advance(client, 500)
    refund(client, 700)
    void(bill(client, 900))
    batch = export(JANUARY)
    assert kinds(batch) == ["credit_note", "invoice", "invoice", "payment", "payment", "refund", "void"]
    for entry in {line["entry"] for line in lines(batch)}:
        of_entry = [line for line in lines(batch) if line["entry"] == entry]
        debit, owed = (
            round(100 * sum(float(line[side]) for line in of_entry)) for side in ("debit", "credit")
        )
        assert debit == owed > 0
    assert (batch.number, batch.documents) == (1, 7)


def test_the_same_period_and_content_give_the_same_batch_byte_for_byte(client):
    bill(client, 10_000)
    first = export(JANUARY)
    content = first.content
    settings(account_receivable="9999")
    again = export(JANUARY)
    assert (again.id, again.content) == (first.id, content)
    assert db.session.scalar(sa.select(sa.func.count(ExportBatch.id))) == 1


def test_what_comes_late_goes_into_the_next_batch_and_nothing_goes_twice(client, clock):
    invoice = bill(client, 10_000)
    export(JANUARY)
    clock.set(date(2026, 2, 5))
    pay(invoice, 3_000, on=date(2026, 1, 30))
    bill(client, 500)
    outlook = exporting.outlook(FEBRUARY)
    assert (outlook.total, outlook.late) == (2, 1)
    second = export(FEBRUARY)
    assert (second.number, kinds(second)) == (2, ["payment", "invoice"])
    assert export(JANUARY).number == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ExportedEntry)) == 3


def test_what_was_before_the_first_export_stays_out(client, clock):
    bill(client, 10_000)
    clock.set(date(2026, 2, 5))
    bill(client, 500)
    assert kinds(export(FEBRUARY)) == ["invoice"]


def test_an_empty_period_makes_no_batch(client):
    with pytest.raises(Refused, match="Nothing was booked"):
        export(JANUARY)


def test_revenue_goes_to_the_account_of_the_product_or_its_type(client):
    product = make_product(sku="HOST-9", service_type="hosting")
    hosted = make_service(client=client, product=product)
    settings(revenue_accounts="hosting = 4100\nHOST-9 = 4190")
    bill(client, 1_000, service_id=hosted.id)
    bill(client, 2_000)
    credits = {
        line["account"]: line["credit"] for line in lines(export(JANUARY)) if line["account"] != "1200"
    }
    assert credits == {"4190": "10.00", "4000": "20.00"}


def test_a_batch_knows_its_sums_and_is_in_the_audit(client):
    bill(client, 10_000)
    bill(make_client(currency="JPY"), 777)
    batch = export(JANUARY)
    assert {each.currency: each.minor for each in batch.sums} == {"JPY": 777, "USD": 10_000}
    record = db.session.scalars(sa.select(EventRecord).filter_by(kind="accounting_exported")).one()
    assert record.payload["number"] == batch.number


@pytest.fixture
def owing(client, clock):
    """A client with an active service and 100.00 overdue since 9 February; today it is late for 40 days."""
    make_service(client=client, status="active")
    bill(client, 10_000)
    clock.set(START + timedelta(days=70))
    return client


def proposed():
    return db.session.execute(proposals.listing(portal_clock.today())).mappings().all()


def test_nothing_is_proposed_unless_it_is_switched_on(owing):
    assert proposed() == []


def test_a_client_past_both_limits_is_proposed_with_its_active_services(owing):
    settings(suspension_days=40, suspension_amount=100)
    (row,) = proposed()
    assert (row["client_code"], row["overdue_minor"], row["oldest_days"], row["services"]) == (
        owing.code,
        10_000,
        40,
        1,
    )


@pytest.mark.parametrize(
    "limits", [{"suspension_days": 41}, {"suspension_days": 40, "suspension_amount": 101}]
)
def test_below_a_limit_nobody_is_proposed(owing, limits):
    settings(**limits)
    assert proposed() == []


def test_the_amount_counts_in_the_units_of_each_currency(clock):
    yen = make_client(currency="JPY")
    make_service(client=yen, status="active")
    bill(yen, 100)
    clock.set(START + timedelta(days=70))
    settings(suspension_days=30, suspension_amount=100)
    assert [row["currency"] for row in proposed()] == ["JPY"]
    settings(suspension_days=30, suspension_amount=101)
    assert proposed() == []


def test_a_dismissed_proposal_comes_back_on_its_day(owing, clock):
    settings(suspension_days=30)
    today = START + timedelta(days=70)
    act(
        receivables.dismiss,
        client_id=owing.id,
        until_on=today + timedelta(days=7),
        note="Pays on Friday",
        today=today,
    )
    assert proposed() == []
    clock.set(today + timedelta(days=6))
    assert proposed() == []
    clock.set(today + timedelta(days=7))
    assert len(proposed()) == 1
    said = db.session.scalars(
        sa.select(EventRecord).filter_by(kind="client_changed", subject_id=owing.id)
    ).all()
    assert said[-1].payload["changes"]["note"] == [None, "Pays on Friday"]


@pytest.mark.parametrize(
    ("days", "note", "field"), [(0, "x", "until_on"), (400, "x", "until_on"), (5, " ", "note")]
)
def test_a_dismissal_needs_a_day_to_come_and_a_note(owing, days, note, field):
    today = START + timedelta(days=70)
    with pytest.raises(Invalid) as refusal:
        act(
            receivables.dismiss,
            client_id=owing.id,
            until_on=today + timedelta(days=days),
            note=note,
            today=today,
        )
    assert set(refusal.value.faults) == {field}


def test_a_client_without_running_services_is_not_proposed(client, clock):
    bill(client, 10_000)
    clock.set(START + timedelta(days=70))
    settings(suspension_days=30)
    assert proposed() == []
