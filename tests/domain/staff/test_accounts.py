"""Accounts: added, invited, changed, closed; each with its record."""

import pytest
import sqlalchemy as sa

from portal import clock
from portal.db import db, transaction
from portal.domain import staff
from portal.domain.errors import Invalid, Refused
from portal.domain.staff import Role, queries
from portal.domain.staff.models import AccountState, LinkPurpose, OneTimeLink
from portal.outbox.models import EventRecord
from tests.factories import make_user

PASSWORD = "correct horse bottle"


def act(verb, **facts):
    with transaction():
        return verb(**facts, at=clock.now())


def events_of(user):
    records = (
        sa.select(EventRecord).filter_by(subject_type="user", subject_id=user.id).order_by(EventRecord.id)
    )
    return db.session.scalars(records).all()


def test_an_account_is_added_once_for_an_address(session):
    act(staff.add, email=" Eve.Stone@MSP.example ", name="Eve  Stone", role=Role.FINANCE, by=None)

    assert queries.by_email("eve.stone@msp.example").role is Role.FINANCE
    with pytest.raises(Invalid) as refusal:
        act(staff.add, email="EVE.stone@msp.example", name="Another Eve", role=Role.VIEWER, by=None)
    assert "already" in refusal.value.faults["email"]


@pytest.mark.parametrize(
    ("field", "value"), [("email", "nonsense"), ("email", "a@b"), ("name", "  "), ("role", "owner")]
)
def test_what_is_no_account_is_refused_by_field(session, field, value):
    facts = {"email": "eve@msp.example", "name": "Eve Stone", "role": "viewer"} | {field: value}

    with pytest.raises(Invalid) as refusal:
        act(staff.add, **facts, by=None)
    assert list(refusal.value.faults) == [field]


def test_an_invitation_sets_the_first_password(session, clock, cast):
    link = act(staff.invite, email="eve@msp.example", name="Eve Stone", role=Role.VIEWER, by=cast.adi.id)
    eve = queries.by_email("eve@msp.example")
    assert eve.state is AccountState.INVITED
    assert link.purpose is LinkPurpose.INVITE

    act(staff.use_link, token=queries.token_of(link), password=PASSWORD)

    assert eve.state is AccountState.ACTIVE
    assert [each.kind for each in events_of(eve)] == [
        "user_added",
        "one_time_link_made",
        "user_invited",
        "password_changed",
    ]


def test_a_link_works_once(session, clock, cast):
    token = queries.token_of(act(staff.make_reset_link, user_id=cast.tom.id, by=cast.adi.id))
    act(staff.use_link, token=token, password=PASSWORD)

    assert queries.link_of(token, at=clock.instant) is None
    with pytest.raises(Refused):
        act(staff.use_link, token=token, password="violet lamp trout")


def test_a_link_works_for_an_hour(session, clock, cast):
    token = queries.token_of(act(staff.make_reset_link, user_id=cast.tom.id, by=None))

    clock.advance(minutes=59)
    assert queries.person_of(token, at=clock.instant) == cast.tom
    clock.advance(minutes=1)
    assert queries.person_of(token, at=clock.instant) is None


def test_the_database_refuses_a_link_that_lives_longer(session, cast):
    with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
        session.execute(
            sa.text(
                "INSERT INTO one_time_links (user_id, purpose, nonce, created_at, expires_at)"
                " VALUES (:user_id, 'reset', 'x', now(), now() + interval '61 minutes')"
            ),
            {"user_id": cast.tom.id},
        )


def test_a_newer_link_ends_the_earlier_one(session, clock, cast):
    first = queries.token_of(act(staff.make_reset_link, user_id=cast.tom.id, by=None))
    second = queries.token_of(act(staff.make_reset_link, user_id=cast.tom.id, by=None))

    assert queries.person_of(first, at=clock.instant) is None
    assert queries.person_of(second, at=clock.instant) == cast.tom


@pytest.mark.parametrize("token", ["", "x", "1", "-", "1-", "1-x", "x-1", "9" * 30 + "-x", "١-x", "1-\0"])
def test_a_made_up_token_opens_nothing(session, clock, cast, token):
    act(staff.make_reset_link, user_id=cast.tom.id, by=None)

    assert queries.link_of(token, at=clock.instant) is None


def test_the_token_is_nowhere_in_the_database(session, clock, cast):
    link = act(staff.make_reset_link, user_id=cast.tom.id, by=None)
    number, _, signature = queries.token_of(link).partition("-")

    row = session.execute(sa.select(OneTimeLink.__table__).filter_by(id=int(number))).one()
    assert signature not in str(row)
    assert signature not in str([each.payload for each in events_of(cast.tom)])


def test_asking_for_a_link_for_nobody_makes_none(session, cast):
    act(staff.ask_for_reset, email="nobody@msp.example")

    assert session.scalar(sa.select(sa.func.count()).select_from(OneTimeLink)) == 0


def test_nobody_who_is_deactivated_gets_a_link(session, cast):
    act(staff.deactivate, user_id=cast.tom.id, by=cast.adi.id)
    act(staff.ask_for_reset, email=cast.tom.email)

    assert session.scalar(sa.select(sa.func.count()).select_from(OneTimeLink)) == 0
    with pytest.raises(Refused, match="deactivated"):
        act(staff.make_reset_link, user_id=cast.tom.id, by=cast.adi.id)


def test_deactivating_ends_the_open_link(session, clock, cast):
    token = queries.token_of(act(staff.make_reset_link, user_id=cast.tom.id, by=None))
    act(staff.deactivate, user_id=cast.tom.id, by=cast.adi.id)
    act(staff.reactivate, user_id=cast.tom.id, by=cast.adi.id)

    assert queries.person_of(token, at=clock.instant) is None


def test_the_present_password_is_no_new_password(session, cast):
    act(staff.change_password, user_id=cast.tom.id, password=PASSWORD, by=cast.tom.id)

    with pytest.raises(Invalid, match="have now"):
        act(staff.change_password, user_id=cast.tom.id, password=PASSWORD, by=cast.tom.id)


def test_a_role_change_is_recorded_with_before_and_after(session, cast):
    act(staff.change_role, user_id=cast.tom.id, role="finance", by=cast.adi.id)

    record = events_of(cast.tom)[-1]
    assert (record.kind, record.actor_id) == ("role_changed", cast.adi.id)
    assert record.payload["changes"] == {"role": ["technician", "finance"]}


def test_the_same_role_again_changes_nothing(session, cast):
    before = (cast.tom.epoch, len(events_of(cast.tom)))
    act(staff.change_role, user_id=cast.tom.id, role="technician", by=cast.adi.id)

    assert (cast.tom.epoch, len(events_of(cast.tom))) == before


def test_nobody_changes_or_closes_their_own_account_as_admin(session, cast):
    make_user(role=Role.ADMIN)

    with pytest.raises(Refused, match="own role"):
        act(staff.change_role, user_id=cast.adi.id, role="viewer", by=cast.adi.id)
    with pytest.raises(Refused, match="own account"):
        act(staff.deactivate, user_id=cast.adi.id, by=cast.adi.id)


def test_the_last_active_admin_stays(session, cast):
    other = make_user(role=Role.ADMIN)
    act(staff.deactivate, user_id=other.id, by=cast.adi.id)

    with pytest.raises(Refused, match="last active admin"):
        act(staff.change_role, user_id=cast.adi.id, role="viewer", by=None)
    with pytest.raises(Refused, match="last active admin"):
        act(staff.deactivate, user_id=cast.adi.id, by=None)
    act(staff.change_role, user_id=other.id, role="viewer", by=cast.adi.id)
    assert other.role is Role.VIEWER


def test_a_profile_takes_name_zone_and_theme(session, cast):
    wanted = {"name": "Thomas Vale", "timezone": "Europe/Vienna", "theme": "dark"}
    act(staff.edit_profile, user_id=cast.tom.id, **wanted, by=cast.tom.id)

    assert {key: getattr(cast.tom, key) for key in wanted} == wanted
    assert events_of(cast.tom)[-1].payload["changes"]["timezone"] == [None, "Europe/Vienna"]


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("name", "x" * 121), ("timezone", "Mars/Olympus"), ("theme", "pink")]
)
def test_a_profile_refuses_by_field(session, cast, field, value):
    wanted = {"name": "Thomas Vale", "timezone": None, "theme": "auto"} | {field: value}

    with pytest.raises(Invalid) as refusal:
        act(staff.edit_profile, user_id=cast.tom.id, **wanted, by=cast.tom.id)
    assert list(refusal.value.faults) == [field]


def test_the_demo_password_is_given_to_those_who_have_none(session, cast):
    act(staff.change_password, user_id=cast.adi.id, password=PASSWORD, by=cast.adi.id)

    assert act(staff.set_demo_password, password="a demo for everybody", by=None) == 4
    assert cast.tom.has_demo_password
    assert not cast.adi.has_demo_password


def test_lists_of_people_leave_out_who_is_gone(session, cast):
    act(staff.deactivate, user_id=cast.tom.id, by=cast.adi.id)

    assert queries.active(Role.TECHNICIAN, Role.ADMIN) == [cast.adi]
    assert queries.who_may(staff.Permission.BILLING) == [cast.adi, cast.fay]
