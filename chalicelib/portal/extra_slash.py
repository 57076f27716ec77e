"""An address with one slash too many, such as at its end: where the page is that was meant."""

import re
from typing import Final
from urllib.parse import urlencode

from chalice.app import Request, Response

from chalicelib.base_url import public_base_url
from chalicelib.portal.routes import HOME, PAGES

HOME_PATH: Final = HOME.removeprefix("/portal/")
OTHERS: Final = ("display", "signed-out", "open/{token}", "invitations/{account_id}/{number}/{secret}")
PARAMETER: Final = re.compile(r"\{\w+\}")
PATHS: Final = (*(HOME_PATH + path for _, path, _ in PAGES), *OTHERS)
KNOWN: Final = re.compile("|".join(PARAMETER.sub("[^/]+", path) for path in PATHS))
PERMANENT: Final = 308
"""Unlike 301 it keeps the method and the form (RFC 9110 section 15.4.9)."""


def lead_to_page(http_request: Request) -> Response | None:
    """Redirect to the page that has the address without its extra slashes; None if there is none.

    API Gateway finds most of them by itself, and hands the rest to the route for unknown pages.
    """
    asked = (http_request.uri_params or {})["proxy"]
    if str(http_request.context.get("path", "")).endswith("/"):
        asked = f"{asked.rstrip('/')}/"
    parts = [part for part in asked.split("/") if part]
    if "/".join(parts) == asked or not KNOWN.fullmatch("/".join(parts)):
        return None
    query = http_request.query_params
    sent = [(name, value) for name in query for value in query.getlist(name)] if query else []
    location = public_base_url().path(*parts) + (f"?{urlencode(sent)}" if sent else "")
    sent_headers = {"Cache-Control": "no-store", "Content-Type": "text/plain; charset=utf-8"}
    return Response("", {"Location": location, **sent_headers}, PERMANENT)
