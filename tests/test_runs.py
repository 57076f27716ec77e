"""A run of a scheduled function logs what it did, and fails at its end if an item failed."""

import json

import pytest

from chalicelib.batches import Failure
from chalicelib.runs import Run, RunIncomplete, end_run


class CountedRun(Run):
    done: int = 0


def test_a_run_that_did_nothing_logs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert end_run(CountedRun(), [], summary="things done") == CountedRun()
    assert capsys.readouterr().out == ""


def test_a_run_logs_its_counts(capsys: pytest.CaptureFixture[str]) -> None:
    end_run(CountedRun(done=2), [], summary="things done")
    line = json.loads(capsys.readouterr().out)
    assert (line["event"], line["done"], line["failed"]) == ("things done", 2, 0)


def test_a_run_in_which_an_item_failed_logs_its_counts_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RunIncomplete, match="things done, but 1 failed") as incomplete:
        end_run(CountedRun(done=1), [Failure("item", ValueError())], summary="things done")
    assert incomplete.value.run == CountedRun(done=1, failed=1)
    assert json.loads(capsys.readouterr().out)["failed"] == 1
