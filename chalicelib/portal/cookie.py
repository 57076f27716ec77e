"""The cookie of a session: how it is set, and how it is read."""

from http.cookies import CookieError, SimpleCookie
from typing import Final

from chalice.app import Request

from chalicelib.portal.navigation import BaseUrl, frame_origins

COOKIE: Final = "portal_session"


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
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found and found.value.isascii() else None
