"""Codes of a telephone, and the codes for when it is lost (S9)."""

import pyotp
import pytest
import sqlalchemy as sa

from portal.db import db, transaction
from portal.domain.errors import Invalid, Refused
from portal.domain.staff import Step, queries, second_step, sign_in
from portal.domain.staff.models import RecoveryCode, User


@pytest.fixture
def tom(session, clock, cast):
    return cast.tom


def set_up(tom, clock):
    """The seed and the recovery codes of a second step that is on; its code of now is used."""
    with transaction():
        second_step.start_set_up(user_id=tom.id, by=tom.id, at=clock.instant)
    seed = second_step.seed_of(tom)
    with transaction():
        codes = second_step.confirm_set_up(
            user_id=tom.id, code=pyotp.TOTP(seed).at(clock.instant), by=tom.id, at=clock.instant
        )
    clock.advance(seconds=60)
    return pyotp.TOTP(seed), codes


def half_way(tom, clock):
    with transaction():
        return sign_in.open_session(
            user=tom, address="192.0.2.1", user_agent="", awaits_code=True, at=clock.instant
        )


def enter(tom, clock, code, token=None):
    token = token or half_way(tom, clock)
    with transaction():
        attempt_id = sign_in.claim_attempt(
            account="tom", address="192.0.2.1", step=Step.CODE, at=clock.instant
        )
    with transaction():
        waiting = queries.awaiting_code(token, at=clock.instant)
        return second_step.pass_code(session=waiting, code=code, attempt_id=attempt_id, at=clock.instant)


def test_it_is_on_once_its_first_code_was_entered(tom, clock):
    with transaction():
        second_step.start_set_up(user_id=tom.id, by=tom.id, at=clock.instant)
    assert not tom.has_totp
    with pytest.raises(Invalid), transaction():
        second_step.confirm_set_up(user_id=tom.id, code="000000", by=tom.id, at=clock.instant)
    assert not tom.has_totp

    set_up(tom, clock)
    assert tom.has_totp


def test_the_seed_is_nowhere_in_clear(tom, clock):
    totp, _ = set_up(tom, clock)

    stored = db.session.scalar(sa.select(User.totp_secret).filter_by(id=tom.id))
    assert totp.secret not in stored
    with pytest.raises(Refused):
        second_step.seed_of(tom)


@pytest.mark.parametrize("away", [-30, 0, 30])
def test_a_code_is_right_one_step_early_or_late(tom, clock, away):
    totp, _ = set_up(tom, clock)

    assert enter(tom, clock, totp.at(int(clock.instant.timestamp()) + away)) == "code"


@pytest.mark.parametrize("away", [-60, 60])
def test_a_code_two_steps_away_is_wrong(tom, clock, away):
    totp, _ = set_up(tom, clock)

    assert enter(tom, clock, totp.at(int(clock.instant.timestamp()) + away)) is None


def test_a_code_is_taken_once(tom, clock):
    totp, _ = set_up(tom, clock)
    code = totp.at(clock.instant)

    assert enter(tom, clock, code) == "code"
    assert enter(tom, clock, code) is None
    clock.advance(seconds=30)
    assert enter(tom, clock, code) is None


def test_an_earlier_code_is_refused_after_a_later_one(tom, clock):
    totp, _ = set_up(tom, clock)
    now = int(clock.instant.timestamp())

    assert enter(tom, clock, totp.at(now)) == "code"
    assert enter(tom, clock, totp.at(now - 30)) is None


@pytest.mark.parametrize("code", ["", "0", "abcdef", "１２３４５６", "12345\0", "9" * 40])
def test_what_is_no_code_is_wrong(tom, clock, code):
    set_up(tom, clock)

    assert enter(tom, clock, code) is None


def test_a_recovery_code_works_once_however_it_is_written(tom, clock):
    _, codes = set_up(tom, clock)

    assert len(set(codes)) == 10
    assert enter(tom, clock, f" {codes[0].upper().replace('-', ' ')} ") == "recovery code"
    assert enter(tom, clock, codes[0]) is None
    assert queries.recovery_codes_left(tom.id) == 9


def test_recovery_codes_are_kept_as_hashes_for_one_person(tom, clock, cast):
    _, codes = set_up(tom, clock)
    set_up(cast.ana, clock)

    assert codes[0] not in str(db.session.execute(sa.select(RecoveryCode.__table__)).all())
    assert enter(cast.ana, clock, codes[0]) is None


def test_new_recovery_codes_end_the_earlier_ones(tom, clock):
    _, earlier = set_up(tom, clock)
    with transaction():
        fresh = second_step.make_recovery_codes(user_id=tom.id, by=tom.id, at=clock.instant)

    assert enter(tom, clock, earlier[0]) is None
    assert enter(tom, clock, fresh[0]) == "recovery code"


def test_a_right_code_ends_the_half_way_session(tom, clock):
    totp, _codes = set_up(tom, clock)
    token = half_way(tom, clock)
    assert queries.browser_of(token, at=clock.instant) is None

    assert enter(tom, clock, totp.at(clock.instant), token) == "code"
    assert queries.awaiting_code(token, at=clock.instant) is None


def test_a_half_way_session_lasts_ten_minutes(tom, clock):
    set_up(tom, clock)
    token = half_way(tom, clock)
    clock.advance(minutes=10)

    assert queries.awaiting_code(token, at=clock.instant) is None


def test_once_off_nothing_of_it_is_left(tom, clock):
    _totp, codes = set_up(tom, clock)
    with transaction():
        second_step.remove(user_id=tom.id, by=tom.id, at=clock.instant)

    assert (tom.totp_secret, tom.has_totp, queries.recovery_codes_left(tom.id)) == (None, False, 0)
    assert enter(tom, clock, codes[0]) is None
    with pytest.raises(Refused), transaction():
        second_step.remove(user_id=tom.id, by=tom.id, at=clock.instant)


def test_it_is_not_set_up_twice(tom, clock):
    set_up(tom, clock)

    with pytest.raises(Refused), transaction():
        second_step.start_set_up(user_id=tom.id, by=tom.id, at=clock.instant)
