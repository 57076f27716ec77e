"""Each record by itself: the good ones are done, those that failed are returned, whatever is wrong with them."""

import sys
from collections.abc import Mapping
from typing import Any

import pytest

from chalicelib.batches import each, each_message, each_record, within
from tests.build import sqs_record
from tests.function_records import logged
from tests.notices.records import wallet_record


def test_each_is_done_and_those_that_failed_are_returned_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    done = []

    def handle(number: int) -> None:
        done.append(12 // number)

    failures = each([1, 0, 3, 0, 4], handle, message="not divided", about=lambda number: {"number": number})
    assert done == [12, 4, 3]
    assert [(failure.item, type(failure.error)) for failure in failures] == [(0, ZeroDivisionError)] * 2
    lines = logged(capsys)
    assert [(line["event"], line["number"], line["level"]) for line in lines] == [("not divided", 0, "error")] * 2
    assert all("12 // number" in line["exception"] for line in lines)


def test_side_by_side_is_the_same() -> None:
    done = set()
    items = range(50)

    def handle(number: int) -> None:
        if number % 7 == 0:
            raise RecursionError
        done.add(number)

    failures = each(items, handle, message="sevens", about=lambda _: {}, at_once=8)
    assert [failure.item for failure in failures] == [number for number in items if number % 7 == 0]
    assert done == {number for number in items if number % 7}


def test_what_ends_the_process_is_nobodys_failure() -> None:
    with pytest.raises(SystemExit):
        each([1], lambda _: sys.exit(1), message="ended", about=lambda _: {})


BODIES: dict[str, tuple[str, dict[str, str]]] = {
    "no JSON": ("x" * 200_000, {}),
    "no object": ("[1]", {}),
    "ids": (
        '{"account_id": "acme", "payment_id": "pay_1", "email": "a@b.example"}',
        {"account_id": "acme", "payment_id": "pay_1"},
    ),
    "ids of an event's detail": (
        '{"id": "1", "detail": {"account_id": "acme", "name": "Ann"}}',
        {"account_id": "acme"},
    ),
    "an id of another type": ('{"account_id": {"name": "Ann"}, "detail": 5}', {}),
    "half a character": ('{"account_id": "\\ud800"}', {}),
    "too deep": ("[" * 5000, {}),
}


@pytest.mark.parametrize("name", BODIES)
def test_of_a_body_only_the_ids_in_it_are_logged(capsys: pytest.CaptureFixture[str], name: str) -> None:
    body, ids = BODIES[name]
    assert each_message([sqs_record(body)], lambda _: 1 / 0, message="no") == ["message-1"]
    (line,) = logged(capsys)
    assert {each: line[each] for each in ("account_id", "payment_id") if each in line} == ids
    assert (line["message_id"], line["characters"]) == ("message-1", len(body))
    assert not {"body", "email", "name"} & line.keys()


def test_a_streams_record_is_named_by_its_place_and_logged_with_its_keys(capsys: pytest.CaptureFixture[str]) -> None:
    bad = wallet_record(2, 1)
    assert each_record([bad], lambda _: 1 / 0, message="no") == [bad["dynamodb"]["SequenceNumber"]]
    assert [line["keys"] for line in logged(capsys)] == [{"account_id": {"S": "acme"}}]


def test_a_record_whose_account_is_tried_again_elsewhere_does_not_come_back(capsys: pytest.CaptureFixture[str]) -> None:
    records, handed = [wallet_record(2, 1, account_id=each) for each in ("acme", "bakery", "florist")], []

    def handle(record: Mapping[str, Any]) -> None:
        if account_of(record) != "bakery":
            raise RuntimeError(account_of(record))

    def otherwise(record: Mapping[str, Any]) -> None:
        if account_of(record) == "florist":
            raise OSError("the queue is not there either")
        handed.append(account_of(record))

    back = each_record(records, handle, message="no", otherwise=otherwise)
    assert (handed, back) == (["acme"], [records[2]["dynamodb"]["SequenceNumber"]])
    assert [line["keys"]["account_id"]["S"] for line in logged(capsys)] == ["acme", "florist", "florist"]


def account_of(record: Mapping[str, Any]) -> str:
    account_id: str = record["dynamodb"]["Keys"]["account_id"]["S"]
    return account_id


def test_when_the_time_is_up_nothing_more_is_begun() -> None:
    assert list(within(60, [1, 2])) == [1, 2]
    assert list(within(-1, [1, 2])) == []
