"""What every Lambda function has in common, beside what it does."""

import json
from typing import Any

import pytest
from chalice.local import LambdaContext

from chalicelib.lambda_function import CLOSING_SECONDS, deadline_of, lambda_function, partial_failures
from chalicelib.log import log, log_context


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_says_which_function_and_call_it_is_of(capsys: pytest.CaptureFixture[str]) -> None:
    @lambda_function
    def count_sheep(event: Any, _context: Any) -> int:
        log().info("counted", sheep=event["sheep"])
        return 3

    context = LambdaContext("count_sheep", 128)
    assert count_sheep({"sheep": 3}, context) == 3
    log().info("over")
    inside, outside = logged(capsys)
    about = {"function": "count_sheep", "request_id": context.aws_request_id}
    assert inside.items() >= {"event": "counted", "level": "info", "sheep": 3, **about}.items()
    assert not outside.keys() & about.keys()


def test_an_exception_is_logged_and_goes_on_to_lambda(capsys: pytest.CaptureFixture[str]) -> None:
    @lambda_function
    def fail(_event: Any, _context: Any) -> None:
        raise RuntimeError("no table")

    with pytest.raises(RuntimeError, match="no table"):
        fail({}, None)
    (line,) = logged(capsys)
    assert (line["event"], line["level"], line["function"]) == ("a function failed", "error", "fail")
    assert line["exception"].endswith("RuntimeError: no table")


def test_each_failed_record_is_named_once_in_its_order() -> None:
    answer = {"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "a"}]}
    assert partial_failures(["b", "a", "b"]) == answer
    assert partial_failures([]) == {"batchItemFailures": []}


def test_a_function_keeps_time_to_come_to_its_end() -> None:
    assert not deadline_of(LambdaContext("f", 128, (CLOSING_SECONDS + 5) * 1000)).is_over
    assert deadline_of(LambdaContext("f", 128, CLOSING_SECONDS * 1000)).is_over
    assert not deadline_of(None).is_over


def test_contexts_of_the_log_lie_within_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    with log_context(outer=1), log_context(inner=object):
        log().warning("in both")
    (line,) = logged(capsys)
    assert (line["outer"], line["inner"]) == (1, "<class 'object'>")
