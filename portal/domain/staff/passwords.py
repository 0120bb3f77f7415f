"""Hashing and checking passwords: argon2id, in the same time for accounts that do not exist."""

from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# RFC 9106's choice for servers without much memory: 64 MiB, three passes, four lanes.
COST: dict[str, Any] = {"time_cost": 3, "memory_cost": 64 * 1024, "parallelism": 4}

_hasher = PasswordHasher(**COST)


def hashed(password: str) -> str:
    return _hasher.hash(password)


def is_right(password: str, stored: str | None) -> bool:
    """Whether this is the password; takes as long when there is none, so that nobody learns who has one."""
    try:
        return _hasher.verify(stored or _nobodys(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody has this password")
