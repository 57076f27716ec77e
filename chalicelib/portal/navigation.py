"""The portal's address as browsers see it: its origin, and the prefix of its paths."""

from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

import msgspec
from chalice.app import Request

from chalicelib.settings import settings

COOKIE: Final = "portal_session"


class BaseUrl(msgspec.Struct, frozen=True):
    """An origin (`https://billing.example.com`) and a prefix: `/api` behind API Gateway's stage of that name."""

    origin: str
    prefix: str

    def path(self, *parts: str, **query: str | None) -> str:
        """Return the path of a page, with those query parameters that are not None."""
        sent = urlencode({name.rstrip("_"): value for name, value in query.items() if value is not None})
        path = "/".join([self.prefix, "portal", *(quote(part, safe="") for part in parts)])
        return f"{path}?{sent}" if sent else path

    @property
    def is_secure(self) -> bool:
        """Tell whether browsers connect over HTTPS."""
        return self.origin.startswith("https://")


def public_base_url() -> BaseUrl:
    """Return where browsers reach the portal.

    It is read only from the settings: with Host or X-Forwarded-Proto a request's sender would choose where links lead.
    """
    parts = urlsplit(settings().portal_base_url)
    return BaseUrl(f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/"))


def frame_origins() -> list[str]:
    """Return the origins whose pages may show the portal in a frame."""
    return (settings().portal_frame_origins or "").split()


def cookie(base_url: BaseUrl, account_id: str, token: str) -> str:
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


def is_prefetch(request: Request) -> bool:
    """Tell whether a browser fetches a page in advance, which a person may never open."""
    return "sec-purpose" in request.headers or "purpose" in request.headers


def cookie_of(request: Request) -> str | None:
    """Return the secret in a request's cookie."""
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found and found.value.isascii() else None
