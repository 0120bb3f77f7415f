"""Secrets at rest, and tokens that are nowhere at rest: both from the application's SECRET_KEY.

Each use has a key of its own, so that a token made for one purpose opens nothing else. A dump of the
database without SECRET_KEY gives away no seed and lets nobody make a link.
"""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken

from portal.domain.errors import Refused

_secret_key: bytes | None = None


class NotConfigured(RuntimeError):
    """The vault was used before the app was made."""


class Unreadable(Refused):
    """It was sealed under another SECRET_KEY, and can only be entered anew."""


def configure(secret_key: str) -> None:
    """Called once, when the app is made."""
    global _secret_key
    _secret_key = secret_key.encode()


def seal(text: str) -> str:
    """Encrypted and authenticated text, fit for a column."""
    return _fernet().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What `seal` was given. Raises Unreadable when SECRET_KEY is another one by now."""
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable("The portal’s key was changed since this was stored. Ask an admin.") from None


def sign(purpose: str, text: str) -> str:
    """43 URL-safe characters that only the holder of SECRET_KEY can compute for this purpose and text."""
    mac = hmac.digest(_key(purpose), text.encode(), "sha256")
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def is_signed(purpose: str, text: str, signature: str) -> bool:
    """Compared in constant time; any signature text may come in."""
    return hmac.compare_digest(sign(purpose, text).encode(), signature.encode())


def fingerprint(token: str) -> str:
    """SHA-256 in hex: for tokens of 256 random bits, which need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def _fernet() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_key("seal")))


def _key(purpose: str) -> bytes:
    if _secret_key is None:
        raise NotConfigured("No SECRET_KEY was given to the vault: create_app() does that.")
    return hmac.digest(_secret_key, f"portal {purpose}".encode(), "sha256")
