"""Reading users, their sessions and their links."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portal.db import db, fetch
from portal.domain import vault
from portal.domain.company import all_settings, setting
from portal.domain.staff import rules
from portal.domain.staff.models import AccountState, OneTimeLink, RecoveryCode, User, UserSession
from portal.domain.staff.permissions import GRANTS, Permission, Role


def by_email(email: str) -> User | None:
    """Whatever somebody typed; PostgreSQL takes no NUL characters."""
    return db.session.scalar(sa.select(User).filter_by(email=email.replace("\0", "").strip().lower()))


def user(user_id: int) -> User:
    """Raises NotFound."""
    return fetch(User, user_id)


def listing() -> sa.Select[*tuple[Any, ...]]:
    """The users page: id, name, email, role, state, second_step (bool), last_login_at."""
    state = sa.case(
        (~User.is_active, AccountState.DEACTIVATED.value),
        (User.password_hash.is_(None), AccountState.INVITED.value),
        else_=AccountState.ACTIVE.value,
    )
    return sa.select(
        User.id,
        User.name,
        User.email,
        User.role,
        state.label("state"),
        User.totp_confirmed_at.is_not(None).label("second_step"),
        User.last_login_at,
    )


def matching(text: str) -> sa.ColumnElement[bool]:
    """Users whose name or address contains the text."""
    return User.name.icontains(text, autoescape=True) | User.email.icontains(text, autoescape=True)


def active(*roles: Role) -> Sequence[User]:
    """Active users, of these roles or of all, by name: for lists to choose from."""
    people = sa.select(User).where(User.is_active)
    if roles:
        people = people.where(User.role.in_(roles))
    return db.session.scalars(people.order_by(User.name, User.id)).all()


def who_may(permission: Permission) -> Sequence[User]:
    """Active users who have this permission, by name."""
    return active(*GRANTS[permission])


def active_admins() -> int:
    return (
        db.session.scalar(
            sa.select(sa.func.count()).select_from(User).where(User.role == Role.ADMIN, User.is_active)
        )
        or 0
    )


@dataclass(frozen=True)
class SignedInBrowser:
    """Who a cookie stands for. `must_enrol`: the role needs a second step that is not set up yet."""

    user: User
    session: UserSession
    must_enrol: bool


def browser_of(token: str, *, at: datetime) -> SignedInBrowser | None:
    """None when the session ended (signed out, idle, aged, of an earlier epoch) or still awaits its code."""
    known = all_settings()
    live = _live(at, idle_minutes=known["idle_minutes"])
    found = db.session.execute(live.where(UserSession.token_hash == vault.fingerprint(token))).one_or_none()
    if found is None or found.UserSession.awaits_code:
        return None
    user, session = found.User, found.UserSession
    required = rules.must_enrol(
        user.role, has_totp=user.has_totp, required_roles=known["totp_required_roles"]
    )
    return SignedInBrowser(user, session, required)


def awaiting_code(token: str, *, at: datetime) -> UserSession | None:
    """The half of a sign-in whose password was right and whose code is still to come."""
    live = _live(at, idle_minutes=setting("idle_minutes"))
    found = db.session.execute(
        live.where(UserSession.token_hash == vault.fingerprint(token), UserSession.awaits_code)
    ).one_or_none()
    return found.UserSession if found else None


def sessions_of(user_id: int, *, at: datetime) -> Sequence[UserSession]:
    """The browsers in which this person is signed in, the latest first."""
    live = _live(at, idle_minutes=setting("idle_minutes")).with_only_columns(UserSession)
    mine = live.where(UserSession.user_id == user_id, ~UserSession.awaits_code)
    return db.session.scalars(mine.order_by(UserSession.seen_at.desc(), UserSession.id)).all()


def _live(at: datetime, *, idle_minutes: int) -> sa.Select[UserSession, User]:
    return (
        sa.select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .where(
            User.is_active,
            UserSession.epoch == User.epoch,
            UserSession.revoked_at.is_(None),
            UserSession.expires_at > at,
            UserSession.seen_at > at - timedelta(minutes=idle_minutes),
        )
    )


def token_of(link: OneTimeLink) -> str:
    """What stands in the address; computed anew each time, because it is stored nowhere."""
    return f"{link.id}-{vault.sign('one-time link', f'{link.id} {link.nonce}')}"


def link_of(token: str, *, at: datetime) -> OneTimeLink | None:
    """The link that this token opens now, or None: wrong, used, too old, of somebody deactivated."""
    number, _, signature = token.partition("-")
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        return None
    link = db.session.get(OneTimeLink, int(number))
    if link is None or not vault.is_signed("one-time link", f"{link.id} {link.nonce}", signature):
        return None
    return link if link.is_usable(at) and user(link.user_id).is_active else None


def person_of(token: str, *, at: datetime) -> User | None:
    """Whose password this token sets, if it still does."""
    link = link_of(token, at=at)
    return user(link.user_id) if link else None


def recovery_codes_left(user_id: int) -> int:
    unused = sa.select(sa.func.count()).select_from(RecoveryCode).filter_by(user_id=user_id, used_at=None)
    return db.session.scalar(unused) or 0
