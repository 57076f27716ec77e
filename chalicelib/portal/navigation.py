"""The portal's address as browsers see it: its origin, and the prefix of its paths."""

from functools import lru_cache
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from chalicelib.settings import settings


class BaseUrl(msgspec.Struct, frozen=True):
    """An origin (`https://billing.example.com`) and a prefix: `/api` behind API Gateway's stage of that name."""

    origin: str
    prefix: str

    def path(self, *parts: str, **query: str | None) -> str:
        """Return the path of a page, with those query parameters that are not None."""
        path = "/".join([self.prefix, "portal", *map(_quoted, parts)])
        if not query:
            return path
        sent = {name.rstrip("_"): value for name, value in query.items() if value is not None}
        return f"{path}?{urlencode(sent)}" if sent else path

    @property
    def is_secure(self) -> bool:
        """Tell whether browsers connect over HTTPS."""
        return self.origin.startswith("https://")


@lru_cache(maxsize=1024)  # a page has a hundred links, of the same few parts
def _quoted(part: str) -> str:
    return quote(part, safe="")


def public_base_url() -> BaseUrl:
    """Return where browsers reach the portal.

    It is read only from the settings: with Host or X-Forwarded-Proto a request's sender would choose where links lead.
    """
    parts = urlsplit(settings().portal_base_url)
    return BaseUrl(f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/"))


def frame_origins() -> list[str]:
    """Return the origins whose pages may show the portal in a frame."""
    return (settings().portal_frame_origins or "").split()
