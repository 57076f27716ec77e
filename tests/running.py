"""The handlers of an app on their real queues and streams."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from chalice.app import Chalice

from local.aws import Aws
from local.bindings import bindings
from local.event_sources import Runner
from local.resources import Function


@contextmanager
def running(
    app: Chalice, functions: Mapping[str, Function], aws: Aws, positions: Path, names: Collection[str] = ()
) -> Iterator[None]:
    """Run the event sources of an app inside the block, or only those of the functions with these names.

    Streams are read from their start, or from where `positions` says that they were left.
    """
    bound = [binding for binding in bindings(app, functions) if not names or binding.name in names]
    assert not names or len(bound) == len(names)
    runner = Runner(bound, aws.endpoint, positions)
    runner.start()
    try:
        yield
    finally:
        runner.stop()
