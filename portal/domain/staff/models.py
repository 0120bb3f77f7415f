"""Users and what lets them in: sessions, attempts, one-time links, recovery codes."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base, Id, Instant, enum_type
from portal.domain.staff.permissions import Role


class Theme(StrEnum):
    AUTO = "auto"
    LIGHT = "light"
    DARK = "dark"


class AccountState(StrEnum):
    """What an account is worth: open, not yet entered by its person, or closed."""

    ACTIVE = "active"
    INVITED = "invited"
    DEACTIVATED = "deactivated"


class LinkPurpose(StrEnum):
    INVITE = "invite"
    RESET = "reset"


class Step(StrEnum):
    """What a guess was made at: each is throttled on its own."""

    PASSWORD = "password"  # noqa: S105
    CODE = "code"
    FORGOT = "forgot"


class User(Base):
    """A member of the staff. Nobody is deleted: history names them."""

    __tablename__ = "users"
    __table_args__ = (sa.CheckConstraint("email = lower(email)", name="email_lower_case"),)

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120), index=True)
    role: Mapped[Role] = mapped_column(enum_type(Role, "role"))
    is_active: Mapped[bool] = mapped_column(default=True)
    timezone: Mapped[str | None] = mapped_column(sa.String(64))
    theme: Mapped[Theme] = mapped_column(enum_type(Theme, "theme"), default=Theme.AUTO)
    password_hash: Mapped[str | None] = mapped_column(sa.Text)
    has_demo_password: Mapped[bool] = mapped_column(default=False)
    epoch: Mapped[int] = mapped_column(default=0)
    totp_secret: Mapped[str | None] = mapped_column(sa.Text)
    totp_confirmed_at: Mapped[Instant | None]
    totp_last_step: Mapped[int | None] = mapped_column(sa.BigInteger)
    created_at: Mapped[Instant]
    invited_at: Mapped[Instant | None]
    last_login_at: Mapped[Instant | None]

    # What Flask-Login asks of a user; without its mixin, because the domain knows no Flask.
    is_authenticated = True
    is_anonymous = False

    def get_id(self) -> str:
        return str(self.id)

    @property
    def has_totp(self) -> bool:
        return self.totp_confirmed_at is not None

    @property
    def state(self) -> AccountState:
        if not self.is_active:
            return AccountState.DEACTIVATED
        return AccountState.ACTIVE if self.has_password else AccountState.INVITED

    @property
    def has_password(self) -> bool:
        return self.password_hash is not None


class UserSession(Base):
    """One signed-in browser. The cookie holds a random token; here is its SHA-256 only.

    `awaits_code`: the password was right, the TOTP code is still to come; it opens no page yet.
    """

    __tablename__ = "user_sessions"

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    epoch: Mapped[int]
    awaits_code: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Instant]
    seen_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]
    ip: Mapped[str | None] = mapped_column(sa.String(64))
    user_agent: Mapped[str | None] = mapped_column(sa.String(200))


class LoginAttempt(Base):
    """One guess; `account` is a hash, for people type passwords into the e-mail field."""

    __tablename__ = "login_attempts"
    __table_args__ = (
        sa.Index("ix_login_attempts_account_address_step_at", "account", "address", "step", "at"),
    )

    id: Mapped[Id]
    account: Mapped[str] = mapped_column(sa.String(64))
    address: Mapped[str] = mapped_column(sa.String(64))
    step: Mapped[Step] = mapped_column(enum_type(Step, "step"))
    at: Mapped[Instant]


class OneTimeLink(Base):
    """A way in for one person, once, for an hour at most.

    The token is not stored: it is derived from the row and the application's key (see `vault`).
    """

    __tablename__ = "one_time_links"
    __table_args__ = (
        sa.CheckConstraint("expires_at <= created_at + interval '60 minutes'", name="an_hour_at_most"),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    purpose: Mapped[LinkPurpose] = mapped_column(enum_type(LinkPurpose, "purpose"))
    nonce: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    used_at: Mapped[Instant | None]

    def is_usable(self, at: datetime) -> bool:
        return self.used_at is None and at < self.expires_at


class RecoveryCode(Base):
    """One of the codes that stand in for a lost telephone, each once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "code_hash", name="uq_recovery_codes_user_id_code_hash"),
    )

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    code_hash: Mapped[str] = mapped_column(sa.String(64))
    used_at: Mapped[Instant | None]
