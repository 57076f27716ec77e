"""A URL that signs its visitors into the portal: each visit requests a link of its own and opens it.

A link into the portal works once and within minutes. A platform requests one when a user opens Settings > Billing; here
this server takes the platform's place, so that the URL which `make run` prints works at any time and any number of
times. It works for programs as well: the answer sets the session's cookie, and a cookie is valid for all ports of a
host (RFC 6265).
"""

import json
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

from local.ports import HOST

SECONDS = 10
SEE_OTHER = 303


class PortalSignIn:
    """Signs every visitor into one account. A context manager: it serves inside the block."""

    def __init__(self, api_url: str, operator_token: str, account_id: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            """Redirects every visitor to the portal, signed in."""

            def do_GET(self) -> None:
                self.send_response(SEE_OTHER)
                for name, value in _open_link(_request_link(api_url, operator_token, account_id)).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Write nothing."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self.url = f"http://{HOST}:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirects: the browser does."""

    def redirect_request(self, *_: Any) -> None:
        """Return None: there is no redirect to follow."""


def _open_link(link: str) -> dict[str, str]:
    """Open a link; return the headers of its redirect."""
    try:
        urllib.request.build_opener(_NoRedirects).open(link, b"", timeout=SECONDS)
    except urllib.error.HTTPError as answer:
        if answer.code == SEE_OTHER:
            return {"Location": urljoin(link, answer.headers["Location"]), "Set-Cookie": answer.headers["Set-Cookie"]}
        raise
    raise RuntimeError("the link did not lead on")


def _request_link(api_url: str, operator_token: str, account_id: str) -> str:
    """Ask the API for a link, as a platform does."""
    request = urllib.request.Request(  # noqa: S310 - our own server's address
        f"{api_url}/v1/portal-sessions",
        json.dumps({"account_id": account_id}).encode(),
        {"Authorization": f"Bearer {operator_token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
        url: str = json.load(answer)["url"]
    return url
