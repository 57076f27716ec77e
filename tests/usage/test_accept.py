"""What comes in over HTTP: the queue gets just what was checked, and refuses none of it."""

import json
from typing import Any

import msgspec
import pytest

from chalicelib.catalog.catalog import catalog
from chalicelib.clock import now_ms
from chalicelib.pricing.tariff import Tariff
from chalicelib.settings import settings
from chalicelib.usage.accept import MESSAGE_BYTES, AcceptResult, accept, pack
from chalicelib.usage.event import MAXIMUM_BYTES
from chalicelib.usage.message import read_message
from chalicelib.usage.price import posting_of
from chalicelib.usage.refusal import EventRefused
from tests.api import Api
from tests.build import event
from tests.queued import take_bodies


@pytest.fixture(autouse=True)
def account(api: Api) -> None:
    api.make_account("acme")


def accepted(*items: str | bytes) -> AcceptResult:
    encoded = [item if isinstance(item, bytes) else item.encode() for item in items]
    return accept(b"[" + b",".join(encoded) + b"]", catalog())


def queued() -> list[str]:
    return take_bodies(settings().usage_queue_url)


def why_the_queue_refuses(text: str) -> str | None:
    """Return the reason for which the queue's function would refuse the event in an array, if any."""
    events, refused = read_message(f"[{text}]")
    if refused:
        return refused[0].refusal.reason
    try:
        posting_of(events[0].event, Tariff("acme", "usd"), catalog(), now_ms())
    except EventRefused as refusal:
        return refusal.reason
    return None


def sized(size: int) -> str:
    text = json.dumps(event("acme", padding=""))
    return text[:-2] + "x" * (size - len(text)) + text[-2:]


CHANGES: list[dict[str, Any]] = [
    {},
    {"data": {"quantity": 3}},
    {"data": {"quantity": "1", "metadata": {}}},
    {"data": {"quantity": "1", "metadata": {"k" * 64: "v" * 200}}},
    {"data": {"quantity": "1", "metadata": {"k" * 65: "v"}}},
    {"data": {"quantity": "1", "metadata": {"k" * 60_000: "v"}}},
    {"data": {"quantity": "1", "url": "ftp://a"}},
    {"data": {"quantity": "1.0000001"}},
    {"data": {"quantity": "0"}},
    {"data": {"parts": [{"meter": "llm_minute", "quantity": "1"}]}},
    {"type": "ai_call", "data": {"parts": [{"meter": "llm_minute", "quantity": "1"}]}},
    {"type": "ai_call", "data": {"parts": [{"meter": "llm_minute", "quantity": "0.000001"}]}},
    {"type": "ai_call", "data": {"parts": [{"meter": "sms", "quantity": "1"}]}},
    {"type": "ai_call"},
    {"type": "voice_minute", "data": {"quantity": "0.000001"}},
    {"type": "ai_tokens", "data": {"amount": "0.1"}},
    {"type": "fax"},
    {"time": "2999-01-01T00:00:00Z"},
    {"time": "2020-01-01T00:00:00Z"},
    {"time": "2026-02-30T00:00:00Z"},
    {"datacontenttype": "application/json; charset=utf-8"},
    {"datacontenttype": "text/plain"},
    {"source": " "},
    {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
    {"nested": json.loads("[" * 200 + "]" * 200)},
    {"nested": json.loads("[" * 400 + "]" * 400)},
]
EVENTS: list[str | bytes] = [
    *(json.dumps(event("acme", **changes)) for changes in CHANGES),
    sized(MAXIMUM_BYTES),
    sized(MAXIMUM_BYTES + 1),
    "17",
    "[]",
    b'{"id": "\xff"}',
    json.dumps(event("acme")).encode().replace(b"https", b"\xff"),
]


@pytest.mark.parametrize("place", range(len(EVENTS)))
def test_what_is_accepted_the_queue_does_not_refuse_and_the_other_way_round(place: int) -> None:
    item = EVENTS[place]
    text = item if isinstance(item, str) else item.decode(errors="surrogateescape")
    outcome = accepted(item)
    refused = [element.refusal.reason for element in outcome.refused]
    assert refused == ([why] if (why := why_the_queue_refuses(text)) else [])
    assert outcome.accepted + len(refused) == 1
    assert queued() == ([] if refused else [f"[{text}]"])


def test_refused_events_keep_their_places_and_do_not_hold_up_the_others() -> None:
    good, fax = json.dumps(event("acme", 1)), json.dumps(event("acme", 2, type="fax"))
    outcome = accepted("nonsense", good, fax, json.dumps(event("nobody")), good)
    assert [(element.place, element.refusal.reason) for element in outcome.refused] == [
        (0, "not_json"),
        (2, "unknown_meter"),
        (3, "unknown_account"),
    ]
    assert outcome.refused[1].text == fax
    assert (outcome.accepted, queued()) == (2, [f"[{good},{good}]"])


def test_what_sqs_does_not_take_is_escaped_and_means_the_same() -> None:
    text = json.dumps(event("acme", data={"quantity": "1", "description": "a\uffff\ufffe\x00b"}), ensure_ascii=False)
    assert accepted(text).accepted == 1
    (message,) = queued()
    assert message.isascii()
    assert read_message(message)[0][0].event.data.description == "a\uffff\ufffe\x00b"


def test_what_is_too_large_as_it_will_be_sent_is_refused() -> None:
    assert accepted(sized(MAXIMUM_BYTES).replace("xxx", "\uffff")).refused[0].refusal.reason == "too_large"


def test_an_error_that_nobody_thought_of_is_that_events_alone_and_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    class Trouble(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            return super().get(key, default) if key != "trouble" else 1 // 0

    broken = msgspec.structs.replace(catalog(), meters=Trouble(catalog().meters))
    kinds = ("sms", "trouble", "sms")
    items = [json.dumps(event("acme", number, type=kind)).encode() for number, kind in enumerate(kinds)]
    outcome = accept(b"[" + b",".join(items) + b"]", broken)
    assert [(element.place, element.refusal.reason) for element in outcome.refused] == [(1, "unforeseen")]
    assert outcome.accepted == 2
    assert len(queued()) == 1
    assert "ZeroDivisionError" in capsys.readouterr().out


def test_messages_stay_within_what_a_queue_message_should_hold() -> None:
    events = [json.dumps({"number": number, "text": "é" * 5_000}, ensure_ascii=False) for number in range(100)]
    messages = list(pack(events))
    assert len(messages) > 1
    assert all(len(message.encode()) <= MESSAGE_BYTES + 2 for message in messages)
    assert [each["number"] for message in messages for each in json.loads(message)] == list(range(100))
    assert list(pack([])) == []
