"""The event sources on one machine, as a process: it polls queues and streams, fires schedules, calls the functions."""

import argparse
import logging
import os
import signal
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from local.aws import STACK
from local.bindings import Binding, bindings
from local.queue_source import QueueSource
from local.resources import functions
from local.schedule_source import ScheduleSource
from local.stream_source import StreamSource

Source = QueueSource | StreamSource | ScheduleSource


class Runner:
    """Runs the event source of each binding in a thread."""

    def __init__(self, bound: Iterable[Binding], endpoint: str, positions: Path) -> None:
        sources = [_source(binding, endpoint, positions) for binding in bound]
        self._stopping_streams = threading.Event()
        self._stopping_others = threading.Event()
        streams = [source for source in sources if isinstance(source, StreamSource)]
        others = [source for source in sources if not isinstance(source, StreamSource)]
        self._streams = _threads(streams, self._stopping_streams)
        self._others = _threads(others, self._stopping_others)

    def start(self) -> None:
        """Start all sources."""
        for thread in (*self._streams, *self._others):
            thread.start()

    def stop(self) -> None:
        """Stop queues and schedules, whose handlers write to tables; then the streams, which are read to the end."""
        self._stopping_others.set()
        for thread in self._others:
            thread.join()
        self._stopping_streams.set()
        for thread in self._streams:
            thread.join()


def _source(binding: Binding, endpoint: str, positions: Path) -> Source:
    if binding.kind == "Queue":
        return QueueSource(binding, endpoint)
    if binding.kind == "Stream":
        return StreamSource(binding, endpoint, positions)
    return ScheduleSource(binding)


def _threads(sources: Sequence[Source], stopping: threading.Event) -> list[threading.Thread]:
    return [
        threading.Thread(target=source.run, args=(stopping,), name=source.binding.name, daemon=True)
        for source in sources
    ]


def _stop_the_process(failure: threading.ExceptHookArgs) -> None:
    # If one source fails, the others must not keep running as if nothing had happened.
    threading.__excepthook__(failure)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    """Run the event sources of all functions until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", default=STACK, help="the deployed stack")
    parser.add_argument("--positions", type=Path, required=True, help="where to keep the positions in streams")
    parser.add_argument("--ready", type=Path, required=True, help="a file to write when everything runs")
    options = parser.parse_args()

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    signal.signal(signal.SIGINT, lambda *_: stopped.set())
    threading.excepthook = _stop_the_process
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    runner = Runner(bindings(functions(endpoint, options.stack)), endpoint, options.positions)
    runner.start()
    options.ready.touch()
    while not stopped.wait(1):  # without a limit it would miss a signal that comes just before it
        pass
    runner.stop()


if __name__ == "__main__":
    main()
