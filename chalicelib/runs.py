"""Runs of scheduled functions: each item is handled by itself, and a run in which one failed ends with an error."""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from chalicelib.batches import Failure
from chalicelib.log import log


class Run(msgspec.Struct):
    """The result of a run. Each kind of run also counts what it did."""

    failed: int = 0


RunT = TypeVar("RunT", bound=Run)


class RunIncomplete(Exception):
    """Some items of a run failed; all others were handled. It raises the function's alarm."""

    def __init__(self, summary: str, run: Run) -> None:
        super().__init__(f"{summary}, but {run.failed} failed; see the log")
        self.run = run


def end_run(run: RunT, failures: Sequence[Failure[Any]], *, summary: str) -> RunT:
    """Log what a run did, if it did anything, and return it. Raises RunIncomplete if an item failed."""
    run.failed = len(failures)
    counts = msgspec.to_builtins(run)
    if any(counts.values()):
        log().info(summary, **counts)
    if failures:
        raise RunIncomplete(summary, run)
    return run
