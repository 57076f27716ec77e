"""API Gateway's address in front of the emulator's: `http://host:port/api/...` is the deployed API.

The emulator serves an API under a path of its own, with the API's id in it. Behind this server the stage is where
browsers find it on AWS, the first part of the path; and whatever is outside of the stage is refused, as it is there.
"""

import sys
import threading
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

from tests.wait import SECONDS

STAGE = "/api"
_OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


class Gateway(ThreadingHTTPServer):
    """The server, on a port of this machine. A context manager; `outside` are paths that were not the stage's."""

    daemon_threads = True

    def __init__(self, host: str, port: int, endpoint: str) -> None:
        super().__init__((host, port), _Handler)
        self.endpoint = urlsplit(endpoint)
        self.api_id = ""
        self.outside: list[str] = []
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of callers who hung up, as Stripe does where an answer takes too long; it calls again."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Gateway

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.path.startswith(f"{STAGE}/"):
            self.server.outside.append(self.path)
            self._answer(403, [("Content-Type", "application/json")], b'{"message":"Missing Authentication Token"}')
            return
        host = self.server.endpoint.hostname or ""
        connection = HTTPConnection(host, self.server.endpoint.port, timeout=SECONDS)
        path = f"/restapis/{self.server.api_id}{STAGE}/_user_request_{self.path.removeprefix(STAGE)}"
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_THE_CONNECTION}
        try:
            connection.request(self.command, path, body, headers)
            answer: HTTPResponse = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        self._answer(answer.status, answer.getheaders(), content)

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _OF_THE_CONNECTION:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _pass_on  # noqa: N815

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keep quiet: the emulator has a log of its own."""
