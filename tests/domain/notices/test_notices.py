"""Who is told what, by which channel, and only once (rule book 8)."""

import email
from email.policy import default

import pytest
import sqlalchemy as sa

from portal import clock as portal_clock
from portal.db import db, transaction
from portal.domain import lifecycle, notices, staff
from portal.domain.errors import NotFound
from portal.domain.notices.models import Notice
from portal.domain.notices.queries import unread
from portal.domain.words import Channel, NoticeStatus
from portal.jobs.worker import drain_all
from portal.outbox import EventRecord
from tests.factories import make_client, make_service, make_user

pytestmark = pytest.mark.usefixtures("session", "clock")


@pytest.fixture
def mails(app):
    """The mails written since the test began, parsed."""
    folder = app.extensions["settings"].mail_folder
    # Numbers of deliveries come again in an emptied database, and with them the names of files.
    for path in folder.glob("*.eml"):
        path.unlink()
    return lambda: [
        email.message_from_bytes(path.read_bytes(), policy=default) for path in folder.glob("*.eml")
    ]


@pytest.fixture
def service(cast):
    backup = make_user(name="Bea Holt")
    return make_service(
        client=make_client(name="Zoë & 株式会社", account_manager_id=cast.ana.id),
        name="Backup <b>bold</b>",
        technician_id=cast.tom.id,
        backup_technician_id=backup.id,
        provisioned=True,
    )


def told(kind):
    rows = sa.select(Notice).filter_by(kind=kind).order_by(Notice.id)
    return db.session.scalars(rows).all()


def activate(service):
    with transaction():
        lifecycle.activate(service_id=service.id, by=None, at=portal_clock.now())
    drain_all()


def test_activation_is_told_to_the_team_once_by_both_channels(cast, service, mails):
    activate(service)
    people = {(notice.user_id, notice.channel) for notice in told("service_activated")}
    team = {cast.ana.id, cast.tom.id, cast.adi.id, service.backup_technician_id}
    assert people == {(person, channel) for person in team for channel in Channel}
    assert {notice.status for notice in told("service_activated")} == {NoticeStatus.SENT}
    assert len(mails()) == len(team)


def test_a_person_with_two_parts_is_told_once(cast, mails):
    service = make_service(
        client=make_client(account_manager_id=cast.adi.id), technician_id=cast.adi.id, provisioned=True
    )
    activate(service)
    assert [n.channel for n in told("service_activated")] == [Channel.IN_APP, Channel.EMAIL]


def test_telling_twice_tells_once(cast, service, mails):
    activate(service)
    event = db.session.scalars(sa.select(EventRecord).filter_by(kind="service_activated")).one()
    with transaction():
        again = notices.notify(
            event_id=event.id,
            kind=event.kind,
            service_id=service.id,
            facts=event.payload,
            at=portal_clock.now(),
        )
    assert again == []


def test_who_does_not_want_a_channel_gets_none(cast, service, mails):
    with transaction():
        notices.prefer(
            kind="service_activated",
            channel=Channel.EMAIL,
            is_wanted=False,
            by=cast.ana.id,
            at=portal_clock.now(),
        )
    activate(service)
    assert [n.channel for n in told("service_activated") if n.user_id == cast.ana.id] == [Channel.IN_APP]


def test_the_suspension_mail_has_both_forms_a_button_and_the_reason(cast, service, mails):
    activate(service)
    with transaction():
        lifecycle.suspend(
            service_id=service.id, reason="unpaid <script>", by=cast.ana.id, at=portal_clock.now()
        )
    drain_all()
    mail = next(each for each in mails() if "suspended" in each["Subject"] and each["To"] == cast.tom.email)
    text = mail.get_body(("plain",)).get_content()
    page = mail.get_body(("html",)).get_content()
    link = f"http://127.0.0.1:8000/services/{service.id}"
    assert mail["Subject"] == "Backup <b>bold</b> of Zoë & 株式会社 is suspended"
    assert "Reason: unpaid <script>" in text and link in text
    assert f'href="{link}"' in page and "<script>" not in page and "<b>bold" not in page
    assert mail["Message-ID"].startswith("<delivery-")


def test_no_name_makes_a_header(cast, mails):
    service = make_service(
        name="Backup\r\nBcc: evil@example.com", technician_id=cast.tom.id, provisioned=True
    )
    activate(service)
    assert mails() and all(each["Bcc"] is None for each in mails())


def test_the_bell_counts_what_is_unread_and_only_ones_own(cast, service, mails):
    activate(service)
    assert unread(cast.ana.id)[0] == 1
    mine, theirs = (
        next(n for n in told("service_activated") if n.user_id == who.id) for who in (cast.ana, cast.tom)
    )
    with pytest.raises(NotFound), transaction():
        notices.read(notice_id=theirs.id, by=cast.ana.id, at=portal_clock.now())
    with transaction():
        notices.read(notice_id=mine.id, by=cast.ana.id, at=portal_clock.now())
    assert unread(cast.ana.id)[0] == 0
    assert unread(cast.tom.id)[0] == 2  # one more: the service waited to be set up


def test_an_invitation_carries_a_link_that_works(cast, mails):
    with transaction():
        staff.invite(
            email="new@msp.example", name="New", role=staff.Role.VIEWER, by=cast.adi.id, at=portal_clock.now()
        )
    drain_all()
    (mail,) = mails()
    assert mail["To"] == "new@msp.example"
    assert "http://127.0.0.1:8000/password/" in mail.get_body(("plain",)).get_content()
