"""Where browsers and programs reach this system: every link to itself that it gives out is made here.

The setting `portal_base_url` says it, and nothing else: with Host or X-Forwarded-Proto, whoever sends a request would
choose where links lead. Behind API Gateway's own address its path is that of the stage (`/api`), behind a domain of
one's own it is empty. Links in answers are paths that begin with it; a link that is sent elsewhere, to Stripe or by
mail, has the origin before it.
"""

from functools import lru_cache
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from chalicelib.settings import settings


class BaseUrl(msgspec.Struct, frozen=True):
    """An origin (`https://billing.example.com`) and a prefix: `/api` behind API Gateway's stage of that name."""

    origin: str
    prefix: str

    def path(self, *parts: str, **query: str | None) -> str:
        """Return the path of a page of the portal, with those query parameters that are not None."""
        path = "/".join([self.prefix, "portal", *map(_quoted, parts)])
        if not query:
            return path
        sent = {name.rstrip("_"): value for name, value in query.items() if value is not None}
        return f"{path}?{urlencode(sent)}" if sent else path

    def api_path(self, route: str, **names: str) -> str:
        """Return the path of a route of the API (`/v1/accounts/{account_id}`), with these names in it."""
        return self.prefix + route.format(**{name: _quoted(text) for name, text in names.items()})

    def url(self, path: str) -> str:
        """Return the address of a path that `path` or `api_path` has returned."""
        return self.origin + path

    @property
    def is_secure(self) -> bool:
        """Tell whether browsers connect over HTTPS."""
        return self.origin.startswith("https://")


@lru_cache(maxsize=1024)  # a page has a hundred links, of the same few parts
def _quoted(part: str) -> str:
    return quote(part, safe="")


def public_base_url() -> BaseUrl:
    """Return where this system is reached."""
    return _split(settings().portal_base_url)


@lru_cache(maxsize=8)
def _split(url: str) -> BaseUrl:
    parts = urlsplit(url)
    return BaseUrl(f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/"))
