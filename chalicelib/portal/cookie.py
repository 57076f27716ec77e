"""The cookies of the portal: a session's, and that of a browser that is sent to Stripe to connect an account."""

from http.cookies import CookieError, SimpleCookie
from typing import Final

from chalice.app import Request

from chalicelib.connection.browser import browser_of
from chalicelib.portal.navigation import BaseUrl, frame_origins

COOKIE: Final = "portal_session"
CONNECTING: Final = "stripe_connection_"
HOST_ONLY: Final = "__Host-"
"""Browsers take such a name only over HTTPS and without a domain: no neighbouring site can set the cookie."""


def session_cookie(base_url: BaseUrl, account_id: str, token: str) -> str:
    """Return the Set-Cookie header of a session: only for its account's pages; an empty token removes it.

    In a frame of another site, cookies need SameSite=None, which browsers accept only over HTTPS, and are kept apart
    for each site that shows the frame (Partitioned, https://developer.mozilla.org/docs/Web/Privacy/CHIPS).
    """
    path = base_url.path("accounts", account_id)
    parts = [f"{COOKIE}={token}", f"Path={path}", "HttpOnly"]
    if frame_origins():
        parts += ["SameSite=None", "Secure", "Partitioned"]
    else:
        parts += ["SameSite=Lax", *(["Secure"] if base_url.is_secure else [])]
    return "; ".join([*parts, *([] if token else ["Max-Age=0"])])


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
