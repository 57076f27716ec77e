"""Carry out staged rows, several batches at once. A row that fails unexpectedly keeps back no other."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, as_completed, wait
from typing import Final

from chalicelib.log import log
from ops.importing.staging import PARTS, RowResult, StagedRow, Staging

Verb = Callable[[Sequence[StagedRow]], list[RowResult]]
"""Carries out a batch of rows, and returns what became of each."""

ROWS_AT_ONCE: Final = 200
BATCHES_AT_ONCE: Final = 6
"""Batches that are carried out concurrently: more only make DynamoDB's answers slower."""


def carry_out(staging: Staging, verb: Verb) -> Iterator[list[RowResult]]:
    """Carry out the rows that are left, note what became of each, and yield the results by batch."""
    for part in PARTS:
        for results in _concurrently(verb, staging.left(ROWS_AT_ONCE, part)):
            staging.note(results)
            yield results


def _concurrently(verb: Verb, batches: Iterable[list[StagedRow]]) -> Iterator[list[RowResult]]:
    """Yield the results of batches as they come; at most a few batches are read ahead."""
    waiting: set[Future[list[RowResult]]] = set()
    with ThreadPoolExecutor(BATCHES_AT_ONCE) as pool:
        for batch in batches:
            waiting.add(pool.submit(_attempt, verb, batch))
            if len(waiting) == BATCHES_AT_ONCE * 2:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (each.result() for each in done)
        yield from (each.result() for each in as_completed(waiting))


def _attempt(verb: Verb, batch: list[StagedRow]) -> list[RowResult]:
    """Carry out a batch; if that fails as a whole, each of its rows by itself."""
    try:
        return verb(batch)
    except Exception as error:  # noqa: BLE001 - of a single row: found by trying each, and named with it
        if len(batch) > 1:
            return [result for row in batch for result in _attempt(verb, [row])]
        log().exception("a row could not be imported", line=batch[0].line)
        return [RowResult(batch[0], "refused", f"{type(error).__name__}: {error}")]
