"""Signing in and out: counted guesses, the password, and the sessions that come of it."""

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa

from portal.db import batch_lock, db
from portal.domain import vault
from portal.domain.company import setting
from portal.domain.errors import NotFound
from portal.domain.events import SignedIn, SignedOut, SignInFailed
from portal.domain.staff import passwords, rules
from portal.domain.staff.models import LoginAttempt, Step, User, UserSession
from portal.domain.staff.queries import by_email
from portal.signals import send


def claim_attempt(*, account: str, address: str, step: Step, at: datetime) -> int:
    """Count a guess before it is made; the id of the count. Raises TooManyAttempts.

    Committed before the guess is checked, and one at a time for each account and address, so that guesses
    made at once, or cut off half-way, count as well. A right guess gives its count back (`forget_attempt`).
    """
    pair = {"account": _key(account), "address": address, "step": step}
    batch_lock(f"login {pair['account']} {address}")
    since = LoginAttempt.at > at - rules.ATTEMPT_WINDOW
    made = db.session.scalars(sa.select(LoginAttempt.at).filter_by(**pair).where(since)).all()
    rules.attempts_left(made, at)
    attempt = LoginAttempt(**pair, at=at)
    db.session.add(attempt)
    db.session.flush()
    return attempt.id


def forget_attempt(attempt_id: int) -> None:
    db.session.execute(sa.delete(LoginAttempt).filter_by(id=attempt_id))


def authenticate(
    *, email: str, password: str, attempt_id: int, demo_allowed: bool, at: datetime
) -> User | None:
    """The person whose password this is, or None; which of the two was wrong is told to nobody.

    demo_allowed: whether a demo password opens anything; never in production.
    """
    user = by_email(email)
    usable = user is not None and user.is_active and (demo_allowed or not user.has_demo_password)
    right = passwords.is_right(password, user.password_hash if user and usable else None)
    if user is None or not right:
        _note_failure(user, attempt_id, at=at)
        return None
    forget_attempt(attempt_id)
    if passwords.is_outdated(user.password_hash or ""):
        user.password_hash = passwords.hashed(password)
    return user


def knows_password(*, user_id: int, password: str, attempt_id: int) -> bool:
    """Whether somebody who is signed in can say the password again, before a sensitive change."""
    user = db.session.get_one(User, user_id)
    if not passwords.is_right(password, user.password_hash):
        return False
    forget_attempt(attempt_id)
    return True


def open_session(
    *,
    user: User,
    address: str,
    user_agent: str,
    second_step: str = "none",
    awaits_code: bool = False,
    at: datetime,
) -> str:
    """The token of a new session, for the cookie only: here is kept its hash.

    awaits_code: the password was right, a code is still to come; such a session opens no page, for minutes.
    """
    token = secrets.token_urlsafe(32)
    life = rules.CODE_STEP_LIFE if awaits_code else timedelta(hours=setting("session_hours"))
    db.session.add(
        UserSession(
            token_hash=vault.fingerprint(token),
            user_id=user.id,
            epoch=user.epoch,
            awaits_code=awaits_code,
            created_at=at,
            seen_at=at,
            expires_at=at + life,
            ip=address[:64],
            user_agent=user_agent[:200],
        )
    )
    if not awaits_code:
        user.last_login_at = at
        send(SignedIn(user_id=user.id, second_step=second_step, address=address), by=user.id, at=at)
    return token


def touch(session_id: int, *, at: datetime) -> None:
    """Somebody is still at this browser."""
    db.session.execute(sa.update(UserSession).filter_by(id=session_id).values(seen_at=at))


def sign_out(*, token: str, by: int, at: datetime) -> None:
    """End the session of this cookie: a copy of the cookie is worth nothing from now on."""
    ended = _revoke(UserSession.token_hash == vault.fingerprint(token), at=at)
    if ended:
        send(SignedOut(user_id=by, what="this session"), by=by, at=at)


def revoke_session(*, user_id: int, session_id: int, by: int, at: datetime) -> None:
    """End another session of the same person. Raises NotFound for one of somebody else."""
    if not _revoke(UserSession.id == session_id, UserSession.user_id == user_id, at=at):
        raise NotFound("There is no such session. It may have ended already.")
    send(SignedOut(user_id=user_id, what="another session"), by=by, at=at)


def revoke_other_sessions(*, user_id: int, keep_id: int, by: int, at: datetime) -> int:
    """End every session of this person but one; how many."""
    ended = _revoke(UserSession.id != keep_id, UserSession.user_id == user_id, at=at)
    if ended:
        send(SignedOut(user_id=user_id, what="all other sessions"), by=by, at=at)
    return ended


def forget_old(*, at: datetime) -> None:
    """Housekeeping: attempts that no longer count, and sessions that ended a month ago."""
    db.session.execute(sa.delete(LoginAttempt).where(LoginAttempt.at < at - rules.ATTEMPT_WINDOW))
    db.session.execute(sa.delete(UserSession).where(UserSession.expires_at < at - timedelta(days=30)))


def _revoke(*which: sa.ColumnElement[bool], at: datetime) -> int:
    live = sa.update(UserSession).where(UserSession.revoked_at.is_(None), *which)
    return len(db.session.scalars(live.values(revoked_at=at).returning(UserSession.id)).all())


def note_failure(user: User, attempt_id: int, *, at: datetime) -> None:
    """Keep a failed guess in the audit trail, ten in 15 minutes at the most: a flood must not fill it."""
    attempt = db.session.get_one(LoginAttempt, attempt_id)
    recent = sa.select(sa.func.count()).select_from(LoginAttempt).filter_by(account=attempt.account)
    if (
        db.session.scalar(recent.where(LoginAttempt.at > at - rules.ATTEMPT_WINDOW)) or 0
    ) <= rules.MAX_ATTEMPTS:
        send(SignInFailed(user_id=user.id, step=attempt.step, address=attempt.address), by=None, at=at)


def _note_failure(user: User | None, attempt_id: int, *, at: datetime) -> None:
    if user is not None:
        note_failure(user, attempt_id, at=at)


def _key(account: str) -> str:
    return vault.fingerprint(account.strip().lower())
