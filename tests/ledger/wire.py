"""What happens between the ledger and DynamoDB: counted, or answered as no emulator ever does."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from botocore.awsrequest import AWSResponse

from chalicelib.tables import connection

COMMIT = "before-send.dynamodb.TransactWriteItems"


@contextmanager
def counted_calls() -> Iterator[Counter[str]]:
    """Count the calls to DynamoDB inside the block, by operation."""
    calls: Counter[str] = Counter()
    with _hooked("before-call.dynamodb.*", lambda model, **_: calls.update([model.name])):
        yield calls


@contextmanager
def always_busy(account_id: str) -> Iterator[None]:
    """Answer each transaction that touches an account's items as when another one is always at them."""

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        actions = [action for each in json.loads(request.body)["TransactItems"] for action in each.values()]
        keys = [action.get("Key", action.get("Item", {})) for action in actions]
        touched = [key.get("account_id", {}).get("S") == account_id for key in keys]
        return _conflict(request, touched) if any(touched) else None

    with _hooked(COMMIT, answer):
        yield


@contextmanager
def every_other_commit_refused(*, after_the_effect: bool = False) -> Iterator[list[str]]:
    """Answer every other transaction as DynamoDB does when two meet, at the wire; no emulator ever does.

    With `after_the_effect` the transaction is carried out first and then answered with an error of the server.
    """
    refused: list[str] = []
    lock, turn = Lock(), iter(range(1_000_000))
    client: Any = connection().client

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        with lock:
            if next(turn) % 2 == 0:
                return None
            refused.append(request.url)
        if after_the_effect:
            client._endpoint.http_session.send(request.prepare() if hasattr(request, "prepare") else request)
            return _response(request, 500, {"__type": "InternalServerError", "message": "not heard"})
        return _conflict(request, [True] * len(json.loads(request.body)["TransactItems"]))

    with _hooked(COMMIT, answer):
        yield refused


@contextmanager
def _hooked(name: str, hook: Callable[..., Any]) -> Iterator[None]:
    events: Any = connection().client.meta.events
    events.register(name, hook)
    try:
        yield
    finally:
        events.unregister(name, hook)


def _conflict(request: Any, touched: list[bool]) -> AWSResponse:
    """Answer as DynamoDB does when two transactions meet at some of the items."""
    conflict = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
    reasons = [conflict if each else {"Code": "None"} for each in touched]
    body = {"__type": "TransactionCanceledException", "message": "cancelled", "CancellationReasons": reasons}
    return _response(request, 400, body)


def _response(request: Any, status: int, body: dict[str, Any]) -> AWSResponse:
    raw = _Raw(json.dumps(body).encode())
    return AWSResponse(request.url, status, {"Content-Type": "application/x-amz-json-1.0"}, raw)


class _Raw:
    """The body of an answer, as urllib3 hands it over."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.content
