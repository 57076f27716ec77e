"""Letters that SQS refuses, or takes in several calls."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import queues
from chalicelib.queues import MAXIMUM_BYTES, Message, send_all
from chalicelib.settings import settings
from chalicelib.usage.dead_letters import put
from local.resources import Deployment
from tests.usage.letters import letter, received


@pytest.fixture(autouse=True)
def url(stack: Deployment) -> Iterator[str]:
    """Give the address of the dead-letter queue, and empty it afterwards."""
    yield settings().usage_dead_letters_queue_url
    queues.client().purge_queue(QueueUrl=settings().usage_dead_letters_queue_url)


def test_no_call_holds_more_than_sqs_takes(url: str) -> None:
    calls: list[list[dict[str, Any]]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        calls.append(params["Entries"])

    events = queues.client().meta.events
    events.register("provide-client-params.sqs.SendMessageBatch", note)
    try:
        large, small = "x" * (MAXIMUM_BYTES // 3), "{}"
        assert put([letter(large) for _ in range(5)] + [letter(small) for _ in range(25)]) == []
    finally:
        events.unregister("provide-client-params.sqs.SendMessageBatch", note)
    assert len(received(url)) == 30
    assert max(map(len, calls)) == 10
    assert max(map(size_bytes, calls)) <= MAXIMUM_BYTES
    assert len(calls) <= 6


def size_bytes(entries: list[dict[str, Any]]) -> int:
    def of(entry: dict[str, Any]) -> int:
        attributes = entry["MessageAttributes"].items()
        return len(entry["MessageBody"]) + sum(
            len(name) + len(each["DataType"]) + len(each["StringValue"]) for name, each in attributes
        )

    return sum(map(of, entries))


def test_each_letter_is_answered_for_by_itself(url: str) -> None:
    good, refused, too_large = letter(), letter("\x00"), letter("x" * (MAXIMUM_BYTES + 1))
    assert put([good, refused, too_large, letter()]) == [refused, too_large]
    assert len(received(url)) == 2


def test_the_places_of_what_was_not_taken_are_told_with_the_answer(url: str) -> None:
    failures = send_all(url, [Message("{}"), Message("\x00")])
    assert list(failures) == [1]
    assert "InvalidMessageContents" in failures[1]
