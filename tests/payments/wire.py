"""What may happen on the wire to DynamoDB: others come in before a write, and an answer is lost."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ConnectionClosedError

from chalicelib.tables import connection
from tests.wire import Cut

WRITES = ("PutItem", "TransactWriteItems")
"""Calls that write a whole row."""


@contextlib.contextmanager
def before_writing(*others: Callable[[], Any], dies: bool = False) -> Iterator[None]:
    """Let others come in just before the block's first write leaves; one that `dies` is cut off when that is done."""
    left = list(others)

    def come_in(**_: Any) -> None:
        while left:
            left.pop(0)()

    def die(**_: Any) -> None:
        raise Cut

    events = connection().client.meta.events
    for write in WRITES:
        events.register(f"before-send.dynamodb.{write}", come_in)
        if dies:
            events.register(f"after-call.dynamodb.{write}", die)
    try:
        with contextlib.suppress(Cut):
            yield
    finally:
        for write in WRITES:
            events.unregister(f"before-send.dynamodb.{write}", come_in)
            events.unregister(f"after-call.dynamodb.{write}", die)
    assert not left


@contextlib.contextmanager
def unheard(operation: str) -> Iterator[None]:
    """Lose the answer to the block's first call of an operation: it is done, and the library makes it once more."""
    client: Any = connection().client
    lost: list[str] = []

    def lose(request: Any, **_: Any) -> None:
        if not lost:
            lost.append(request.url)
            client._endpoint.http_session.send(request)
            raise ConnectionClosedError(endpoint_url=request.url)

    client.meta.events.register(f"before-send.dynamodb.{operation}", lose)
    try:
        yield
    finally:
        client.meta.events.unregister(f"before-send.dynamodb.{operation}", lose)
    assert lost
