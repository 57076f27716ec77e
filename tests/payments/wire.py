"""The wire to AWS: counts the calls on the real connection, and cuts the process off before or after one of them."""

import contextlib
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Literal, Self

from botocore.exceptions import ConnectionClosedError

from chalicelib.tables import connection

When = Literal["before", "after"]
NEVER = 0
WRITES = ("PutItem", "TransactWriteItems")
"""Calls that write a whole row."""


class Cut(BaseException):
    """The process ends here: nothing in it catches this."""


class Wire:
    """Inside the block, the call number `at` is cut off: before it leaves, or when it is done but not answered."""

    def __init__(self, at: int = NEVER, when: When = "before") -> None:
        self.at = at
        self.when = when
        self.calls = 0
        self.answers = 0

    def __enter__(self) -> Self:
        events = connection().client.meta.events
        events.register("before-send.dynamodb", self._before)
        events.register("after-call.dynamodb", self._after)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        events = connection().client.meta.events
        events.unregister("before-send.dynamodb", self._before)
        events.unregister("after-call.dynamodb", self._after)

    def _before(self, **_: Any) -> None:
        self.calls += 1
        if self.when == "before" and self.calls == self.at:
            raise Cut

    def _after(self, **_: Any) -> None:
        self.answers += 1
        if self.when == "after" and self.answers == self.at:
            raise Cut


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


def calls_of(run: Callable[[], Any]) -> int:
    """Run something and return how many calls it makes."""
    with Wire() as wire:
        run()
    return wire.calls


def cut_off(run: Callable[[], Any], at: int, when: When) -> None:
    """Run something until it is cut off at one of its calls."""
    with Wire(at, when) as wire, contextlib.suppress(Cut):
        run()
        raise AssertionError(f"it made {wire.calls} calls only and was not cut off at {at}")
