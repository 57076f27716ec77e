"""The cookies of the portal: of a session, of its end, and of a browser that goes to Stripe to connect an account."""

import re
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from typing import Final

from chalice.app import Request

from chalicelib.base_url import BaseUrl
from chalicelib.connection.browser import browser_of
from chalicelib.portal.display import Display, read_display
from chalicelib.portal.navigation import frame_origins
from chalicelib.portal.session import LONGEST_MS, Session

COOKIE: Final = "portal_session"
HERE: Final = "portal_here_"
ENDED: Final = "portal_ended"
LANGUAGE: Final = "portal_language"
THEME: Final = "portal_theme"
YEAR_SECONDS: Final = 365 * 24 * 60 * 60
_HASH: Final = re.compile("[0-9a-f]{64}")
CONNECTING: Final = "stripe_connection_"
HOST_ONLY: Final = "__Host-"
"""Browsers take such a name only over HTTPS and without a domain: no neighbouring site can set the cookie."""


def session_cookie(base_url: BaseUrl, account_id: str, token: str) -> str:
    """Return the Set-Cookie header of a session: only for its account's pages; an empty token removes it.

    In a frame of another site, cookies need SameSite=None, which browsers accept only over HTTPS, and are kept apart
    for each site that shows the frame (Partitioned, https://developer.mozilla.org/docs/Web/Privacy/CHIPS).
    """
    return _cookie(base_url, COOKIE, token, base_url.path("accounts", account_id))


def here_cookie(base_url: BaseUrl, session: Session) -> str:
    """Return the Set-Cookie header that tells pages without an account which session this browser has of one.

    It has the session's id, which opens nothing. It lasts no longer than a session: a browser sends the cookies of all
    accounts with each request, and API Gateway takes 10 KB of headers.
    """
    value, lasts_seconds = session.session_id.partition("#")[2], LONGEST_MS // 1000
    return _cookie(base_url, _here(session.account_id), value, base_url.path(), lasts_seconds=lasts_seconds)


def session_here(request: Request, account_id: str) -> str | None:
    """Return the id of the session that a browser has, or had, of an account."""
    found = _cookies(request).get(_here(account_id), "")
    return f"session#{found}" if _HASH.fullmatch(found) else None


def ended_cookies(base_url: BaseUrl, account_id: str, token: str) -> list[str]:
    """Return the Set-Cookie headers with the secret of an ended session, which leads only to its way back.

    One is for the page that confirms the end, one for the pages of its account, to which a person may come back.
    """
    paths = base_url.path("signed-out"), base_url.path("accounts", account_id)
    return [_cookie(base_url, ENDED, token, path) for path in paths]


def ended_token(request: Request) -> str | None:
    """Return the secret of the session that was ended in this browser."""
    return _cookies(request).get(ENDED)


def display_cookies(base_url: BaseUrl, display: Display) -> list[str]:
    """Return the Set-Cookie headers of a person's choices; a choice that is left to others removes its cookie."""
    theme = "" if display.theme == "auto" else display.theme
    chosen = ((LANGUAGE, display.language or ""), (THEME, theme))
    return [_cookie(base_url, name, value, base_url.path(), lasts_seconds=YEAR_SECONDS) for name, value in chosen]


def display_of(request: Request) -> Display:
    """Return a person's choices."""
    found = _cookies(request)
    return read_display(found.get(LANGUAGE), found.get(THEME))


def _here(account_id: str) -> str:
    return f"{HERE}{sha256(account_id.encode()).hexdigest()[:16]}"


def _cookie(base_url: BaseUrl, name: str, value: str, path: str, *, lasts_seconds: int | None = None) -> str:
    parts = [f"{name}={value}", f"Path={path}", "HttpOnly"]
    if frame_origins():
        parts += ["SameSite=None", "Secure", "Partitioned"]
    else:
        parts += ["SameSite=Lax", *(["Secure"] if base_url.is_secure else [])]
    if lasts_seconds or not value:
        parts.append(f"Max-Age={lasts_seconds if value else 0}")
    return "; ".join(parts)


def session_token(request: Request) -> str | None:
    """Return the secret in a request's cookie."""
    return _cookies(request).get(COOKIE)


def connecting_cookie(base_url: BaseUrl, secret: str, lasts_seconds: int) -> str:
    """Return the Set-Cookie header of a browser that is sent to Stripe. Each attempt has a cookie of its own.

    Lax: a browser that Stripe sends back brings it along. It is never set in a frame of another site.
    """
    prefix, secure = (HOST_ONLY, ["Secure"]) if base_url.is_secure else ("", [])
    name = f"{prefix}{CONNECTING}{browser_of(secret)[:8]}"
    return "; ".join([f"{name}={secret}", "Path=/", "HttpOnly", "SameSite=Lax", f"Max-Age={lasts_seconds}", *secure])


def connecting_secrets(base_url: BaseUrl, request: Request) -> list[str]:
    """Return the secrets of a browser's attempts to connect a Stripe account."""
    prefix = f"{HOST_ONLY if base_url.is_secure else ''}{CONNECTING}"
    return [value for name, value in _cookies(request).items() if name.startswith(prefix)]


def _cookies(request: Request) -> dict[str, str]:
    """Return a request's cookies; none if they cannot be read."""
    try:
        found = SimpleCookie(request.headers.get("cookie", ""))
    except CookieError:
        return {}
    return {name: each.value for name, each in found.items() if each.value.isascii()}
