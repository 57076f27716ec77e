"""One emulator process for the whole directory, emptied before each test, and a receiver of its webhooks."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe

from local.stripe_emulator.client import Emulator
from local.stripe_emulator.ids import KIND_BY_PREFIX
from tests.stripe_emulator.shapes import class_of, fields_of, mismatches

SECRET = "sk_test_"
"""A browser, with its publishable key, is answered with less."""

CARD_ONLY = {"allowed_payment_method_types": ["card"]}


@dataclass
class Receiver:
    """Takes webhooks; answers 500 as often as `failures` says."""

    url: str = ""
    failures: int = 0
    received: list[tuple[str, str, bytes]] = field(default_factory=list)  # path, signature, body

    def types(self) -> list[str]:
        return [event["type"] for event in self.events()]

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, _, body in self.received]


@pytest.fixture(scope="session")
def _receiver(processes: None) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append((self.path, self.headers["Stripe-Signature"], body))
            status = 500 if receiver.failures > 0 else 200
            receiver.failures -= 1
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield receiver
        server.shutdown()


class RecordingClient(stripe.RequestsClient):
    """Sends requests as the library does, and keeps the answers, to be judged by Stripe's published types at the end.

    Judging reads the library's source with `ast`, which in CPython 3.11 fails now and then in threads; tests have some.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[tuple[str, Any]] = []

    def request(self, method: str, url: str, headers: Any, post_data: Any = None, **more: Any) -> Any:
        answer = super().request(method, url, headers, post_data, **more)
        if "/v1/" in url and SECRET in str(headers.get("Authorization")):
            self.answers.append((f"{method} {url}", answer[0]))
        return answer

    def mismatches(self) -> list[str]:
        """Return what is not as Stripe's is, each with the call that was answered with it."""
        return [f"{call}: {each}" for call, body in self.answers for each in mismatches(json.loads(body))]


@pytest.fixture(scope="session")
def _emulator(_receiver: Receiver) -> Iterator[Emulator]:
    with Emulator(
        webhook_url=f"{_receiver.url}/platform",
        connect_webhook_url=f"{_receiver.url}/connect",
        search_lag_seconds=0.3,
        arguments=("--webhook-retry-delays", "0.05", "0.05", "0.05"),
    ) as emulator:
        yield emulator


@pytest.fixture
def emulator(_emulator: Emulator) -> Iterator[Emulator]:
    """Return an empty emulator. All that it answers to a test, and keeps, is to be what Stripe publishes."""
    _emulator.wait_for_webhooks()
    _emulator.reset()
    _emulator.http_client = recording = RecordingClient()
    yield _emulator
    assert not recording.mismatches()
    assert not mismatches_of_stored(_emulator)


def mismatches_of_stored(emulator: Emulator) -> list[str]:
    """Return what the objects, and the events with what they were about, have that Stripe's do not, or lack."""
    found = []
    for kind in sorted(set(KIND_BY_PREFIX.values())):
        has_account = "account" in fields_of(class_of(kind))
        for body in emulator.objects(kind):
            found += mismatches({name: value for name, value in body.items() if has_account or name != "account"})
    return found


@pytest.fixture
def receiver(_receiver: Receiver, emulator: Emulator) -> Receiver:
    _receiver.received.clear()
    _receiver.failures = 0
    return _receiver


@pytest.fixture
def client(emulator: Emulator) -> stripe.StripeClient:
    return emulator.stripe_client()


def pay(client: stripe.StripeClient, method: str = "pm_card_visa", key: str | None = None, **more: Any) -> Any:
    params: Any = {"amount": 2500, "currency": "usd", "payment_method": method, "confirm": True} | CARD_ONLY | more
    return client.v1.payment_intents.create(params, {"idempotency_key": key})


def saved_card(client: stripe.StripeClient, method: str = "pm_card_visa", emulator: Emulator | None = None) -> Any:
    """Save a card through a setup intent, with the challenge completed if it asks for one."""
    customer = client.v1.customers.create().id
    params: Any = {"customer": customer, "payment_method": method, "confirm": True} | CARD_ONLY
    intent = client.v1.setup_intents.create(params)
    if intent.status == "requires_action" and emulator is not None:
        emulator.authenticate(intent.id)
    return client.v1.setup_intents.retrieve(intent.id)
