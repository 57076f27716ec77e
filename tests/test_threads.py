import json
import threading

import pytest

from chalicelib.log import log, log_context
from chalicelib.threads import THREADS, in_threads, side_by_side


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


def test_calls_side_by_side_are_under_way_at_once_and_answer_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    meeting = threading.Barrier(3, timeout=60)

    def call(name: str) -> str:
        meeting.wait()
        log().info(name)
        return name

    with log_context(function="api"):
        found = side_by_side(lambda: call("one"), lambda: call("two"), lambda: call("three"))
    assert found == ("one", "two", "three")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted((line["event"], line["function"]) for line in lines) == [(each, "api") for each in sorted(found)]


def test_the_first_error_of_calls_side_by_side_is_raised_when_all_that_have_begun_have_ended() -> None:
    begun, ended = threading.Barrier(2, timeout=60), threading.Event()

    def fail() -> None:
        begun.wait()
        raise ValueError("the second")

    def end() -> None:
        begun.wait()
        ended.set()

    with pytest.raises(ValueError, match="the second"):
        side_by_side(lambda: "first", fail, end)
    assert ended.is_set()


def test_calls_within_calls_side_by_side_never_wait_for_a_thread() -> None:
    def within() -> tuple[int, int]:
        return side_by_side(lambda: 1, lambda: 2)

    assert side_by_side(within, *[within] * (2 * THREADS)) == ((1, 2),) * (2 * THREADS + 1)


def test_calls_that_have_not_begun_when_one_fails_may_be_left_out_and_none_is_still_running() -> None:
    running: list[int] = []

    def fail() -> None:
        raise ValueError("the first")

    def run() -> None:
        running.append(1)
        running.pop()

    for _ in range(20):
        with pytest.raises(ValueError, match="the first"):
            side_by_side(fail, *[run] * (2 * THREADS))
        assert running == []
