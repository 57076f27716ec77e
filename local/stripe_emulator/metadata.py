"""Metadata and other plain values that several objects share."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from local.stripe_emulator.errors import Json, invalid

EMAIL = re.compile(r"[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+")


def merged(before: Json, change: Json | str) -> Json:
    """Return metadata after an update: an empty value removes its key, an empty string removes all."""
    if isinstance(change, str):
        return {}
    return {name: value for name, value in (before | change).items() if value != ""}


def check_email(address: str | None, param: str) -> None:
    """Refuse what cannot be an e-mail address: ASCII, with a dot in the domain (other letters of it as Punycode)."""
    if address and not EMAIL.fullmatch(address):
        raise invalid(f"Invalid email address: {address}", param=param, code="email_invalid")


def check_url(url: str, param: str) -> None:
    """Refuse what is not an absolute URL."""
    if not urlsplit(url).scheme or "://" not in url:
        message = f"Invalid URL: An explicit scheme (such as https) must be provided: {url}"
        raise invalid(message, param=param, code="url_invalid")
