"""Messages: what they hold, and what of it cannot be read."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.usage.message import ReadMessage, read_elements, read_message
from tests.usage.reading import written
from tests.usage.texts import TEXTS

DEEP = "[" * 1500
CLOSED = "[" * 1500 + "]" * 1500


def ids(found: ReadMessage) -> list[str]:
    return [sent.event.id for sent in found[0]]


def reasons(found: ReadMessage) -> list[tuple[int, str]]:
    return [(element.place, element.refusal.reason) for element in found[1]]


def notification(message: str) -> str:
    """Return what SNS puts around a message."""
    return json.dumps({"Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:x", "Message": message})


def bus_event(detail: Any) -> str:
    """Return what EventBridge puts around a detail."""
    envelope = {"version": "0", "id": "1", "detail-type": "usage", "source": "acme", "account": "1", "region": "x"}
    return json.dumps({**envelope, "resources": [], "time": "2026-11-23T20:41:05Z", "detail": detail})


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", "not_json"),
        ("nonsense", "not_json"),
        ("{", "not_json"),
        ("[", "not_json"),
        (" [ 1, ", "not_json"),
        ("[1] 2", "not_json"),
        ("NaN", "not_json"),
        ('{"a": NaN}', "not_json"),
        ("\ud800", "not_json"),
        (b"\xff\xfe", "not_json"),
        ('"text"', "not_a_usage_event"),
        ("17", "not_a_usage_event"),
        ("null", "not_a_usage_event"),
        ("[]", "empty"),
        (" [ ] ", "empty"),
        (DEEP, "too_deep"),
        (CLOSED, "too_deep"),
        ('{"a":' * 1500, "too_deep"),
        (f'{{"a": {CLOSED}}}', "too_deep"),
        ("x" * 20_000, "too_large"),
        ('"' + "\\" * 9_001, "not_json"),
    ],
)
def test_what_is_no_message_is_refused_as_a_whole(body: str | bytes, why: str) -> None:
    found = read_message(body)
    assert ids(found) == []
    if why == "too_deep":
        assert [reason for _, reason in reasons(found)] == [why]
    else:
        assert reasons(found) == [(0, why)]


def test_a_good_event_is_read_with_its_own_text() -> None:
    text = written(id="one")
    (sent,), refused = read_message(text)
    assert (sent.place, sent.text, sent.event.id, refused) == (0, text, "one", [])
    assert ids(read_message(text.encode())) == ["one"]


@pytest.mark.parametrize("before", ["", "\ufeff", "\n\t ", "\ufeff\r\n"])
def test_blanks_and_a_byte_order_mark_before_a_message_mean_nothing(before: str) -> None:
    for body in (before + written(id="one"), f"{before}[{written(id='one')}] \n"):
        assert ids(read_message(body)) == ids(read_message(body.encode())) == ["one"]


POISONED = {
    "deep": (CLOSED, "too_deep"),
    "deep extension": (f'{written()[:-1]}, "extension": {CLOSED}}}', "too_deep"),
    "deep data": (f'{{"data": {CLOSED}}}', "too_deep"),
    "large": (written(padding="x" * 17_000), "too_large"),
    "huge keys": (written(data={"quantity": "1", "metadata": {"k" * 60_000: "v"}}), "too_large"),
    "long key": (written(data={"quantity": "1", "metadata": {"k" * 65: "v"}}), "not_a_usage_event"),
    "half a character": (written(id="x").replace('"x"', '"\ud800"'), "not_json"),
    "half a character, escaped": (written(id="x").replace('"x"', r'"\ud800"'), "not_json"),
    "half": ('{"id": "half"}', "not_a_usage_event"),
    "no JSON": ("nonsense", "not_json"),
    "nothing": ("", "not_json"),
    "number": ("17", "not_a_usage_event"),
    "array": ("[]", "not_a_usage_event"),
    "brackets in a text": (json.dumps("]}{[,\"'\\"), "not_a_usage_event"),
}


@pytest.mark.parametrize("poison", POISONED)
def test_a_bad_event_of_an_array_is_refused_alone_with_its_own_text(poison: str) -> None:
    text, why = POISONED[poison]
    found = read_message(f"[{written(id='one')} , {text},{written(id='two')}, {CLOSED}, {written(id='three')}]")
    assert ids(found) == ["one", "two", "three"]
    assert [sent.place for sent in found[0]] == [0, 2, 4]
    assert reasons(found) == [(1, why), (3, "too_deep")]
    assert found[1][0].text == text.replace("\ud800", "?")
    assert found[0][2].text == written(id="three")


@pytest.mark.parametrize("poison", POISONED)
def test_a_bad_event_is_refused_alike_whether_its_array_must_be_split_by_hand(poison: str) -> None:
    text, why = POISONED[poison]
    found = read_message(f"[{written(id='one')},{text}]")
    assert (ids(found), reasons(found)) == (["one"], [(1, why)])


def test_bytes_that_are_no_utf_8_are_refused_alone() -> None:
    bad = written(id="bad").encode().replace(b"bad", b"\xff")
    hidden = written(extension="bad").encode().replace(b"bad", b"\xff")
    found = read_message(b"[" + b",".join([written(id="one").encode(), bad, hidden]) + b"]")
    assert (ids(found), reasons(found)) == (["one"], [(1, "not_json"), (2, "not_json")])
    found[1][0].text.encode()


def test_an_array_whose_brackets_do_not_match_cannot_be_split() -> None:
    for body in (f"[{written()}, {DEEP}]", f"[{CLOSED}, {written()}", f"[{CLOSED}]]", f"[{CLOSED}] {written()}"):
        found = read_message(body)
        assert (ids(found), reasons(found)) == ([], [(0, "too_deep")])


def test_an_array_may_be_as_large_as_a_queue_message() -> None:
    found = read_message("[" + ",".join(written(id=str(number)) for number in range(3000)) + "]")
    assert len(found[0]) == 3000


@pytest.mark.parametrize("around", [notification, lambda text: bus_event(json.loads(text))])
def test_the_envelope_of_an_event_or_of_an_array_is_taken_off(around: Any) -> None:
    one, two = written(id="one"), written(id="two")
    assert ids(read_message(around(one))) == ["one"]
    assert ids(read_message(around(f"[{one}, {two}]"))) == ["one", "two"]
    assert ids(read_message("\ufeff" + around(one))) == ["one"]
    found = read_message(around(f'[{one}, {{"id": "half"}}, {two}]'))
    assert (ids(found), reasons(found)) == (["one", "two"], [(1, "not_a_usage_event")])
    assert json.loads(found[1][0].text) == {"id": "half"}


def test_both_envelopes_come_off_together_and_each_once() -> None:
    text = written(id="one")
    assert ids(read_message(notification(bus_event(json.loads(text))))) == ["one"]
    assert reasons(read_message(notification(notification(text)))) == [(0, "not_a_usage_event")]
    assert reasons(read_message(bus_event(json.loads(bus_event(json.loads(text)))))) == [(0, "not_a_usage_event")]


@pytest.mark.parametrize("message", ["", "nonsense", DEEP, f"[{written()}, {CLOSED}]"])
def test_what_an_envelope_holds_is_judged_like_any_other_message(message: str) -> None:
    assert reasons(read_message(notification(message))) == reasons(read_message(message))


class BrokenText(str):
    """A text that fails in a way that no parser does."""

    __slots__ = ()

    def __len__(self) -> int:
        raise ZeroDivisionError


def test_what_nobody_thought_of_is_refused_alone_with_its_error() -> None:
    events, (refused,) = read_elements([written(id="one"), BrokenText("x"), written(id="two")])
    assert [sent.event.id for sent in events] == ["one", "two"]
    assert (refused.place, refused.text, refused.refusal.reason) == (1, "x", "unforeseen")
    assert isinstance(refused.refusal.__cause__, ZeroDivisionError)
    assert not refused.refusal.permanent


ANYTHING = TEXTS | st.binary() | st.text(alphabet=st.sampled_from('[]{},:"\\ \ufeff\ud800n1'), max_size=60)


@given(ANYTHING)
def test_whatever_the_message_nothing_is_raised(body: str | bytes) -> None:
    events, refused = read_message(body)
    assert events or refused
    assert all(each.refusal.reason != "unforeseen" for each in refused)
    assert all(each.text.encode().decode() == each.text for each in refused)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([*POISONED, "good"]), min_size=1, max_size=8).filter(lambda kinds: kinds != ["nothing"]),
    st.sampled_from(["", " ", "\n"]),
)
def test_exactly_the_poisoned_events_of_an_array_are_refused(kinds: list[str], blank: str) -> None:
    texts = [POISONED[kind][0] if kind in POISONED else written(id=str(place)) for place, kind in enumerate(kinds)]
    found = read_message(f"[{blank}{f'{blank},{blank}'.join(texts)}{blank}]")
    assert [sent.place for sent in found[0]] == [place for place, kind in enumerate(kinds) if kind == "good"]
    assert reasons(found) == [(place, POISONED[kind][1]) for place, kind in enumerate(kinds) if kind != "good"]
