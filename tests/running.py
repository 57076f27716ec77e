"""Handlers on their real queues and streams."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local.aws import Aws
from local.bindings import Binding
from local.event_sources import Runner


@contextmanager
def running(bound: Iterable[Binding], aws: Aws, positions: Path) -> Iterator[None]:
    """Run the event sources of handlers inside the block.

    Streams are read from their start, or from their position in `positions`.
    """
    runner = Runner(bound, aws.endpoint, positions)
    runner.start()
    try:
        yield
    finally:
        runner.stop()
