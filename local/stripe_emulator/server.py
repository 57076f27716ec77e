"""HTTP: reads requests, passes them to the API, the control API, OAuth or the browser's files, and answers."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from local.stripe_emulator import browser, oauth, onboarding
from local.stripe_emulator.api import Api, ConnectionCut
from local.stripe_emulator.api import Request as ApiRequest
from local.stripe_emulator.control import Control
from local.stripe_emulator.engine import Engine
from local.stripe_emulator.idempotency import Answer

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, Stripe-Account, Stripe-Version",
    "Access-Control-Expose-Headers": "Request-Id, Idempotent-Replayed, Stripe-Should-Retry",
    "Access-Control-Max-Age": "300",
}
StartResponse = Callable[..., Any]


class Application:
    """The WSGI application."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._api = Api(engine)
        self._control = Control(engine)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, or cut its connection if a fault says so."""
        request = Request(environ)
        try:
            response = self._respond(request)
        except ConnectionCut:
            raise _cut(environ) from None
        return response(environ, start_response)

    def _respond(self, request: Request) -> Response:
        if request.path.startswith("/v1/"):
            return self._respond_to_api(request)
        if request.path.startswith("/_control/"):
            return _json(self._control.answer(request.method, request.path, request.args, request.get_data()))
        if request.path.startswith("/oauth/"):
            return oauth.respond(self._engine, request)
        if request.path.startswith("/setup/"):
            return onboarding.respond(self._engine, request)
        return browser.respond(self._engine, request)

    def _respond_to_api(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status=204, headers=CORS)
        body = request.get_data(as_text=True)
        encoded = request.query_string.decode()
        answer = self._api.answer(
            ApiRequest(
                method=request.method,
                path=request.path,
                encoded="&".join(part for part in (encoded, body) if part),
                authorization=request.headers.get("Authorization"),
                stripe_account=request.headers.get("Stripe-Account"),
                idempotency_key=request.headers.get("Idempotency-Key"),
            )
        )
        response = _json(answer)
        response.headers.update(CORS)
        return response


def _json(answer: Answer) -> Response:
    text = json.dumps(answer.body, indent=2) + "\n"
    return Response(text, answer.status, headers=answer.headers, content_type="application/json")


def _cut(environ: dict[str, Any]) -> ConnectionError:
    """Close the connection without an answer; return the error from which the server knows that the client is gone."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    return ConnectionResetError()


class _Handler(WSGIRequestHandler):
    # Headers and body are sent in two writes; without this every answer would wait for a delayed acknowledgement.
    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing: `/_control/calls` is the log."""

    def log_error(self, format: str, *args: Any) -> None:
        """Print errors of the emulator itself."""
        print("stripe emulator:", format % args, file=sys.stderr)


def serve(engine: Engine) -> BaseWSGIServer:
    """Return a server that listens and answers each connection in a thread of its own."""
    settings = engine.settings
    return make_server(
        settings.host,
        settings.port,
        Application(engine),
        threaded=True,
        request_handler=_Handler,
    )
