"""The password, the counted guesses, and the sessions that come of it (S7, S8)."""

import pytest
import sqlalchemy as sa

from portal.db import db, transaction
from portal.domain import company, staff, vault
from portal.domain.errors import NotFound
from portal.domain.staff import Step, queries, sign_in
from portal.domain.staff.models import LoginAttempt, UserSession
from portal.domain.staff.rules import TooManyAttempts
from portal.outbox.models import EventRecord

PASSWORD = "correct horse bottle"
HOME, ELSEWHERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def tom(session, clock, cast):
    with transaction():
        staff.change_password(user_id=cast.tom.id, password=PASSWORD, by=cast.tom.id, at=clock.instant)
    return cast.tom


def guess(clock, email, password=PASSWORD, *, address=HOME, demo_allowed=True):
    with transaction():
        attempt_id = sign_in.claim_attempt(
            account=email, address=address, step=Step.PASSWORD, at=clock.instant
        )
    with transaction():
        return sign_in.authenticate(
            email=email, password=password, attempt_id=attempt_id, demo_allowed=demo_allowed, at=clock.instant
        )


def open_session(user, clock, **facts):
    with transaction():
        return sign_in.open_session(user=user, address=HOME, user_agent="test", at=clock.instant, **facts)


def is_open(token, clock):
    return queries.browser_of(token, at=clock.instant) is not None


def failures_recorded():
    return db.session.scalar(
        sa.select(sa.func.count()).select_from(EventRecord).filter_by(kind="sign_in_failed")
    )


def test_the_right_password_names_the_person(tom, clock):
    assert guess(clock, tom.email.upper()) == tom


@pytest.mark.parametrize("email", ["", "nobody@msp.example", "tom", "a\0b@msp.example"])
def test_an_unknown_address_is_nobody(tom, clock, email):
    assert guess(clock, email) is None


def test_a_wrong_password_is_recorded_with_its_address(tom, clock):
    assert guess(clock, tom.email, "correct horse bottles") is None

    record = db.session.scalar(sa.select(EventRecord).filter_by(kind="sign_in_failed"))
    assert (record.subject_id, record.payload["address"]) == (tom.id, HOME)
    assert "correct" not in str(record.payload)


def test_who_is_deactivated_is_nobody(tom, clock):
    with transaction():
        staff.deactivate(user_id=tom.id, by=None, at=clock.instant)

    assert guess(clock, tom.email) is None


def test_who_was_only_invited_is_nobody(cast, clock):
    assert guess(clock, cast.vic.email) is None


def test_a_demo_password_opens_nothing_in_production(cast, clock):
    with transaction():
        staff.set_demo_password(password=PASSWORD, by=None, at=clock.instant)

    assert guess(clock, cast.vic.email) == cast.vic
    assert guess(clock, cast.vic.email, demo_allowed=False) is None


def test_after_ten_wrong_guesses_even_the_right_one_is_refused(tom, clock):
    for _ in range(10):
        assert guess(clock, tom.email, "wrong wrong wrong") is None

    with pytest.raises(TooManyAttempts):
        guess(clock, tom.email)
    clock.advance(minutes=15)
    assert guess(clock, tom.email) == tom


def test_guesses_are_counted_for_each_account_and_address(tom, clock):
    for _ in range(10):
        guess(clock, tom.email, "wrong wrong wrong")

    assert guess(clock, tom.email, address=ELSEWHERE) == tom
    assert guess(clock, "somebody.else@msp.example") is None


def test_guesses_at_nobody_are_counted_as_well(session, clock):
    for _ in range(10):
        guess(clock, "nobody@msp.example")

    with pytest.raises(TooManyAttempts):
        guess(clock, "Nobody@msp.example ")


def test_a_right_guess_gives_its_count_back_and_no_other(tom, clock):
    for _ in range(9):
        guess(clock, tom.email, "wrong wrong wrong")
    for _ in range(3):
        assert guess(clock, tom.email) == tom
    guess(clock, tom.email, "wrong wrong wrong")

    with pytest.raises(TooManyAttempts):
        guess(clock, tom.email)


def test_a_flood_of_guesses_does_not_fill_the_audit_trail(tom, clock):
    for address in range(30):
        guess(clock, tom.email, "wrong wrong wrong", address=f"192.0.2.{address}")

    assert failures_recorded() == 10


def test_the_account_of_a_guess_is_kept_as_a_hash(session, clock):
    guess(clock, "my secret password typed into the wrong field")

    assert "secret" not in str(session.execute(sa.select(LoginAttempt.__table__)).all())


def test_a_session_is_kept_as_a_hash(tom, clock):
    token = open_session(tom, clock)

    assert token not in str(db.session.execute(sa.select(UserSession.__table__)).all())
    assert queries.browser_of(token, at=clock.instant).user == tom
    assert queries.browser_of(vault.fingerprint(token), at=clock.instant) is None


def test_a_session_ends_with_the_sign_out(tom, clock):
    token = open_session(tom, clock)
    with transaction():
        sign_in.sign_out(token=token, by=tom.id, at=clock.instant)

    assert not is_open(token, clock)


def change_password(tom, at):
    staff.change_password(user_id=tom.id, password="violet lamp trout", by=tom.id, at=at)


def change_role(tom, at):
    staff.change_role(user_id=tom.id, role="viewer", by=None, at=at)


def deactivate(tom, at):
    staff.deactivate(user_id=tom.id, by=None, at=at)


def deactivate_and_reactivate(tom, at):
    staff.deactivate(user_id=tom.id, by=None, at=at)
    staff.reactivate(user_id=tom.id, by=None, at=at)


def use_link(tom, at):
    link = staff.make_reset_link(user_id=tom.id, by=None, at=at)
    staff.use_link(token=queries.token_of(link), password="violet lamp trout", at=at)


@pytest.mark.parametrize(
    "change", [change_password, change_role, deactivate, deactivate_and_reactivate, use_link]
)
def test_every_session_ends_with_a_change_of_what_it_stood_on(tom, clock, change):
    tokens = [open_session(tom, clock), open_session(tom, clock)]
    with transaction():
        change(tom, clock.instant)

    assert not any(is_open(token, clock) for token in tokens)


def test_an_idle_session_ends_after_half_an_hour(tom, clock):
    token = open_session(tom, clock)
    clock.advance(minutes=29)
    assert is_open(token, clock)
    clock.advance(minutes=1)
    assert not is_open(token, clock)


def test_a_session_in_use_ends_after_twelve_hours(tom, clock):
    token = open_session(tom, clock)
    for _ in range(12 * 3 - 1):
        clock.advance(minutes=20)
        with transaction():
            sign_in.touch(queries.browser_of(token, at=clock.instant).session.id, at=clock.instant)
    assert is_open(token, clock)
    clock.advance(minutes=20)
    assert not is_open(token, clock)


def test_an_admin_sets_how_long_sessions_last(tom, clock):
    with transaction():
        company.change(values={"idle_minutes": 5, "session_hours": 1}, by=None, at=clock.instant)
    token = open_session(tom, clock)

    clock.advance(minutes=5)
    assert not is_open(token, clock)
    assert db.session.scalar(sa.select(UserSession.expires_at)).hour == 13


def test_people_end_their_own_sessions_only(tom, clock, cast):
    token = open_session(cast.ana, clock)
    session_id = queries.browser_of(token, at=clock.instant).session.id

    with pytest.raises(NotFound), transaction():
        sign_in.revoke_session(user_id=tom.id, session_id=session_id, by=tom.id, at=clock.instant)
    assert is_open(token, clock)


def test_all_other_browsers_are_signed_out_at_once(tom, clock):
    here, *others = [open_session(tom, clock) for _ in range(3)]
    keep_id = queries.browser_of(here, at=clock.instant).session.id
    with transaction():
        ended = sign_in.revoke_other_sessions(user_id=tom.id, keep_id=keep_id, by=tom.id, at=clock.instant)

    assert ended == 2
    assert is_open(here, clock)
    assert not any(is_open(token, clock) for token in others)
    assert [each.id for each in queries.sessions_of(tom.id, at=clock.instant)] == [keep_id]


def test_what_is_old_is_forgotten(tom, clock):
    guess(clock, tom.email, "wrong wrong wrong")
    open_session(tom, clock)
    clock.advance(days=31)
    with transaction():
        sign_in.forget_old(at=clock.instant)

    assert db.session.scalar(sa.select(sa.func.count()).select_from(LoginAttempt)) == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(UserSession)) == 0
