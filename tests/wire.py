"""The wire to AWS: counts the calls on the real connections, and cuts the process off before or after one of them."""

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from types import TracebackType
from typing import Any, Literal, Self

from chalicelib import buckets, queues
from chalicelib.tables import connection
from local.stripe_emulator.client import Emulator

When = Literal["before", "after"]
Point = tuple[int, When]
"""Where a process ends: before its call of this number is sent, or after it was executed but not yet answered."""

NEVER: Point = (0, "before")


class Cut(BaseException):
    """Ends the process at this point: no code in it catches this."""


class Wire:
    """Inside the block, the process is cut off at a point, or never; `leaving` is called before each call."""

    def __init__(self, point: Point = NEVER, leaving: Callable[[], Any] = lambda: None) -> None:
        self.at, self.when = point
        self.leaving = leaving
        self.calls = 0
        self.answers = 0

    def __enter__(self) -> Self:
        for service, events in _clients():
            events.register(f"before-send.{service}", self._before)
            events.register(f"after-call.{service}", self._after)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for service, events in _clients():
            events.unregister(f"before-send.{service}", self._before)
            events.unregister(f"after-call.{service}", self._after)

    def _before(self, **_: Any) -> None:
        self.leaving()
        self.calls += 1
        if self.when == "before" and self.calls == self.at:
            raise Cut

    def _after(self, **_: Any) -> None:
        self.answers += 1
        if self.when == "after" and self.answers == self.at:
            raise Cut


def _clients() -> list[tuple[str, Any]]:
    """Return the services that are called, each with the events of its client."""
    return [
        ("dynamodb", connection().client.meta.events),
        ("sqs", queues.client().meta.events),
        ("s3", buckets.client().meta.events),
    ]


def calls_of(run: Callable[[], Any]) -> int:
    """Run something and return how many calls it makes."""
    with Wire() as wire:
        run()
    return wire.calls


def cut_points(run: Callable[[], Any], emulator: Emulator | None = None) -> list[Point]:
    """Run something and return the points at which AWS and Stripe are in different states.

    Those are after each call to AWS, and before a call if Stripe was called since the last one.
    """

    def calls_to_stripe() -> int:
        return len(emulator.calls()) if emulator else 0

    counts = [calls_to_stripe()]
    points: list[Point] = []
    with Wire(leaving=lambda: counts.append(calls_to_stripe())) as wire:
        run()
    for at in range(1, wire.calls + 1):
        if counts[at] > counts[at - 1]:
            points.append((at, "before"))
        points.append((at, "after"))
    assert points
    return points


def cut_off(run: Callable[[], Any], point: Point) -> None:
    """Run something until it is cut off."""
    with Wire(point) as wire, contextlib.suppress(Cut):
        run()
        raise AssertionError(f"it made {wire.calls} calls only and was not cut off {point[1]} number {point[0]}")


def cuts(run: Callable[[], Any], emulator: Emulator | None = None) -> Iterator[Callable[[Callable[[], Any]], None]]:
    """Yield a function for each of the cut points of `run`; it runs a similar function until it is cut off there."""
    for point in cut_points(run, emulator):
        yield partial(cut_off, point=point)
