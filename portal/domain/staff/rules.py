"""The rules of signing in: pure, without session, clock or request."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache

from portal.domain import fields
from portal.domain.errors import DomainError, Invalid, Refused
from portal.domain.staff.common_passwords import RUNS, WORDS
from portal.domain.staff.models import Theme
from portal.domain.staff.permissions import Role

PASSWORD_MIN = 12
PASSWORD_MAX = 200
"""Long enough for any passphrase, short enough that hashing it is no way to keep the portal busy."""

MAX_ATTEMPTS = 10
ATTEMPT_WINDOW = timedelta(minutes=15)
LINK_LIFE = timedelta(minutes=60)
CODE_STEP_LIFE = timedelta(minutes=10)
SEEN_EVERY = timedelta(minutes=1)
RECOVERY_CODES = 10

ACCOUNT: dict[str, fields.Cleaner] = {
    "email": fields.email,
    "name": fields.text(120, required=True),
    "role": fields.one_of(Role),
}
PROFILE: dict[str, fields.Cleaner] = {
    "name": ACCOUNT["name"],
    "timezone": fields.optional(fields.timezone),
    "theme": fields.one_of(Theme),
}
"""What an admin enters about somebody, and what people set about themselves."""

_LEET = str.maketrans("013457@$", "oieastas")
_YEAR = re.compile(r"(19|20)\d\d")
_SAME = re.compile(r"(.)\1{2,}")


class TooManyAttempts(DomainError):
    """The guesses of this account from this address are used up for now."""

    status = 429

    def __init__(self, retry_after: timedelta) -> None:
        self.retry_after_s = max(1, int(retry_after.total_seconds()) + 1)
        minutes = -(-self.retry_after_s // 60)
        super().__init__(
            f"Too many attempts. Please wait {minutes} minute{'s' if minutes > 1 else ''} and try again,"
            " or ask for a link to set a new password."
        )


def check_password(password: str, *, email: str, name: str) -> None:
    """Raises Invalid with what is wrong with this new password for this person."""
    if len(password) < PASSWORD_MIN:
        raise _password_fault(
            f"Use at least {PASSWORD_MIN} characters: a few words in a row are easy to remember."
        )
    if len(password) > PASSWORD_MAX:
        raise _password_fault(f"Use at most {PASSWORD_MAX} characters.")
    if _is_common(password):
        raise _password_fault(
            "This is one of the first passwords that a guesser tries. Add words of your own."
        )
    if _is_personal(password, email=email, name=name):
        raise _password_fault(
            "This is built on your name or e-mail address. Use words that say nothing of you."
        )


def _password_fault(text: str) -> Invalid:
    return Invalid(faults={"password": text})


def _is_common(password: str) -> bool:
    return _says_little(password.lower(), WORDS)


def _is_personal(password: str, *, email: str, name: str) -> bool:
    parts = {part for part in re.split(r"[\W_]+", f"{name} {email}".lower()) if len(part) > 2}
    return _says_little(password.lower(), WORDS | parts)


def _says_little(text: str, words: Iterable[str]) -> bool:
    """Whether hardly anything is left once words, runs, years and repetitions are taken out, leet or not."""
    plain = _without(text, _runs())
    return any(_is_scant(_without(way, words)) for way in (plain, plain.translate(_LEET), _said_once(text)))


def _is_scant(rest: str) -> bool:
    letters = {character for character in rest if character.isalpha()}
    return len(letters) < 5 and len(set(rest)) < 7


def _without(text: str, pieces: Iterable[str]) -> str:
    for piece in sorted(pieces, key=len, reverse=True):
        text = text.replace(piece, "")
    return _SAME.sub("", _YEAR.sub("", text))


def _said_once(text: str) -> str:
    """The part of a password that says the same three times or more, else the password."""
    repeated = re.fullmatch(r"(.+?)\1{2,}", text)
    return repeated[1] if repeated else text


@cache
def _runs() -> frozenset[str]:
    """Every stretch of four and more characters of a run, forwards and backwards."""
    return frozenset(
        way[start:end]
        for run in RUNS
        for way in (run, run[::-1])
        for start in range(len(way) - 3)
        for end in range(start + 4, len(way) + 1)
    )


def attempts_left(made: Sequence[datetime], at: datetime) -> int:
    """How many guesses are free, given the instants of those made. Raises TooManyAttempts at none."""
    recent = sorted(instant for instant in made if instant > at - ATTEMPT_WINDOW)
    if len(recent) >= MAX_ATTEMPTS:
        raise TooManyAttempts(recent[-MAX_ATTEMPTS] + ATTEMPT_WINDOW - at)
    return MAX_ATTEMPTS - len(recent)


def must_enrol(role: Role, *, has_totp: bool, required_roles: Iterable[str]) -> bool:
    """Whether this person has to set up a second step before anything else."""
    return not has_totp and role.value in set(required_roles)


def check_role_change(*, own: bool, leaves_admins: int) -> None:
    """`leaves_admins`: active admins that there would be afterwards. Raises Refused."""
    if own:
        raise Refused("Nobody changes their own role. Ask another admin to do it.")
    _check_admins(leaves_admins)


def check_deactivation(*, own: bool, leaves_admins: int) -> None:
    """`leaves_admins`: active admins that there would be afterwards. Raises Refused."""
    if own:
        raise Refused("Nobody deactivates their own account. Ask another admin to do it.")
    _check_admins(leaves_admins)


def _check_admins(leaves: int) -> None:
    if leaves < 1:
        raise Refused("This is the last active admin. Make somebody else an admin first.")
