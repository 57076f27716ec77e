import json
import threading

import pytest

from chalicelib.log import log, log_context
from chalicelib.threads import in_threads


def test_what_threads_return_stands_in_the_order_of_the_items() -> None:
    meeting = threading.Barrier(3, timeout=60)

    def double(number: int) -> int:
        meeting.wait()  # all three are under way at once
        return number * 2

    assert in_threads(double, [3, 1, 2], 3) == [6, 2, 4]


def test_a_line_that_a_thread_logs_says_whose_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with log_context(function="refill_wallets", request_id="req-1"):
        in_threads(lambda number: log().info("evaluated", number=number), range(4), 2)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["number"] for line in lines} == {0, 1, 2, 3}
    assert {(line["function"], line["request_id"]) for line in lines} == {("refill_wallets", "req-1")}


def test_the_first_error_is_raised_and_what_was_under_way_is_done() -> None:
    meeting = threading.Barrier(2, timeout=60)
    done: list[int] = []

    def fail_first(number: int) -> None:
        meeting.wait()
        if number == 0:
            raise ValueError("the first")
        done.append(number)

    with pytest.raises(ValueError, match="the first"):
        in_threads(fail_first, range(2), 2)
    assert done == [1]
