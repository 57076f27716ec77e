"""The app behind Chalice's local server, as a process; when deployed, API Gateway and its function take its place."""

import argparse
import functools
import gzip
import importlib
import signal
import sys
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chalice.app import Chalice
from chalice.config import Config
from chalice.local import (
    ChaliceRequestHandler,
    ForbiddenError,
    LambdaEventConverter,
    LocalGatewayException,
    MatchResult,
    RouteMatcher,
    create_local_server,
)

from local.ports import HOST
from local.resources import Overlay

MOST_BYTES = 10 * 1024 * 1024
"""The largest request body that API Gateway accepts."""
BACKLOG = 128
METHOD_NOT_ALLOWED = 405
FORBIDDEN = 403
GREEDY = "{proxy+}"
REQUEST_ID = "$context.requestId"
"""What API Gateway fills in."""


class GreedyMatcher(RouteMatcher):
    """Chalice's matching of paths, and after it the routes that take the rest of a path, as API Gateway has them."""

    def __init__(self, route_urls: list[str]) -> None:
        super().__init__([each for each in route_urls if not each.endswith(GREEDY)])
        self._starts = [each.removesuffix(GREEDY) for each in route_urls if each.endswith(GREEDY)]

    def match_route(self, url: str) -> MatchResult:
        """Return the route of an address. Raises ValueError if there is none."""
        try:
            return super().match_route(url)
        except ValueError:
            parts = urlsplit(url)
            start = next((each for each in self._starts if parts.path.startswith(each)), None)
            rest = parts.path.removeprefix(start or "").rstrip("/")
            if start is None or not rest:
                raise
            return MatchResult(start + GREEDY, {"proxy": rest}, parse_qs(parts.query, keep_blank_values=True))


class RequestHandler(ChaliceRequestHandler):
    """Chalice's handler, with API Gateway's own answers and compression as the template has them, and a quiet log."""

    # Headers and body are sent in one write: two writes would wait for the client's delayed acknowledgement.
    wbufsize = -1
    # A connection that sends nothing is closed, so that it does not occupy a thread.
    timeout = 60

    def __init__(
        self, request: bytes, address: tuple[str, int], server: Any, app_object: Chalice, config: Config
    ) -> None:
        self._paths = LambdaEventConverter(GreedyMatcher(list(app_object.routes)), app_object.api.binary_types)
        super().__init__(request, address, server, app_object, config)

    def _generic_handle(self) -> None:
        self.local_gateway.event_converter = self._paths
        if int(self.headers.get("content-length") or 0) > MOST_BYTES:
            self.close_connection = True
            self._answer_as_gateway("REQUEST_TOO_LARGE")
        else:
            super()._generic_handle()

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_PATCH = do_OPTIONS = _generic_handle  # noqa: N815

    def _handle_binary(self, response: dict[str, Any]) -> dict[str, Any]:
        # API Gateway never passes a request whose method has no route to the function; Chalice's local server does.
        if response["statusCode"] == METHOD_NOT_ALLOWED:
            raise ForbiddenError({}, None)
        return super()._handle_binary(response)

    def _send_http_response_with_body(self, code: int, headers: dict[str, Any], body: str | bytes) -> None:
        content = body.encode() if isinstance(body, str) else body
        if len(content) >= api_properties()["MinimumCompressionSize"] and self._accepts_gzip():
            content, headers = gzip.compress(content, mtime=0), {**headers, "Content-Encoding": "gzip"}
        super()._send_http_response_with_body(code, headers, content)

    def _accepts_gzip(self) -> bool:
        accepted = {each.partition(";")[0].strip() for each in self.headers.get("accept-encoding", "").split(",")}
        return "gzip" in accepted

    def _send_error_response(self, error: LocalGatewayException) -> None:
        if error.CODE == FORBIDDEN:
            self._answer_as_gateway("MISSING_AUTHENTICATION_TOKEN")
        else:
            super()._send_error_response(error)

    def _send_http_response(self, code: int, headers: Any, body: Any) -> None:
        if self.command == "HEAD":
            self.send_response(code)
            self._send_headers({**headers, "Content-Length": str(len((body or "").encode()))})
        else:
            super()._send_http_response(code, headers, body)

    def _answer_as_gateway(self, kind: str) -> None:
        response = api_properties()["GatewayResponses"][kind]
        headers = {name: value.strip("'") for name, value in response["ResponseParameters"]["Headers"].items()}
        template = response["ResponseTemplates"]["application/json"]
        self._send_http_response(response["StatusCode"], headers, template.replace(REQUEST_ID, str(uuid.uuid4())))

    def log_message(self, format: str, *args: Any) -> None:
        """Log only the requests that ended in a server error."""
        if len(args) > 1 and str(args[1]).startswith("5"):
            sys.stderr.write(f"{format % args}\n")


@functools.cache
def api_properties() -> dict[str, Any]:
    """Return what the template says of the API: API Gateway's own answers, and from which size it compresses."""
    properties: dict[str, Any] = Overlay.read().template["Resources"]["RestAPI"]["Properties"]
    return properties


def serve(app: Chalice, port: int) -> None:
    """Serve the app until the process is told to stop. Each request runs in a thread."""
    timeout = Overlay.read().functions["APIHandler"].timeout_seconds
    config = Config.create(app_name=app.app_name, chalice_app=app, lambda_timeout=timeout, lambda_memory_size=1024)
    # It also makes `current_request` thread-local; without it, concurrent requests would be mixed up.
    local_server = create_local_server(app, config, HOST, port)
    server = local_server.server
    server.RequestHandlerClass = functools.partial(RequestHandler, app_object=app, config=config)
    server.socket.listen(BACKLOG)
    server.serve_forever()


def main() -> None:
    """Serve the app of the module that `--app` names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--app", default="app", help="the module that holds the Chalice app")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    serve(importlib.import_module(options.app).app, options.port)


if __name__ == "__main__":
    main()
