"""Rows are carried out several batches at once: what is done is noted while others are still at work."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from chalicelib.text import AccountId
from ops.importing.carry_out import ROWS_AT_ONCE, carry_out
from ops.importing.record import BalanceRecord
from ops.importing.source_file import SourceRow
from ops.importing.staging import RowResult, StagedRow, Staging, open_staging

SECONDS = 120


@contextmanager
def staged(path: Path, count: int) -> Iterator[Staging]:
    with open_staging(path / "state", "balances", "here") as staging:
        rows = (
            BalanceRecord(account_id=AccountId(f"acme-{number}"), currency="usd", balance="1")
            for number in range(count)
        )
        list(staging.add((SourceRow(line), row) for line, row in enumerate(rows, 2)))
        yield staging


def test_what_is_done_is_noted_while_the_last_batch_is_at_work(tmp_path: Path) -> None:
    noted = Event()

    def last_one_waits(rows: Sequence[StagedRow]) -> list[RowResult]:
        assert rows[0].line == 2 or noted.wait(SECONDS)
        return [RowResult(row, "done") for row in rows]

    with staged(tmp_path, ROWS_AT_ONCE + 1) as staging:
        results = carry_out(staging, last_one_waits)
        assert len(next(results)) == ROWS_AT_ONCE
        assert staging.count_done() == ROWS_AT_ONCE
        noted.set()
        assert len(next(results)) == 1
        assert list(results) == []


def test_a_row_that_fails_unexpectedly_is_named_and_the_others_are_done(tmp_path: Path) -> None:
    def fail_with_the_second(rows: Sequence[StagedRow]) -> list[RowResult]:
        if any(row.line == 3 for row in rows):
            raise LookupError("nothing there")
        return [RowResult(row, "done") for row in rows]

    with staged(tmp_path, 3) as staging:
        list(carry_out(staging, fail_with_the_second))
        assert (staging.count_done(), list(staging.problems())) == (2, [(3, "LookupError: nothing there")])
