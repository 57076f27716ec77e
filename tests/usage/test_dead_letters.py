"""Messages that are refused for good are in the dead-letter queue, with what is known about them."""

from typing import Any

import pytest

from chalicelib.settings import settings
from chalicelib.usage.dead_letters import put
from tests.environment import use
from tests.usage.letters import letter, received

pytestmark = pytest.mark.usefixtures("memory")


@pytest.fixture
def url(memory: object) -> str:
    return settings().usage_dead_letters_queue_url


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


def test_all_letters_come_back_when_there_is_no_queue(url: str) -> None:
    letters = [letter() for _ in range(12)]
    with use({"USAGE_DEAD_LETTERS_QUEUE_URL": f"{url}-nowhere"}):
        assert put(letters) == letters


def test_nothing_is_put_without_a_call() -> None:
    assert put([]) == []
