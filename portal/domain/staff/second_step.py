"""The second step: codes of a telephone (TOTP), and recovery codes for when it is lost."""

import base64
import secrets
from datetime import datetime

import pyotp
import sqlalchemy as sa

from portal.db import db, lock
from portal.domain import vault
from portal.domain.errors import Invalid, Refused
from portal.domain.events import RecoveryCodesMade, SecondStepRemoved, SecondStepSetUp
from portal.domain.staff import rules
from portal.domain.staff.models import RecoveryCode, User, UserSession
from portal.domain.staff.sign_in import forget_attempt, note_failure
from portal.signals import send

STEP_S = 30


def start_set_up(*, user_id: int, by: int, at: datetime) -> None:
    """Make a seed to scan; the second step is on once its first code was entered."""
    user = lock(User, user_id)
    if user.has_totp:
        raise Refused("The second step is on already. Turn it off before you set it up on another device.")
    user.totp_secret = vault.seal(pyotp.random_base32())


def seed_of(user: User) -> str:
    """The seed in clear, for the QR code of a set-up under way. Raises Refused when there is none to show."""
    if user.totp_secret is None or user.has_totp:
        raise Refused("No set-up is under way. Start it from your profile.")
    return vault.unseal(user.totp_secret)


def uri_of(user: User, *, issuer: str) -> str:
    """What the QR code says to an authenticator app."""
    return pyotp.TOTP(seed_of(user)).provisioning_uri(name=user.email, issuer_name=issuer)


def confirm_set_up(*, user_id: int, code: str, by: int, at: datetime) -> list[str]:
    """Turn the second step on; the recovery codes, to be shown once. Raises Invalid for a wrong code."""
    user = lock(User, user_id)
    seed_of(user)
    if not _take_totp(user, code, at=at):
        raise Invalid(
            faults={"code": "This code is not right. Check the clock of the device and enter the next one."}
        )
    user.totp_confirmed_at = at
    send(SecondStepSetUp(user_id=user_id), by=by, at=at)
    return _new_codes(user_id)


def make_recovery_codes(*, user_id: int, by: int, at: datetime) -> list[str]:
    """Fresh codes, to be shown once; the earlier ones are worth nothing from now on."""
    user = lock(User, user_id)
    if not user.has_totp:
        raise Refused("Recovery codes belong to a second step. Set it up first.")
    send(RecoveryCodesMade(user_id=user_id), by=by, at=at)
    return _new_codes(user_id)


def remove(*, user_id: int, by: int | None, at: datetime) -> None:
    """Turn the second step off, by the person or by an admin for somebody who lost the device."""
    user = lock(User, user_id)
    if user.totp_secret is None:
        raise Refused(f"{user.name} has no second step to remove.")
    user.totp_secret = user.totp_confirmed_at = user.totp_last_step = None
    db.session.execute(sa.delete(RecoveryCode).filter_by(user_id=user_id))
    send(SecondStepRemoved(user_id=user_id), by=by, at=at)


def pass_code(*, session: UserSession, code: str, attempt_id: int, at: datetime) -> str | None:
    """Take a code for a session that awaits one: "code", "recovery code", or None when it is wrong.

    The half-way session ends with a right code: the caller opens a whole one, under a new token.
    """
    user = lock(User, session.user_id)
    how = (
        "code"
        if _take_totp(user, code, at=at)
        else "recovery code"
        if _take_recovery(user, code, at=at)
        else None
    )
    if how is None:
        note_failure(user, attempt_id, at=at)
        return None
    session.revoked_at = at
    forget_attempt(attempt_id)
    return how


def _take_totp(user: User, code: str, *, at: datetime) -> bool:
    """Whether the code is right now, one step early or late; each step's code is taken once only."""
    if user.totp_secret is None:
        return False
    totp = pyotp.TOTP(vault.unseal(user.totp_secret), interval=STEP_S)
    digits = "".join(code.split())
    now = int(at.timestamp()) // STEP_S
    fresh = [step for step in (now - 1, now, now + 1) if step > (user.totp_last_step or 0)]
    right = [
        step for step in fresh if secrets.compare_digest(totp.at(step * STEP_S).encode(), digits.encode())
    ]
    if right:
        user.totp_last_step = right[-1]
    return bool(right)


def _take_recovery(user: User, code: str, *, at: datetime) -> bool:
    if not user.has_totp:
        return False
    unused = sa.update(RecoveryCode).filter_by(user_id=user.id, code_hash=_hash(user.id, code), used_at=None)
    return db.session.scalar(unused.values(used_at=at).returning(RecoveryCode.id)) is not None


def _new_codes(user_id: int) -> list[str]:
    db.session.execute(sa.delete(RecoveryCode).filter_by(user_id=user_id))
    codes = [_new_code() for _ in range(rules.RECOVERY_CODES)]
    db.session.add_all(RecoveryCode(user_id=user_id, code_hash=_hash(user_id, code)) for code in codes)
    return codes


def _new_code() -> str:
    """80 random bits, in groups that can be copied by hand: abcd-efgh-ijkl-mnop."""
    letters = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


def _hash(user_id: int, code: str) -> str:
    """Keyed, so that a dump of the database gives no way to try codes out."""
    return vault.sign("recovery code", f"{user_id} {''.join(filter(str.isalnum, code.lower()))}")
