"""Accounts: who is on the staff, in which role, with which password."""

import secrets
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db import batch_lock, db, lock
from portal.domain import fields
from portal.domain.errors import Invalid, Refused
from portal.domain.events import (
    OneTimeLinkMade,
    PasswordChanged,
    ProfileChanged,
    RoleChanged,
    UserAdded,
    UserDeactivated,
    UserInvited,
    UserReactivated,
)
from portal.domain.staff import passwords, rules
from portal.domain.staff.models import LinkPurpose, OneTimeLink, User
from portal.domain.staff.permissions import Role
from portal.domain.staff.queries import active_admins, by_email, link_of
from portal.signals import send


def add(*, email: str, name: str, role: str, by: int | None, at: datetime) -> User:
    """A new account, without a password yet. Raises Invalid, also for an address that has one already."""
    fresh = fields.check(rules.ACCOUNT, {"email": email, "name": name, "role": role})
    row = insert(User).values(**fresh, created_at=at).on_conflict_do_nothing(index_elements=["email"])
    user_id = db.session.scalar(row.returning(User.id))
    if user_id is None:
        raise Invalid(faults={"email": "There is an account with this address already."})
    send(
        UserAdded(user_id=user_id, changes={key: (None, value) for key, value in fresh.items()}), by=by, at=at
    )
    return db.session.get_one(User, user_id)


def invite(*, email: str, name: str, role: str, by: int | None, at: datetime) -> OneTimeLink:
    """A new account, and the link with which its person sets a password."""
    user = add(email=email, name=name, role=role, by=by, at=at)
    return send_invite(user_id=user.id, by=by, at=at)


def send_invite(*, user_id: int, by: int | None, at: datetime) -> OneTimeLink:
    """The link with which a new person sets the first password; again, when the earlier one was not used."""
    user = lock(User, user_id)
    user.invited_at = at
    link = _make_link(user, LinkPurpose.INVITE, by=by, at=at)
    send(UserInvited(user_id=user_id), by=by, at=at)
    return link


def make_reset_link(*, user_id: int, by: int | None, at: datetime) -> OneTimeLink:
    """A link to set a new password; the present password works until the link is used."""
    return _make_link(lock(User, user_id), LinkPurpose.RESET, by=by, at=at)


def ask_for_reset(*, email: str, at: datetime) -> None:
    """Mail a link, if this is an account; whether it is one is told to nobody."""
    user = by_email(email)
    if user is not None and user.is_active:
        _make_link(user, LinkPurpose.RESET, by=None, at=at)


def use_link(*, token: str, password: str, at: datetime) -> User:
    """Set the password that a one-time link is for. Every session and every other link of the person ends."""
    link = link_of(token, at=at)
    user = lock(User, link.user_id) if link else None
    if link is None or user is None or not lock(OneTimeLink, link.id).is_usable(at):
        raise Refused("This link was used already or is more than an hour old. Ask for a new one.")
    _set_password(user, password, how="link", by=user.id, at=at)
    return user


def change_password(*, user_id: int, password: str, by: int, at: datetime) -> User:
    """Every session ends with it, the one that asked included: the caller opens a new one."""
    user = lock(User, user_id)
    if passwords.is_right(password, user.password_hash):
        raise Invalid(faults={"password": "This is the password you have now. Choose another one."})
    _set_password(user, password, how="changed", by=by, at=at)
    return user


def set_demo_password(*, password: str, by: int | None, at: datetime) -> int:
    """Give everybody without a password this one, for a demonstration; how many people.

    Marked as what it is, so that `authenticate` refuses it in production.
    """
    stored = passwords.hashed(password)
    without = sa.update(User).where(User.password_hash.is_(None), User.is_active).returning(User.id)
    ids = db.session.scalars(without.values(password_hash=stored, has_demo_password=True)).all()
    for user_id in sorted(ids):
        send(PasswordChanged(user_id=user_id, how="demo"), by=by, at=at)
    return len(ids)


def edit_profile(*, user_id: int, name: str, timezone: str | None, theme: str, by: int, at: datetime) -> None:
    """What people set about themselves; never their role or address."""
    user = lock(User, user_id)
    wanted = {"name": name, "timezone": timezone, "theme": theme}
    changes = fields.assign(user, fields.check(rules.PROFILE, wanted))
    if changes:
        send(ProfileChanged(user_id=user_id, changes=changes), by=by, at=at)


def change_role(*, user_id: int, role: str, by: int | None, at: datetime) -> User:
    """The person signs in anew, so that no open page outlives the old role. Raises Refused."""
    batch_lock("admins")
    user, new_role = lock(User, user_id), rules.ACCOUNT["role"](role)
    if user.role is new_role:
        return user
    leaves = active_admins() - (user.role is Role.ADMIN and user.is_active)
    gains = new_role is Role.ADMIN and user.is_active
    rules.check_role_change(own=user_id == by, leaves_admins=leaves + gains)
    send(RoleChanged(user_id=user_id, changes={"role": (user.role, new_role)}), by=by, at=at)
    user.role = new_role
    user.epoch += 1
    return user


def deactivate(*, user_id: int, by: int | None, at: datetime) -> User:
    """Nobody is deleted: history names them. Sessions and links end at once. Raises Refused."""
    batch_lock("admins")
    user = lock(User, user_id)
    if not user.is_active:
        return user
    leaves = active_admins() - (user.role is Role.ADMIN)
    rules.check_deactivation(own=user_id == by, leaves_admins=leaves)
    user.is_active = False
    user.epoch += 1
    _void_links(user_id, at=at)
    send(UserDeactivated(user_id=user_id), by=by, at=at)
    return user


def reactivate(*, user_id: int, by: int | None, at: datetime) -> User:
    user = lock(User, user_id)
    if not user.is_active:
        user.is_active = True
        send(UserReactivated(user_id=user_id), by=by, at=at)
    return user


def _make_link(user: User, purpose: LinkPurpose, *, by: int | None, at: datetime) -> OneTimeLink:
    if not user.is_active:
        raise Refused(f"The account of {user.name} is deactivated. Reactivate it first.")
    _void_links(user.id, at=at)
    link = OneTimeLink(
        user_id=user.id,
        purpose=purpose,
        nonce=secrets.token_hex(16),
        created_at=at,
        expires_at=at + rules.LINK_LIFE,
    )
    db.session.add(link)
    db.session.flush()
    send(OneTimeLinkMade(user_id=user.id, link_id=link.id, purpose=purpose), by=by, at=at)
    return link


def _void_links(user_id: int, *, at: datetime) -> None:
    """At most one link of a person works at a time."""
    db.session.execute(sa.update(OneTimeLink).filter_by(user_id=user_id, used_at=None).values(used_at=at))


def _set_password(user: User, password: str, *, how: str, by: int, at: datetime) -> None:
    rules.check_password(password, email=user.email, name=user.name)
    user.password_hash = passwords.hashed(password)
    user.has_demo_password = False
    user.epoch += 1
    _void_links(user.id, at=at)
    send(PasswordChanged(user_id=user.id, how=how), by=by, at=at)
