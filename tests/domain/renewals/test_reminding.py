"""Reminders: each stage once for each term, a missed day made up, the most urgent of several, to whom they go."""

from collections import Counter
from datetime import date, timedelta
from email import message_from_bytes, policy

import pytest
import sqlalchemy as sa
from flask import current_app

from portal.db import db, transaction
from portal.domain import company, lifecycle, renewals
from portal.domain.renewals import grace
from portal.domain.renewals.models import RenewalReminder
from portal.domain.staff import Role
from portal.jobs import batches
from portal.jobs.worker import drain_all
from tests.domain.renewals.desk import act, days, fresh, running, terms, told
from tests.factories import make_client, make_contact, make_user

pytestmark = pytest.mark.usefixtures("session")
START, ENDS = date(2026, 1, 15), date(2027, 1, 15)


def remind(hand, days_before):
    day = ENDS - timedelta(days=days_before)
    hand.set(day)
    return batches.remind_of_renewals(day)


def stages(service_id):
    kept = sa.select(RenewalReminder).filter_by(client_service_id=service_id).order_by(RenewalReminder.id)
    return [(each.term_start, each.stage_days) for each in db.session.scalars(kept)]


def test_thirty_fourteen_and_seven_days_before_and_once_each(clock):
    service_id = running(clock, START)
    told_on = [before for before in range(40, -1, -1) for _ in range(2) if remind(clock, before)]
    assert told_on == [30, 14, 7]
    assert stages(service_id) == [(ENDS, 30), (ENDS, 14), (ENDS, 7)]
    assert [each["stage_days"] for each in told("service_due_for_renewal", service_id)] == [30, 14, 7]


def test_of_several_late_ones_only_the_most_urgent_goes_out(clock):
    service_id = running(clock, START)
    assert [before for before in (5, 4, 3) if remind(clock, before)] == [5]
    assert stages(service_id) == [(ENDS, 7)]


def test_after_the_day_nobody_is_reminded(clock):
    running(clock, START)
    clock.set(ENDS + timedelta(days=1))
    assert batches.remind_of_renewals(ENDS + timedelta(days=1)) == 0


@pytest.mark.parametrize("over", ["deny", "cancel"])
def test_who_leaves_is_not_reminded(clock, over):
    service_id = running(clock, START, today=date(2026, 12, 1))
    if over == "deny":
        act(renewals.deny, service_id=service_id, reason="no")
    else:
        act(lifecycle.cancel, service_id=service_id, effective_on=ENDS, reason="no")
    assert remind(clock, 30) == 0


def test_the_stages_are_a_setting(clock):
    service_id = running(clock, START)
    with transaction():
        company.change(values={"renewal_reminder_days": "60, 1"}, by=None, at=clock.instant)
    assert [before for before in range(70, -1, -1) if remind(clock, before)] == [60, 1]
    with transaction():
        company.change(values={"renewal_reminder_days": ""}, by=None, at=clock.instant)
    assert remind(clock, 0) == 0
    assert len(stages(service_id)) == 2


@pytest.fixture
def mails():
    folder = current_app.extensions["settings"].mail_folder
    before = set(folder.glob("*.eml")) if folder.exists() else set()

    def sent():
        drain_all(["mail"])
        fresh_ones = set(folder.glob("*.eml")) - before
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(fresh_ones)]

    yield sent
    for path in set(folder.glob("*.eml")) - before:
        path.unlink()


def test_the_client_s_contacts_for_renewals_are_told_if_the_client_wants_it(clock, mails):
    clock.set(START)
    ana = make_user(name="Ana Reyes", role=Role.ACCOUNT_MANAGER)
    for wants in (True, False):
        client = make_client(
            wants_renewal_notices=wants, account_manager_id=ana.id, name=f"Acme & Sons {wants}"
        )
        make_contact(client, email=f"owner-{str(wants).lower()}@acme.example", roles=["renewal"])
        make_contact(client, email=f"pay-{wants}@acme.example", roles=["billing"])
        running(clock, START, client=client)
    assert remind(clock, 30) == 2
    (mail,) = [each for each in mails() if "acme.example" in each["To"]]
    assert mail["To"] == "owner-true@acme.example"
    assert mail["Reply-To"] == ana.email
    assert "renews on" in mail["Subject"]
    text = mail.get_body(("plain",)).get_content()
    assert "1,000.00" in text
    assert "12 months" in text
    assert "Ana Reyes" in text


def test_a_mail_that_nobody_wants_any_more_is_not_sent(clock, mails):
    client = make_client(wants_renewal_notices=True)
    make_contact(client, email="owner@acme.example", roles=["renewal"])
    service_id = running(clock, START, client=client)
    remind(clock, 14)
    act(renewals.deny, service_id=service_id, reason="no")
    assert [each["To"] for each in mails() if each["To"] == "owner@acme.example"] == []


@pytest.mark.parametrize(
    ("off", "last"), [(0, date(2027, 4, 30)), *((off, date(2026, 6, 20)) for off in (1, 2, 3, 5, 7, 10))]
)
def test_day_by_day_no_term_and_no_last_stage_is_missed_whatever_days_the_scheduler_is_off(clock, off, last):
    """Fourteen months without a gap; a term's end and its reminders with gaps of so many days."""
    yearly = running(clock, date(2025, 4, 30), end_date=date(2026, 4, 30))
    quarterly = running(clock, date(2026, 1, 31), renewal_term_months=3, end_date=date(2026, 4, 30))
    by_hand = running(clock, date(2026, 3, 1), auto_renewal=False, end_date=date(2026, 5, 5))
    with transaction():
        for day in list(days(date(2026, 3, 25), last))[:: off + 1]:
            clock.set(day)
            renewals.run(as_of=day, at=clock.instant)
            renewals.remind(as_of=day, at=clock.instant)
            grace.complete_page(as_of=day, after=0, at=clock.instant)
    ended = {
        yearly: [date(2026, 4, 30), date(2027, 4, 30)],
        quarterly: [
            date(2026, 4, 30),
            date(2026, 7, 31),
            date(2026, 10, 31),
            date(2027, 1, 31),
            date(2027, 4, 30),
        ],
    }
    for service_id, starts in ended.items():
        assert [start for start, _, _ in terms(service_id)] == [start for start in starts if start <= last]
    assert fresh(by_hand).status == "completed"
    for service_id in (yearly, quarterly, by_hand):
        seen = stages(service_id)
        assert max(Counter(seen).values()) == 1
        due = date(2026, 5, 5) if service_id == by_hand else date(2026, 4, 30)
        assert ((due, 7) in seen) or off > 7
        assert any(term == due for term, _ in seen)
        assert off or {stage for term, stage in seen if term == due} == {30, 14, 7}
