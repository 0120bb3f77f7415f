"""Addresses that leave the portal, and addresses that must not lead away from it."""

from urllib.parse import urlsplit

from flask import current_app


def absolute(path: str) -> str:
    """The full address of a path, for mail and PDF: from BASE_URL, never from the request's Host header."""
    base: str = current_app.extensions["settings"].base_url
    return base + path


def one_time(token: str) -> str:
    """The address under which somebody sets a password once."""
    return absolute(f"/password/{token}")


def local(target: str | None, default: str = "/") -> str:
    """`target` if it is a path of this portal, else `default`: what `next=` says is anybody's text.

    Browsers read backslashes as slashes and drop tabs and line ends, so nothing but plain characters passes.
    """
    if not target or len(target) > 2000 or not target.startswith("/") or target.startswith("//"):
        return default
    if "\\" in target or not target.isascii() or not target.isprintable() or " " in target:
        return default
    try:
        address = urlsplit(target)
    except ValueError:
        return default
    return default if address.scheme or address.netloc else target
