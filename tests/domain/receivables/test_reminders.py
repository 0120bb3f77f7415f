"""Reminders: each step once, the most urgent of several, to whom the client named, and none for what is settled."""

from datetime import date, timedelta
from email import message_from_bytes, policy

import pytest
import sqlalchemy as sa
from flask import current_app

from portal.db import db, transaction
from portal.domain import company, receivables
from portal.domain.receivables import reminding
from portal.domain.receivables.models import PaymentReminder
from portal.jobs import batches
from portal.jobs.worker import drain_all
from portal.outbox import Delivery, EventRecord
from tests.domain.receivables.making import act, bill, pay, void
from tests.factories import make_client, make_contact

pytestmark = pytest.mark.usefixtures("session")
START = date(2026, 1, 10)
DUE = START + timedelta(days=30)


@pytest.fixture(autouse=True)
def at_the_start(session, clock):
    clock.set(START)
    folder = current_app.extensions["settings"].mail_folder
    before = set(folder.glob("*.eml")) if folder.exists() else set()
    yield
    for path in set(folder.glob("*.eml")) - before:
        path.unlink()


@pytest.fixture
def client():
    made = make_client(name="Acme & <b>Sons", payment_terms_days=30)
    make_contact(made, email="pay@acme.example", roles=["billing", "technical"])
    make_contact(made, email="tech@acme.example", roles=["technical"])
    return made


def remind(clock, late):
    clock.set(DUE + timedelta(days=late))
    return act(receivables.remind, as_of=DUE + timedelta(days=late))


def steps_of(invoice):
    kept = sa.select(PaymentReminder).filter_by(invoice_id=invoice.id).order_by(PaymentReminder.id)
    return [(each.step_days, each.days_late) for each in db.session.scalars(kept)]


def mails():
    """(to, subject, text) of what the mail queue sends now."""
    waiting = db.session.scalars(
        sa.select(Delivery.id).where(
            Delivery.listener == "send_payment_reminder",
            Delivery.done_at.is_(None),
            Delivery.parked_at.is_(None),
        )
    ).all()
    drain_all()
    folder = current_app.extensions["settings"].mail_folder
    found = [folder / f"delivery-{each}.eml" for each in waiting]
    read = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in found if path.exists()]
    return [(mail["To"], mail["Subject"], mail.get_body(("plain",)).get_content()) for mail in read]


def test_each_step_comes_once_however_often_the_day_is_run(client, clock):
    invoice = bill(client, 10_000)
    assert [remind(clock, late) for late in (6, 7, 7, 8, 13, 14, 30, 31, 300)] == [0, 1, 0, 0, 0, 1, 1, 0, 0]
    assert steps_of(invoice) == [(7, 7), (14, 14), (30, 30)]


def test_a_missed_day_is_made_up_and_of_several_late_steps_the_most_urgent_is_sent(client, clock):
    invoice = bill(client, 10_000)
    assert remind(clock, 20) == 1
    assert remind(clock, 21) == 0
    assert remind(clock, 45) == 1
    assert steps_of(invoice) == [(14, 20), (30, 45)]


def test_the_mail_goes_to_the_contacts_for_billing_and_says_what_is_owed(client, clock):
    with transaction():
        company.change(values={"payment_instructions": "IBAN GB00 1234"}, by=None, at=clock.instant)
        client.billing_email = "Office@acme.example"
    invoice = bill(client, 123_450)
    pay(invoice, 23_450)
    remind(clock, 8)
    sent = mails()
    assert sorted(to for to, *_ in sent) == ["office@acme.example", "pay@acme.example"]
    _, subject, text = sent[0]
    assert "INV-000001" in subject and "1,000.00 USD" in subject
    for words in ("Acme & <b>Sons", "8 days", "1,000.00", "1,234.50", "IBAN GB00 1234", "9 Feb 2026"):
        assert words in text
    assert db.session.scalars(sa.select(PaymentReminder.sent_at)).one() == clock.instant


def test_the_timeline_of_the_invoice_says_what_was_sent_to_whom(client, clock):
    invoice = bill(client, 10_000)
    remind(clock, 7)
    kinds = sa.select(EventRecord.payload["recipient"].astext).filter_by(
        kind="payment_reminder_sent", subject_type="invoice", subject_id=invoice.id
    )
    assert db.session.scalars(kinds).all() == []
    mails()
    assert db.session.scalars(kinds).all() == ["pay@acme.example"]


def test_the_last_step_says_so_and_is_written_safely_in_html(client, clock):
    bill(client, 10_000)
    remind(clock, 30)
    ((_, subject, _),) = mails()
    assert subject.startswith("Last reminder")
    path = max(
        current_app.extensions["settings"].mail_folder.glob("*.eml"), key=lambda each: each.stat().st_mtime_ns
    )
    page = message_from_bytes(path.read_bytes(), policy=policy.default).get_body(("html",)).get_content()
    assert "Acme &amp; &lt;b&gt;Sons" in page and "href" not in page


@pytest.mark.parametrize("settle", [lambda invoice: pay(invoice, 10_000), void], ids=["paid", "void"])
def test_what_is_settled_is_not_reminded_of_even_when_the_mail_waits_already(client, clock, settle):
    first, second = bill(client, 10_000), bill(client, 10_000)
    settle(first)
    assert remind(clock, 7) == 1
    settle(second)
    assert mails() == []


def test_a_client_who_wants_no_reminders_gets_none(client, clock):
    bill(client, 10_000)
    with transaction():
        client.wants_payment_reminders = False
    assert remind(clock, 30) == 0


def test_a_client_without_an_address_waits_until_there_is_one_and_is_listed(clock):
    nobody = make_client(name="Nobody there")
    bill(nobody, 10_000)
    assert remind(clock, 8) == 0
    assert [row.name for row in reminding.unreachable(DUE + timedelta(days=8))] == ["Nobody there"]
    make_contact(nobody)
    assert remind(clock, 9) == 1
    assert reminding.unreachable(DUE + timedelta(days=9)) == []


def test_no_steps_mean_no_reminders(client, clock):
    bill(client, 10_000)
    with transaction():
        company.change(values={"reminder_steps": ""}, by=None, at=clock.instant)
    assert remind(clock, 30) == 0
    assert reminding.unreachable(DUE + timedelta(days=30)) == []


def test_one_bad_address_does_not_stop_the_others(client, clock):
    bad = make_client(name="Bad")
    make_contact(bad, email="no address at all")
    bill(bad, 10_000)
    bill(client, 10_000)
    clock.set(DUE + timedelta(days=7))
    assert batches.remind_of_payments(DUE + timedelta(days=7)) == 2
    assert [to for to, *_ in mails()] == ["pay@acme.example"]
    parked = sa.select(Delivery.error).where(Delivery.parked_at.is_not(None))
    assert "is not an address" in db.session.scalars(parked).one()
