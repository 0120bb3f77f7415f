"""What a setting may hold: each function gives the value of a text, or a ValueError that says what is expected."""

from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.numbers import is_currency

SHORTEST_SECRET = 32


def folder(text: str) -> Path:
    parts = urlsplit(text)
    if parts.scheme not in ("", "file") or parts.netloc:
        raise ValueError("a folder is expected, as a path or file:///path.")
    return Path(unquote(parts.path) if parts.scheme else text).expanduser().absolute()


def port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ValueError("a number from 1 to 65535 is expected.")
    return int(text)


def proxies(text: str) -> int:
    if not text.isdecimal() or int(text) > 9:
        raise ValueError("how many proxies stand before the portal is expected, from 0 to 9.")
    return int(text)


def web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("an address such as https://portal.example.com is expected.")
    return text.rstrip("/")


def hosts(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names or any(set(name) & set("/:* ") for name in names):
        raise ValueError("host names separated by commas are expected, without scheme, port or *.")
    return names


def address(text: str, schemes: tuple[str, ...], example: str) -> str:
    """`text` if it is an address of one of the schemes; never repeats it: it may hold a password."""
    if text and not text.startswith(tuple(f"{scheme}://" for scheme in schemes)):
        raise ValueError(f"an address such as {example} is expected.")
    return text


def database(text: str) -> str:
    schemes = ("postgresql", "postgres", "postgresql+psycopg")
    rest = address(text, schemes, "postgresql://user:password@host/name").partition("://")[2]
    return f"postgresql+psycopg://{rest}" if text else ""


def redis(text: str) -> str:
    return address(text, ("redis", "rediss", "unix"), "redis://host:6379/0")


def smtp(text: str) -> str:
    checked = address(text, ("smtp", "smtps"), "smtp://user:password@host:587")
    if checked and not urlsplit(checked).hostname:
        raise ValueError("the host is missing: smtp://user:password@host:587.")
    return checked


def sender(text: str) -> str:
    if "@" not in text or set(text) & set("\r\n"):
        raise ValueError("a sender such as Portal <portal@example.com> is expected.")
    return text


def currency(text: str) -> str:
    if not is_currency(text):
        raise ValueError("an ISO 4217 code such as USD is expected.")
    return text


def timezone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (OSError, ValueError, LookupError):
        raise ValueError("a time zone such as Europe/Vienna is expected.") from None


def locale(text: str) -> str:
    try:
        return str(Locale.parse(text.replace("-", "_")))
    except (ValueError, UnknownLocaleError):
        raise ValueError("a locale such as en_US is expected.") from None


def yes_or_no(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError("0 or 1 is expected.")
    return text == "1"


def secret(text: str) -> str:
    if text and len(text) < SHORTEST_SECRET:
        raise ValueError(f"at least {SHORTEST_SECRET} characters are expected.")
    return text
