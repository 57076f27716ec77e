"""The wire to AWS, the charges queue included: counts the calls, and cuts the process off at one of them."""

import contextlib
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

from chalicelib import queues
from tests.payments.wire import Cut, When, Wire


class WideWire(Wire):
    """As Wire, with the calls to SQS in between."""

    def __enter__(self) -> Self:
        events = queues.client().meta.events
        events.register("before-send.sqs", self._before)
        events.register("after-call.sqs", self._after)
        super().__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        events = queues.client().meta.events
        events.unregister("before-send.sqs", self._before)
        events.unregister("after-call.sqs", self._after)


def cuts(run: Callable[[], Any], when: When) -> Iterator[Callable[[Callable[[], Any]], None]]:
    """Yield a function for each call that `run` makes; it runs something like it until it is cut off at that call."""
    with WideWire() as wire:
        run()
    for at in range(1, wire.calls + 1):
        yield lambda other, at=at: _cut_off(other, at, when)  # type: ignore[misc]


def _cut_off(run: Callable[[], Any], at: int, when: When) -> None:
    with WideWire(at, when) as wire, contextlib.suppress(Cut):
        run()
        raise AssertionError(f"it made {wire.calls} calls only and was not cut off at {at}")
