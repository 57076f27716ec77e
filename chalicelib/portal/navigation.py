"""The portal's address as browsers see it: its origin, and the prefix of its paths."""

import re
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from chalicelib.settings import settings

_SAFE: Final = re.compile(r"[A-Za-z0-9_.~-]*")
"""What `quote` leaves as it is, found in a tenth of its time: a page has a hundred links."""


class BaseUrl(msgspec.Struct, frozen=True):
    """An origin (`https://billing.example.com`) and a prefix: `/api` behind API Gateway's stage of that name."""

    origin: str
    prefix: str

    def path(self, *parts: str, **query: str | None) -> str:
        """Return the path of a page, with those query parameters that are not None."""
        path = "/".join([self.prefix, "portal", *map(_quoted, parts)])
        sent = {name.rstrip("_"): value for name, value in query.items() if value is not None}
        return f"{path}?{urlencode(sent)}" if sent else path

    @property
    def is_secure(self) -> bool:
        """Tell whether browsers connect over HTTPS."""
        return self.origin.startswith("https://")


def _quoted(part: str) -> str:
    return part if _SAFE.fullmatch(part) else quote(part, safe="")


def public_base_url() -> BaseUrl:
    """Return where browsers reach the portal.

    It is read only from the settings: with Host or X-Forwarded-Proto a request's sender would choose where links lead.
    """
    parts = urlsplit(settings().portal_base_url)
    return BaseUrl(f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/"))


def frame_origins() -> list[str]:
    """Return the origins whose pages may show the portal in a frame."""
    return (settings().portal_frame_origins or "").split()
