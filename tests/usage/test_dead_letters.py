"""Messages that are refused for good are in the dead-letter queue, with what is known about them."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from chalicelib import queues
from chalicelib.queues import MAXIMUM_BYTES, Message, send_all
from chalicelib.settings import settings
from chalicelib.usage.dead_letters import DeadLetter, put
from local.resources import Deployment
from tests.environment import use

_numbers = count(1)


def letter(body: str = "{}", **changes: Any) -> DeadLetter:
    number = next(_numbers)
    fields: dict[str, Any] = {
        "reason": "conflict",
        "detail": "the same id was posted with other content",
        "account_id": "acme",
        "source": "/messaging",
        "event_id": f"event-{number}",
        "message_id": f"message-{number}",
    }
    return DeadLetter(body=body, **{**fields, **changes})


@pytest.fixture(autouse=True)
def url(stack: Deployment) -> Iterator[str]:
    """Give the address of the dead-letter queue, and empty it afterwards."""
    yield settings().usage_dead_letters_queue_url
    queues.client().purge_queue(QueueUrl=settings().usage_dead_letters_queue_url)


def received(url: str) -> list[dict[str, Any]]:
    def receive() -> list[dict[str, Any]]:
        answer = queues.client().receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        return list(answer.get("Messages", []))

    return [message for answer in iter(receive, []) for message in answer]


def attributes_of(message: dict[str, Any]) -> dict[str, str]:
    return {name: each["StringValue"] for name, each in message["MessageAttributes"].items()}


def test_a_letter_keeps_its_body_and_brings_its_reason(url: str) -> None:
    given = letter('{"a": 1}', event_id="event-x", message_id="message-x")
    assert put([given]) == []
    (message,) = received(url)
    assert message["Body"] == '{"a": 1}'
    assert attributes_of(message) == {
        "reason": "conflict",
        "detail": "the same id was posted with other content",
        "account_id": "acme",
        "source": "/messaging",
        "event_id": "event-x",
        "message_id": "message-x",
    }


def test_what_is_not_known_is_left_out(url: str) -> None:
    assert put([letter(account_id=None, source="", event_id=None, detail="")]) == []
    (message,) = received(url)
    assert set(attributes_of(message)) == {"reason", "message_id"}


def test_characters_that_sqs_refuses_do_not_keep_a_letter_out(url: str) -> None:
    assert put([letter(event_id="a\x00b\ud800c\uffff", detail="tab\tstays \U0001f600, bell\x07 does not")]) == []
    (message,) = received(url)
    assert attributes_of(message)["event_id"] == "a\ufffdb\ufffdc\ufffd"
    assert attributes_of(message)["detail"] == "tab\tstays \U0001f600, bell\ufffd does not"


def test_a_long_detail_is_cut(url: str) -> None:
    assert put([letter(detail="x" * 10_000, source="s" * 10_000)]) == []
    (message,) = received(url)
    attributes = attributes_of(message)
    assert (len(attributes["detail"]), len(attributes["source"])) == (500, 256)


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


def test_all_letters_come_back_when_there_is_no_queue(stack: Deployment) -> None:
    nowhere = {"USAGE_DEAD_LETTERS_QUEUE_URL": f"{stack.dead_letter_queue_url}-nowhere"}
    letters = [letter() for _ in range(12)]
    with use({**stack.environment, **nowhere}):
        assert put(letters) == letters


def test_nothing_is_put_without_a_call() -> None:
    assert put([]) == []


def test_the_places_of_what_was_not_taken_are_told_with_the_answer(url: str) -> None:
    failures = send_all(url, [Message("{}"), Message("\x00")])
    assert list(failures) == [1]
    assert "InvalidMessageContents" in failures[1]
